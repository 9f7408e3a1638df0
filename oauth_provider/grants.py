"""The grants of the token endpoint: which there are, and who may use which. Source: oauth.md, "token"."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from oauth_provider.client_authentication import Client, find_client
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


@dataclass(frozen=True, slots=True)
class NoGrant:
    """What presents none: its client is asked who it is all the same, and counted."""

    client: Client | None
    fault: OAuthError
    is_poll = False


def open_grant(parameters: Parameters, client_id: str, now: datetime) -> Grant | NoGrant:
    """Reads the grant that `parameters` present, and its client, in one statement.

    Nothing is decided: the client is not even authenticated yet.
    """
    try:
        return kind_of(parameters)(parameters, client_id, now)
    except OAuthError as fault:
        return NoGrant(find_client(client_id, now), fault)


def kind_of(parameters: Parameters) -> type[CodeGrant | RefreshGrant | DeviceCodeGrant | ClientCredentialsGrant]:
    """Raises InvalidRequest, OAuthError `unsupported_grant_type`."""
    if "grant_type" not in parameters:
        raise InvalidRequest("The parameter grant_type is missing.")
    kind = GRANTS.get(parameters["grant_type"])
    if kind is None:
        raise OAuthError("unsupported_grant_type", "This grant type is not supported.")
    return kind


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
