"""What a resource server may ask about a token. Source: oauth.md, "Other endpoints", introspect; RFC 7662."""

from datetime import datetime

import jwt

from oauth_provider.authentication import is_live
from oauth_provider.client_authentication import Client
from oauth_provider.errors import OAuthError
from oauth_provider.models import ResourceServer

DEAD: dict[str, object] = {"active": False}


def check_allowed(client: Client) -> None:
    """Raises OAuthError 403 unless a resource server asks by `client`."""
    if client.is_public or not ResourceServer.objects.filter(client=client.id).exists():
        message = "Only the client of a registered resource server may introspect."
        raise OAuthError("unauthorized_client", message, status=403)


def introspect(token: str, now: datetime) -> dict[str, object]:
    """The claims of `token` if it is a live access token of ours, whoever it is for; else nothing but `active`."""
    if not is_live(token, now):
        return DEAD
    # Ours to the letter, as its digest is known: nothing is left to verify.
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return {"active": True, "token_type": "DPoP" if "cnf" in claims else "Bearer", **claims}
