"""Django's sessions in the database, read by a statement that is compiled once."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import CharField, DateTimeField
from django.utils import timezone

from accounts.prepared import Parameter, Prepared

LIVE = Prepared(
    lambda: Session.objects.filter(
        session_key=Parameter("key", CharField()), expire_date__gt=Parameter("now", DateTimeField())
    )
)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Any:
        """The row that `load` decodes, or None, after which the session has no key: it is another one."""
        session = LIVE.first(key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
        return session
