"""Authorization requests that clients send ahead, by themselves and not through a browser.

Source: oauth.md, "Other endpoints", par; RFC 9126; docs/decisions/0108.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _

from accounts.digests import digest
from oauth_provider import authorization_request
from oauth_provider.authorization_request import Query
from oauth_provider.client_authentication import Client
from oauth_provider.errors import (
    AuthorizePageError,
    AuthorizeRedirectError,
    InvalidDpopProof,
    InvalidRequest,
    OAuthError,
)
from oauth_provider.models import PushedRequest
from oauth_provider.opaque import new_code
from oauth_provider.request_body import Parameters

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFE_SECONDS = 60
# What proves the client, and is no part of what it asks.
CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
# Left as they are in a query, so that a state is as long as it was sent.
AS_SENT = "!$'()*,-./:;<=>?@[]^_`{|}~\"\\"


@dataclass(frozen=True, slots=True)
class Pushed:
    request_uri: str  # in clear for this once

    def public(self) -> dict[str, str | int]:
        """The body of RFC 9126 section 2.2."""
        return {"request_uri": self.request_uri, "expires_in": LIFE_SECONDS}


def push(client: Client, parameters: Parameters, jkt: str, now: datetime) -> Pushed:
    """Keeps the request in `parameters` for LIFE_SECONDS, once authorize would take it.

    `jkt`: of the DPoP proof that came along, to which the code will be bound; "" for none.
    Raises OAuthError: the errors of authorize, none of which is sent anywhere from here.
    """
    if "request_uri" in parameters:
        raise InvalidRequest("A pushed request has no request_uri.")
    if jkt and parameters.get("dpop_jkt", jkt) != jkt:
        raise InvalidDpopProof("The DPoP proof is of another key than dpop_jkt.")
    asked = {name: value for name, value in parameters.items() if name not in CREDENTIALS}
    query = urlencode(
        {**asked, **({"dpop_jkt": jkt} if jkt else {}), "client_id": client.client_id}, quote_via=quote, safe=AS_SENT
    )
    try:
        authorization_request.read(query)
    except AuthorizePageError as fault:
        raise InvalidRequest("The redirect_uri is missing or not registered.", detail=fault.detail) from None
    except AuthorizeRedirectError as fault:
        raise OAuthError(fault.code, fault.message) from None
    request_uri = PREFIX + new_code()
    PushedRequest.objects.create(
        digest=digest(request_uri),
        application_id=client.id,
        query=query,
        created_at=now,
        expires_at=now + timedelta(seconds=LIFE_SECONDS),
    )
    return Pushed(request_uri)


def is_named(query: Query) -> bool:
    """Whether the query names a request that somebody pushed here, be it there or not."""
    return "request_uri" in query and authorization_request.shown(query, "request_uri").startswith(PREFIX)


def take(query: Query, now: datetime) -> str:
    """The pushed query that `query` names, which is used up by this; nothing else of `query` counts.

    Raises AuthorizePageError: without it nobody knows a redirect URI to trust.
    """
    client_id = authorization_request.shown(query, "client_id")
    if {"client_id", "request_uri"} & query.repeated or "request" in query:
        message = _("The link names its request twice.")
        raise AuthorizePageError("invalid_request", message, client_id=client_id)
    rows = PushedRequest.objects.filter(
        digest=digest(authorization_request.shown(query, "request_uri")), application__client_id=client_id
    )
    if not rows.filter(used_at=None, expires_at__gt=now).update(used_at=now):
        message = _("This link was used before or is too old. Start again in the application.")
        raise AuthorizePageError("invalid_request", message, client_id=client_id)
    return rows.values_list("query", flat=True).get()
