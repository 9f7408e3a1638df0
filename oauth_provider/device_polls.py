"""A device asks for its tokens until its person has answered. Source: oauth.md, "token";
RFC 8628 sections 3.4 and 3.5.
"""

import secrets
from datetime import datetime, timedelta

from django.db.models import F

from accounts.digests import digest
from accounts.models import User
from oauth_provider import access_tokens, id_tokens, refresh_tokens, token_rows
from oauth_provider.client_authentication import Client, find_client
from oauth_provider.errors import InvalidGrant, InvalidRequest, OAuthError
from oauth_provider.models import DeviceGrant
from oauth_provider.request_body import Parameters
from oauth_provider.resources import check_same
from oauth_provider.token_answer import TokenAnswer
from oauth_provider.token_rows import Binding

SLOWER_SECONDS = 5


class DeviceCodeGrant:
    def __init__(self, parameters: Parameters, client_id: str, now: datetime) -> None:
        if "device_code" not in parameters:
            raise InvalidRequest("The parameter device_code is missing.")
        self.parameters = parameters
        self.now = now
        self.client = find_client(client_id, now)
        rows = DeviceGrant.objects.select_related("user", "resource_server")
        self.device = rows.filter(pk=digest(parameters["device_code"])).first()

    @property
    def is_poll(self) -> bool:
        """Whether `slow_down` limits it, which it can only for a code that still waits, and is this client's."""
        device = self.device
        if device is None or self.client is None or device.application_id != self.client.id:
            return False
        return device.expires_at > self.now and not (device.denied_at or device.used_at or device.ended_at)

    def issue(self, client: Client, jkt: str, now: datetime) -> TokenAnswer:
        """The tokens, once the person has allowed it. Of parallel polls one gets them; the others
        are refused and end nothing: a device may poll twice, and only it knows its code.
        """
        device, person = self.check(client, now)
        salt = secrets.token_bytes(refresh_tokens.ID_BYTES)
        token = access_tokens.sign_for_person(
            user_id=person.pk,
            email=person.email,
            client_id=client.client_id,
            scope=device.scope,
            audience=device.resource_server.audience if device.resource_server else None,
            jkt=jkt,
            now=now,
        )
        id_token = id_tokens.issue(
            device.family_id, client_id=client.client_id, scope=device.scope, access_token=token, now=now, is_first=True
        )
        if not token_rows.redeem_device(bytes(device.digest), Binding.of(client, jkt), digest(token), salt, now):
            raise InvalidGrant("device code redeemed or ended by another request")
        return TokenAnswer(token, device.scope, refresh_tokens.encode(device.family_id, 0, salt), id_token, bool(jkt))

    def check(self, client: Client, now: datetime) -> tuple[DeviceGrant, User]:
        device = self.device
        if device is None or device.application_id != client.id:
            raise InvalidGrant("unknown device code, or another client's")
        if device.used_at is not None or device.ended_at is not None:
            raise InvalidGrant("device code used or ended")
        if device.expires_at <= now:
            raise OAuthError("expired_token", "The device code has expired. Ask for a new one.")
        if device.denied_at is not None:
            raise OAuthError("access_denied", "The person did not allow it.")
        if device.approved_at is None:
            raise wait(device, now)
        person = device.user
        if person is None or not person.is_active or person.credentials_epoch != device.credentials_epoch:
            raise InvalidGrant("its person is switched off or has a new password")
        check_same(self.parameters, device.resource_server.identifier if device.resource_server else None)
        return device, person


def wait(device: DeviceGrant, now: datetime) -> OAuthError:
    """What a device is told while its person thinks; one that polls too early has to poll slower."""
    rows = DeviceGrant.objects.filter(pk=device.pk)
    due_at = device.polled_at and device.polled_at + timedelta(seconds=device.interval_seconds)
    # Without a row: another poll came at the same moment, and this one is the early one.
    if (due_at is None or due_at <= now) and rows.filter(polled_at=device.polled_at).update(polled_at=now):
        return OAuthError("authorization_pending", "The person has not answered yet.")
    rows.update(polled_at=now, interval_seconds=F("interval_seconds") + SLOWER_SECONDS)
    return OAuthError("slow_down", f"Polled too early. From now on wait {SLOWER_SECONDS} seconds longer.")
