"""Which client asks at the token and revocation endpoints, and whether it proved it.

Source: oauth.md, "token" and "Rate limits"; RFC 6749 section 2.3.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote_plus

from django.http import HttpRequest

from accounts import rate_limit
from accounts.client_address import limit_key
from accounts.digests import digest
from accounts.rate_limit import Usage
from accounts.statements import Row, fetch_one, on
from oauth_provider import client_assertions
from oauth_provider.client_secrets import NOTE_USE_AFTER, note_use
from oauth_provider.cors import allow_origin
from oauth_provider.errors import InvalidClient, InvalidDpopProof, InvalidRequest
from oauth_provider.models.application import DEVICE_CODE, GRANTS_OF_KIND
from oauth_provider.request_body import Parameters, is_clean


@dataclass(frozen=True, slots=True)
class Credentials:
    client_id: str
    secret: str = field(repr=False)
    is_basic: bool
    assertion: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class LiveSecret:
    id: int
    digest: bytes
    # Its last use was noted long enough ago to be noted again.
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Client:
    """A client as the token path reads it: what decides, and nothing that is shown."""

    id: int
    client_id: str
    kind: str
    is_public: bool
    is_enabled: bool
    rotates_refresh_tokens: bool
    allows_device_grant: bool
    allowed_scopes: str
    default_scopes: str
    uses_keys: bool
    requires_dpop: bool
    is_strict: bool
    secrets: tuple[LiveSecret, ...]

    def allows(self, grant_type: str) -> bool:
        return grant_type in GRANTS_OF_KIND[self.kind] or (grant_type == DEVICE_CODE and self.allows_device_grant)

    def check_proved(self, jkt: str) -> None:
        """Raises InvalidDpopProof if its policy asks for more than what proved this request; `jkt`: of DPoP."""
        if not jkt and (self.requires_dpop or (self.is_strict and not self.uses_keys)):
            raise InvalidDpopProof("This client has to send a DPoP proof.")


SECRETS = """
    (SELECT {concatenate}(s.id || ':' || {hex} || ':' ||
            CASE WHEN s.last_used_at IS NULL OR s.last_used_at < %s THEN 1 ELSE 0 END, ',')
     FROM oauth_provider_clientsecret s
     WHERE s.application_id = a.id AND (s.expires_at IS NULL OR s.expires_at > %s))
"""
# The columns of `Client`, in its order; the two parameters are those of `client_parameters`.
CLIENT_COLUMNS = """
    a.id, a.client_id, a.kind, a.client_type = 'public', a.is_enabled, a.rotates_refresh_tokens,
    a.allows_device_grant, a.allowed_scopes, a.default_scopes,
    a.jwks <> '' OR a.jwks_uri <> '', a.requires_dpop, a.is_strict,
""" + on(
    postgresql=SECRETS.format(concatenate="string_agg", hex="encode(s.digest, 'hex')"),
    sqlite=SECRETS.format(concatenate="group_concat", hex="hex(s.digest)"),
)
CLIENT_WIDTH = 13
FIND_CLIENT = f"SELECT {CLIENT_COLUMNS} FROM oauth_provider_application a WHERE a.client_id = %s"


def client_parameters(now: datetime) -> list[datetime]:
    return [now - NOTE_USE_AFTER, now]


def client_of(row: Row | None) -> Client | None:
    """The client in the first columns of `row`."""
    if row is None:
        return None
    id_, client_id, kind, public, enabled, rotates, device, allowed, default, keys, dpop, strict, secrets = row[
        :CLIENT_WIDTH
    ]
    live = tuple(live_secret(text) for text in secrets.split(",")) if secrets else ()
    policy = bool(keys), bool(dpop), bool(strict)
    switches = bool(public), bool(enabled), bool(rotates), bool(device)
    return Client(id_, client_id, kind, *switches, allowed, default, *policy, live)


def live_secret(text: str) -> LiveSecret:
    id_, hex_, stale = text.split(":")
    return LiveSecret(int(id_), bytes.fromhex(hex_), stale == "1")


def find_client(client_id: str, now: datetime) -> Client | None:
    return client_of(fetch_one(FIND_CLIENT, [*client_parameters(now), client_id]))


def read_credentials(request: HttpRequest, parameters: Parameters) -> Credentials:
    """What `request` says of its client, unproved.

    Raises InvalidRequest for two methods at once; for none or a broken one what `refusal` says.
    """
    try:
        return presented(request, parameters)
    except InvalidClient as fault:
        raise refusal(request, fault) from None


def presented(request: HttpRequest, parameters: Parameters) -> Credentials:
    named = parameters.get("client_id", "")
    if "client_assertion" in parameters or "client_assertion_type" in parameters:
        return read_assertion(request, parameters)
    scheme, _, encoded = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        if not named:
            raise InvalidClient("no client named")
        return Credentials(named, parameters.get("client_secret", ""), is_basic=False)
    client_id, secret = decode_basic(encoded)
    if named not in ("", client_id) or "client_secret" in parameters:
        raise InvalidRequest("Use one method of client authentication.")
    return Credentials(client_id, secret, is_basic=True)


def read_assertion(request: HttpRequest, parameters: Parameters) -> Credentials:
    """RFC 7521 section 4.2; `client_id` is optional beside it, and has to be its subject."""
    is_basic = request.META.get("HTTP_AUTHORIZATION", "").lower().startswith("basic ")
    if is_basic or "client_secret" in parameters:
        raise InvalidRequest("Use one method of client authentication.")
    assertion = parameters.get("client_assertion", "")
    if parameters.get("client_assertion_type") != client_assertions.TYPE or not assertion:
        raise InvalidRequest("The client_assertion needs its client_assertion_type, which is jwt-bearer.")
    client_id = parameters.get("client_id") or client_assertions.subject(assertion)
    if not client_id:
        raise InvalidClient("assertion without a subject")
    return Credentials(client_id, "", is_basic=False, assertion=assertion)


def decode_basic(encoded: str) -> tuple[str, str]:
    """Id and secret, each form-decoded after the split (RFC 6749 section 2.3.1)."""
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise InvalidClient("Basic header is not base64 of UTF-8", basic=True) from None
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if not colon or not client_id or not is_clean(client_id + secret):
        raise InvalidClient("Basic header without a client id", basic=True)
    return client_id, secret


def check_client(request: HttpRequest, client: Client | None, credentials: Credentials, now: datetime) -> Client:
    """`client`, which proved to be the one that `credentials` name. Its own origins may read the answer, refusals too.

    Right credentials are answered even from an address over its limit; otherwise raises what `refusal` says.
    """
    if client is not None:
        allow_origin(request, client.id)
    try:
        return authenticate(client, credentials, now)
    except InvalidClient as fault:
        raise refusal(request, fault) from None


def refusal(request: HttpRequest, fault: InvalidClient) -> InvalidClient:
    """`fault` (401), with how many more the address may have. It counts against that and never against the client,
    so that nobody can use up another's limit. Raises ApiError 429.
    """
    usage = rate_limit.use_hot("client_failure", limit_key(request), request)
    usage.check()
    fault.headers.update(usage.headers)
    return fault


def use_limit(name: str, request: HttpRequest, client: Client) -> Usage:
    """Counts one use of limit `name`. All users of a CLI share one client id, so a public client is
    counted with the address.
    """
    key = f"{client.client_id}:{limit_key(request)}" if client.is_public else client.client_id
    return rate_limit.use_hot(name, key, request)


def authenticate(client: Client | None, credentials: Credentials, now: datetime) -> Client:
    # Made for unknown clients too: both cost the same.
    shown = digest(credentials.secret)
    if client is None or not client.is_enabled:
        raise InvalidClient("unknown or disabled client", basic=credentials.is_basic)
    if client.uses_keys:
        client_assertions.check(client.id, client.client_id, credentials.assertion, now)
        return client
    if credentials.assertion:
        raise InvalidClient(f"assertion of {client.client_id}, which has no keys")
    if client.is_public:
        return client
    for secret in client.secrets:
        if hmac.compare_digest(secret.digest, shown):
            if secret.is_stale:
                note_use(secret.id, now)
            return client
    raise InvalidClient(f"wrong secret of {client.client_id}", basic=credentials.is_basic)
