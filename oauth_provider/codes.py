"""Authorization codes: issued here, redeemed in `tokens.py`. Source: oauth.md, "authorize"."""

from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from oauth_provider.authorization_request import AuthorizationRequest
from oauth_provider.models import Application, Code
from oauth_provider.opaque import digest, new_code


def issue(request: AuthorizationRequest, user: User, *, authenticated_at: datetime, now: datetime) -> str:
    """A code for `user`, good for CODE_SECONDS and bound to everything in `request`."""
    code = new_code()
    Code.objects.create(
        digest=digest(code),
        application=request.application,
        user=user,
        redirect_uri=request.redirect_uri,
        scope=request.scope,
        code_challenge=request.code_challenge,
        credentials_epoch=user.credentials_epoch,
        authenticated_at=authenticated_at,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.CODE_SECONDS),
    )
    return code


def end(application: Application, user: User, now: datetime) -> None:
    """Takes back every code of `application` for `user` that nobody has used yet."""
    Code.objects.filter(application=application, user=user, used_at=None, ended_at=None).update(ended_at=now)
