"""Who asks, proved by a Bearer access token (RFC 6750): one statement, so that an ended
client, person, family or token is refused on its next request.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from accounts import clock
from accounts.digests import digest
from accounts.errors import ApiError
from accounts.statements import as_time, as_uuid, fetch_one
from oauth_provider import dpop, public_keys, scopes
from oauth_provider.errors import InsufficientScope, InvalidDpopProof, InvalidRequest, InvalidToken
from oauth_provider.protected_areas import metadata_url

TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")

# Of any audience.
LIVE = """
FROM oauth_provider_accesstoken t
JOIN oauth_provider_application a ON a.id = t.application_id
LEFT JOIN oauth_provider_tokenfamily f ON f.id = t.family_id
LEFT JOIN accounts_user u ON u.id = f.user_id
WHERE t.digest = %s AND t.expires_at > %s AND t.ended_at IS NULL AND a.is_enabled
  AND (t.family_id IS NULL
       OR (f.ended_at IS NULL AND u.is_active AND f.credentials_epoch = u.credentials_epoch))
"""
# Of ours: a token for another resource server opens nothing here.
FIND_BEARER = f"""
SELECT t.dpop_jkt, t.scope, a.id, a.client_id, u.id, u.email, u.name, u.avatar_url, u.created_at,
       EXISTS (SELECT 1 FROM account_emailaddress e
               WHERE e.user_id = u.id AND e.verified AND lower(e.email) = lower(u.email))
{LIVE} AND t.resource_server_id IS NULL
"""


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    email: str
    name: str
    avatar_url: str
    created_at: datetime
    email_verified: bool


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a live access token says: its client, its scopes and, unless a machine's, its person."""

    application_id: int
    client_id: str
    scope: str
    person: Person | None
    path: str  # where it asks

    def check_scope(self, scope: str) -> None:
        """Raises InsufficientScope (403) unless `scope` was granted or is implied by one that was."""
        if not scopes.includes(self.scope, scope):
            raise InsufficientScope(scope, challenge(self.path, error="insufficient_scope", scope=scope))


def challenge(path: str, *, error: str = "", scope: str = "") -> str:
    """`WWW-Authenticate` of RFC 6750 section 3, naming the metadata of `path`'s area (RFC 9728 section 5.1)."""
    parts = [f'resource_metadata="{metadata_url(path)}"']
    if error:
        parts.append(f'error="{error}"')
    if scope:
        parts.append(f'scope="{scope}"')
    return "Bearer " + ", ".join(parts)


def get_bearer(request: HttpRequest, *, scope: str) -> Bearer:
    """The bearer of `request`, who must hold `scope`.

    Raises InvalidToken (401), InsufficientScope (403), InvalidRequest (400: sent twice).
    """
    bearer = find_bearer(request)
    if bearer is None:
        if request.META.get("HTTP_AUTHORIZATION", "").lower().startswith("dpop "):
            raise InvalidToken(dpop_challenge(request.path, "invalid_token"))
        sent = "HTTP_AUTHORIZATION" in request.META
        raise InvalidToken(challenge(request.path, error="invalid_token" if sent else "", scope=scope))
    bearer.check_scope(scope)
    return bearer


def find_bearer(request: HttpRequest) -> Bearer | None:
    """The bearer of `request`, or None. A token in the query is never read (RFC 9700 section 4.3.2)."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() not in ("bearer", "dpop"):
        return None
    if ", " in token or "access_token" in request.GET or "access_token" in request.POST:
        raise InvalidRequest("The access token was sent more than once.")
    if not TOKEN.match(token):
        return None
    row = fetch_one(FIND_BEARER, [digest(token), clock.now()])
    if row is None:
        return None
    jkt, scope, application_id, client_id, user_id, *profile = row
    if jkt or scheme.lower() == "dpop":
        check_held(request, token, jkt)
    person = None
    if user_id is not None:
        email, name, avatar_url, created_at, verified = profile
        person = Person(as_uuid(user_id), email, name, avatar_url, as_time(created_at), bool(verified))
    return Bearer(application_id, client_id, scope, person, request.path)


def check_held(request: HttpRequest, token: str, jkt: str) -> None:
    """Raises InvalidToken unless `token` is bound to the key `jkt`, and `request` came with a proof of it.

    Without its proof such a token is nobody's, by whatever scheme it is sent (RFC 9449 section 7).
    """
    is_dpop = request.META["HTTP_AUTHORIZATION"].lower().startswith("dpop ")
    if not jkt or not is_dpop:
        raise InvalidToken(dpop_challenge(request.path, "invalid_token"), detail="token and scheme do not fit")
    try:
        proved = dpop.read(request, clock.now(), access_token=token)
    except InvalidDpopProof as fault:
        raise InvalidToken(dpop_challenge(request.path, "invalid_dpop_proof"), detail=fault.message) from None
    if proved != jkt:
        raise InvalidToken(dpop_challenge(request.path, "invalid_dpop_proof"), detail="no proof, or another key's")


def dpop_challenge(path: str, error: str) -> str:
    """`WWW-Authenticate` of RFC 9449 section 7.1."""
    algorithms = " ".join(public_keys.ALGORITHMS)
    return f'DPoP error="{error}", algs="{algorithms}", resource_metadata="{metadata_url(path)}"'


def is_live(token: str, now: datetime) -> bool:
    """Whether `token` is an access token that still opens something, here or at a resource server."""
    return fetch_one(f"SELECT 1 {LIVE}", [digest(token), now]) is not None


def challenge_strangers(request: HttpRequest) -> ApiError | None:
    """The refusal of a request without a live token; None when somebody is known."""
    try:
        return None if find_bearer(request) else InvalidToken(challenge(request.path))
    except ApiError as refusal:
        return refusal
