"""The grants of the token endpoint: which there are, and who may use which. Source: oauth.md, "token"."""

from datetime import datetime
from typing import Protocol

from oauth_provider.client_authentication import Client
from oauth_provider.device_polls import DeviceCodeGrant
from oauth_provider.errors import InvalidRequest, OAuthError
from oauth_provider.models.application import DEVICE_CODE
from oauth_provider.request_body import Parameters
from oauth_provider.token_answer import TokenAnswer
from oauth_provider.tokens import ClientCredentialsGrant, CodeGrant, RefreshGrant


class Grant(Protocol):
    """One token request: what it presents, read together with the client that presents it."""

    client: Client | None

    @property
    def is_poll(self) -> bool:
        """Whether it is a device's poll, which the grant itself slows down (oauth.md, "Rate limits")."""

    def issue(self, client: Client, jkt: str, now: datetime) -> TokenAnswer:
        """`jkt`: the thumbprint of the key that the tokens are bound to, "" for none (RFC 9449)."""


def open_grant(parameters: Parameters, client_id: str, now: datetime) -> Grant:
    """Reads the grant that `parameters` present, and its client, in one statement.

    Nothing is decided: the client is not even authenticated yet.
    Raises InvalidRequest, OAuthError `unsupported_grant_type`.
    """
    if "grant_type" not in parameters:
        raise InvalidRequest("The parameter grant_type is missing.")
    grant = GRANTS.get(parameters["grant_type"])
    if grant is None:
        raise OAuthError("unsupported_grant_type", "This grant type is not supported.")
    return grant(parameters, client_id, now)


GRANTS: dict[str, type[CodeGrant | RefreshGrant | DeviceCodeGrant | ClientCredentialsGrant]] = {
    "authorization_code": CodeGrant,
    "refresh_token": RefreshGrant,
    DEVICE_CODE: DeviceCodeGrant,
    "client_credentials": ClientCredentialsGrant,
}


def check_allowed(client: Client, grant_type: str) -> None:
    """Raises OAuthError `unauthorized_client` for a grant that the client's type does not have."""
    if not client.allows(grant_type):
        raise OAuthError("unauthorized_client", "This client may not use this grant type.")
