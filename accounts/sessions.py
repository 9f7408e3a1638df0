"""Django's sessions in the database, read by a statement that is compiled once, with when each was last seen."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import CharField, DateTimeField, OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.prepared import Parameter, Prepared


def live() -> QuerySet[Session]:
    # By its name: allauth's own models need this module.
    of_a_person = apps.get_model("usersessions", "UserSession").objects.filter(session_key=OuterRef("session_key"))
    return Session.objects.filter(
        session_key=Parameter("key", CharField()), expire_date__gt=Parameter("now", DateTimeField())
    ).annotate(last_seen_at=Subquery(of_a_person.values("last_seen_at")[:1]))


LIVE = Prepared(live)


class SessionStore(db.SessionStore):
    last_seen_at: datetime | None = None  # as it was loaded; None for one that is nobody's yet

    def _get_session_from_db(self) -> Any:
        """The row that `load` decodes, or None, after which the session has no key: it is another one."""
        session: Any = LIVE.first(key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
        else:
            self.last_seen_at = session.last_seen_at
        return session
