"""Device login up to its answer: a device asks, a person types the code, sees who asks, and answers.

Source: oauth.md, "Other endpoints", device_authorization; RFC 8628; pages.md, "Device".
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts import mail
from accounts.digests import digest
from accounts.models import User
from accounts.sign_ins import SignIn
from oauth_provider import consent, id_tokens, resources, scopes, user_codes
from oauth_provider.client_authentication import Client
from oauth_provider.errors import OAuthError
from oauth_provider.grants import check_allowed
from oauth_provider.models import DeviceGrant
from oauth_provider.models.application import DEVICE_CODE
from oauth_provider.opaque import is_handle, new_code
from oauth_provider.request_body import Parameters

INTERVAL_SECONDS = 5


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """The two codes, in clear for this once."""

    device_code: str
    user_code: str

    def public(self) -> dict[str, str | int]:
        """The body of RFC 8628 section 3.2."""
        page = mail.page("device")
        return {
            "device_code": self.device_code,
            "user_code": self.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={self.user_code}",
            "expires_in": settings.DEVICE_CODE_SECONDS,
            "interval": INTERVAL_SECONDS,
        }


def authorize(client: Client, parameters: Parameters, *, address: str | None, now: datetime) -> DeviceAuthorization:
    """New codes for a device of `client` that asked from `address`; good for DEVICE_CODE_SECONDS.

    Raises OAuthError `unauthorized_client`, `invalid_scope`, `invalid_target`.
    """
    check_allowed(client, DEVICE_CODE)
    target = resources.get(parameters)
    asked = parameters.get("scope", client.default_scopes)
    scope = scopes.granted_by_people(asked, client.allowed_scopes, target.grantable)
    if not scope:
        raise OAuthError("invalid_scope", "The scope is empty, unknown or not allowed for this client.")
    device_code = new_code()
    while True:
        user_code = user_codes.new_user_code()
        _, is_new = DeviceGrant.objects.get_or_create(
            user_code_digest=user_codes.digest_of(user_code),
            defaults={
                "digest": digest(device_code),
                "application_id": client.id,
                "scope": scope,
                "resource_server": target.server,
                "address": address,
                "interval_seconds": INTERVAL_SECONDS,
                "created_at": now,
                "expires_at": now + timedelta(seconds=settings.DEVICE_CODE_SECONDS),
            },
        )
        if is_new:
            return DeviceAuthorization(device_code, user_code)


def unanswered(now: datetime) -> QuerySet[DeviceGrant]:
    return DeviceGrant.objects.filter(approved_at=None, denied_at=None, ended_at=None, expires_at__gt=now)


def show(user_code: str, user: User, session_key: str, now: datetime) -> DeviceGrant | None:
    """What the device that shows `user_code` asks for, from now on for this person in this session
    to answer; None if the code is unknown, expired or used.
    """
    rows = unanswered(now).filter(user_code_digest__in=user_codes.digests_of(user_code))
    rows.update(user=user, session_digest=digest(session_key))
    return usable(rows.select_related("application", "resource_server").first())


def find_shown(handle: str, user: User, session_key: str, now: datetime) -> DeviceGrant | None:
    """The request behind a confirmation page; None unless it was shown to this person in this
    session and nobody has answered it.
    """
    if not is_handle(handle):
        return None
    rows = unanswered(now).filter(handle=handle, user=user, session_digest=digest(session_key))
    return usable(rows.select_related("application").first())


def usable(grant: DeviceGrant | None) -> DeviceGrant | None:
    if grant is None or not grant.application.is_enabled or DEVICE_CODE not in grant.application.allowed_grants:
        return None
    return grant


@transaction.atomic
def approve(grant: DeviceGrant, user: User, *, sign_in: SignIn, now: datetime) -> bool:
    """Lets the device in, and remembers that; False if somebody was faster or the code has expired."""
    # Before the consent is locked: whoever takes that back touches approved rows alone.
    is_ours = (
        unanswered(now)
        .filter(pk=grant.pk, user=user)
        .update(approved_at=now, credentials_epoch=user.credentials_epoch, authenticated_at=sign_in.at)
    )
    if not is_ours:
        return False
    consent.remember(grant.application, user, grant.scope, now=now)
    if id_tokens.is_wanted(grant.scope):
        id_tokens.remember(grant.family_id, grant.application, user, sign_in=sign_in, nonce="", now=now)
    return True


def deny(grant: DeviceGrant, now: datetime) -> bool:
    return bool(unanswered(now).filter(pk=grant.pk).update(denied_at=now))
