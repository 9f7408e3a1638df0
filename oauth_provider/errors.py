"""The errors of the OAuth endpoints, in the RFCs' words.

One class per word that has a rule of its own. What may be sent to a redirect URI is a
property of the error: `PageError` never is, `AuthorizeError` always.
"""

from accounts.errors import ApiError


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
