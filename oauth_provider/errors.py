"""The errors of the OAuth endpoints, in the RFCs' words.

One class per word that has a rule of its own. What may be sent to a redirect URI is a
property of the error: `PageError` never is, `AuthorizeError` always.
"""

from accounts.errors import ApiError
from oauth_provider import authorization_response


class OAuthError(ApiError):
    """An error of RFC 6749 section 5.2: `code` is its `error`, `message` its description."""

    def __init__(self, code: str, message: str, *, status: int = 400, detail: str = "") -> None:
        super().__init__(status, code, message, detail=detail)


class InvalidRequest(OAuthError):
    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__("invalid_request", message, detail=detail)


class InvalidGrant(OAuthError):
    """One public sentence for every reason, so that nothing can be probed; the log knows which."""

    def __init__(self, detail: str) -> None:
        super().__init__("invalid_grant", "The code or token is expired, used, revoked or not yours.", detail=detail)


class InvalidClient(OAuthError):
    """401; with `WWW-Authenticate: Basic` when the client tried Basic (RFC 6749 section 5.2)."""

    def __init__(self, detail: str, *, basic: bool = False) -> None:
        super().__init__("invalid_client", "Client authentication failed.", status=401, detail=detail)
        if basic:
            self.headers["WWW-Authenticate"] = 'Basic realm="oauth"'


class InvalidToken(ApiError):
    """401 of a Bearer endpoint: absent, unknown, expired or revoked, all the same (RFC 6750)."""

    def __init__(self, challenge: str, *, detail: str = "") -> None:
        message = "The access token is missing, expired or revoked."
        super().__init__(401, "invalid_token", message, detail=detail, headers={"WWW-Authenticate": challenge})


class InsufficientScope(ApiError):
    """403: the token is good, but lacks a scope, which the challenge names (RFC 6750 section 3.1)."""

    def __init__(self, scope: str, challenge: str) -> None:
        message = f"The access token lacks the scope {scope}."
        super().__init__(403, "insufficient_scope", message, headers={"WWW-Authenticate": challenge})


class MachineHasNoPerson(ApiError):
    """403: a machine client's token where a person's is needed."""

    def __init__(self) -> None:
        super().__init__(403, "insufficient_scope", "This token belongs to no person.")


class AuthorizePageError(ApiError):
    """An authorization request that must not be answered by a redirect: a page says why.

    `client_id` and `redirect_uri` are shown as text to the developer, never as a link.
    """

    def __init__(self, code: str, message: str, *, client_id: str = "", redirect_uri: str = "") -> None:
        super().__init__(400, code, message)
        self.client_id = client_id
        self.redirect_uri = redirect_uri


class AuthorizeRedirectError(ApiError):
    """An error that goes back to the client at its registered redirect URI (RFC 6749 section 4.1.2.1)."""

    def __init__(self, code: str, message: str, *, redirect_uri: str, state: bytes | None) -> None:
        super().__init__(302, code, message)
        self.location = authorization_response.location(
            redirect_uri, state=state, error=code, error_description=message
        )


class StartAgain(ApiError):
    """A consent page that can't be answered any more: expired, answered, or somebody else's now."""

    def __init__(self, application: str, *, detail: str) -> None:
        message = f"Nothing was allowed. Start again in {application}." if application else "Nothing was allowed."
        super().__init__(403, "start_again", message, detail=detail)


class MethodRefused(ApiError):
    """405 of an API endpoint; `config/errors.py` turns it into the stranger's 401 where it has to."""

    def __init__(self, allowed: str) -> None:
        message = "This method is not allowed here."
        super().__init__(405, "method_not_allowed", message, headers={"Allow": allowed})


class OrganizationNotFound(ApiError):
    """Unknown, or not the person's: the same. Clients look for `not found` (platform.md)."""

    def __init__(self) -> None:
        super().__init__(404, "organization_not_found", "The organization was not found.")


class NotAnOwner(ApiError):
    def __init__(self) -> None:
        super().__init__(403, "insufficient_role", "Only an owner of the organization may do this.")
