"""Authorization codes: issued here, redeemed in `tokens.py`. Source: oauth.md, "authorize"."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings

from accounts.digests import digest
from accounts.models import User
from accounts.sign_ins import SignIn
from oauth_provider import id_tokens
from oauth_provider.authorization_request import AuthorizationRequest
from oauth_provider.models import Application, Code
from oauth_provider.opaque import new_code

STRICT_SECONDS = 60


def issue(request: AuthorizationRequest, user: User, *, sign_in: SignIn, now: datetime) -> str:
    """A code for `user`, good for CODE_SECONDS and bound to everything in `request`.

    Runs in the caller's transaction.
    """
    code, family_id = new_code(), uuid.uuid4()
    if id_tokens.is_wanted(request.scope):
        id_tokens.remember(family_id, request.application, user, sign_in=sign_in, nonce=request.nonce, now=now)
    Code.objects.create(
        digest=digest(code),
        application=request.application,
        user=user,
        family_id=family_id,
        redirect_uri=request.redirect_uri,
        scope=request.scope,
        resource_server=request.target.server,
        dpop_jkt=request.dpop_jkt,
        code_challenge=request.code_challenge,
        credentials_epoch=user.credentials_epoch,
        authenticated_at=sign_in.at,
        created_at=now,
        expires_at=now + life(request.application),
    )
    return code


def life(application: Application) -> timedelta:
    """ASVS 5.0, 10.4.3: a minute at level 3."""
    seconds = min(settings.CODE_SECONDS, STRICT_SECONDS) if application.is_strict else settings.CODE_SECONDS
    return timedelta(seconds=seconds)


def end(application: Application, user: User, now: datetime) -> None:
    """Takes back every code of `application` for `user` that nobody has used yet."""
    Code.objects.filter(application=application, user=user, used_at=None, ended_at=None).update(ended_at=now)
