"""The code with which a partner's person enters a project's own backend.

The key set is one of its own, never the OAuth one: a token for our API opens no project, and
a project's code opens nothing of ours.
Source: partnership.md, "The authorization code".
"""

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings

from oauth_provider import keys
from oauth_provider.models import SigningKey
from partnership.errors import InvalidState
from partnership.models import Project

TYPE = "project_authorization"


def sign(project: Project, *, user_id: str, now: datetime) -> str:
    """A JWT that lets `user_id` into `project`'s backend for the next 600 seconds.

    Raises InvalidState (409) unless the project is active.
    """
    if project.status != Project.Status.ACTIVE:
        raise InvalidState("Only an active project can be entered.")
    claims: dict[str, object] = {
        "projectId": str(project.id),
        "userId": user_id,
        "type": TYPE,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(seconds=settings.PROJECT_TOKEN_SECONDS)).timestamp()),
        "iss": settings.TOKEN_ISSUER,
        "aud": str(project.id),
        "jti": str(uuid4()),
    }
    return keys.sign(SigningKey.KeySet.PROJECT, claims, now=now, type_="JWT")


def user_of(project: Project) -> str:
    """For a white-label project, whose people only the partner knows: the same for all of them."""
    return f"partner:{project.partner_id}"
