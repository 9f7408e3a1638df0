"""The errors of the OAuth endpoints, in the RFCs' words.

One class per word that has a rule of its own. What may be sent to a redirect URI is a
property of the error: `PageError` never is, `AuthorizeError` always.
"""

from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts.errors import ApiError, PageError
from oauth_provider import authorization_response


class Word(NamedTuple):
    """A word of the RFCs: what brings it about, and what a client does about it."""

    cause: str
    mend: str


AGAIN_WITH_A_PAGE = "Send the person again without `prompt=none`."
# No other word leaves the OAuth endpoints.
WORDS: dict[str, Word] = {
    "invalid_request": Word(
        "A parameter is missing, repeated or malformed, or the body can't be read.",
        "Mend the request: the description says what is wrong.",
    ),
    "invalid_client": Word(
        "The client is unknown or switched off, or did not prove that it is itself.",
        "Check the client's id and secret, and ask staff whether it is switched on.",
    ),
    "invalid_grant": Word(
        "The code or token is expired, used, revoked or another client's, or `redirect_uri`, `code_verifier` or the "
        "DPoP key is not the one that it was given for.",
        "Compare `redirect_uri`, `code_verifier` and key with those of the authorization request, then send the person "
        "to authorize again. The answer never says which it was; the server's log does: `refused`, in `detail`.",
    ),
    "invalid_scope": Word(
        "The scope is unknown, not allowed for this client, or wider than what was granted.",
        "Ask for scopes that the client may have, at a refresh for no more than was granted.",
    ),
    "invalid_target": Word(
        "`resource` is no resource server known here.", "Leave `resource` out, or name this server."
    ),
    "unauthorized_client": Word(
        "The client's type does not have this grant.", "Use a grant of the client's type, or another client."
    ),
    "unsupported_grant_type": Word(
        "There is no such grant type here.", "Use a grant type that the discovery document lists."
    ),
    "unsupported_response_type": Word("The only response type is `code`.", "Ask for `response_type=code`."),
    "temporarily_unavailable": Word(
        "A limit is used up (429); too much came at once, or a part of the service is away (503).",
        "Wait for as many seconds as `Retry-After` says, or one, then try again.",
    ),
    "invalid_dpop_proof": Word(
        "The DPoP proof is missing, malformed, for another request, too old or used before.",
        "Make a new proof for each request, with the clock set right.",
    ),
    "invalid_client_metadata": Word(
        "A member of the registration is missing, malformed or not to be had.",
        "Mend the member that the description names.",
    ),
    "invalid_redirect_uri": Word(
        "A redirect URI is missing or not allowed: https, or http on loopback.",
        "Register another address.",
    ),
    "unapproved_software_statement": Word(
        "No software statement is accepted here.", "Register without `software_statement`."
    ),
    "request_not_supported": Word("Request objects are not supported.", "Send the parameters themselves."),
    "request_uri_not_supported": Word("The request URI is not one of ours.", "Send the parameters themselves."),
    "authorization_pending": Word(
        "The person has not entered the device's code or not answered yet.",
        "Poll again after as many seconds as `interval` said.",
    ),
    "slow_down": Word("A device polled too early.", "Wait 5 seconds longer between polls from now on, and poll again."),
    "expired_token": Word("The device code has expired.", "Ask for a new one, and show the person its user code."),
    "access_denied": Word(
        "The person did not allow it; at a registration: staff switched the client off.",
        "Tell the person, and ask again only when told to.",
    ),
    "login_required": Word("Nobody is signed in, or not recently enough.", AGAIN_WITH_A_PAGE),
    "consent_required": Word("The person has to be asked.", AGAIN_WITH_A_PAGE),
}


class OAuthError(ApiError):
    """An error of RFC 6749 section 5.2: `code` is its `error` and one of WORDS, `message` its description."""

    def __init__(self, code: str, message: str, *, status: int = 400, detail: str = "") -> None:
        self.status, self.code = status, known(code)
        super().__init__(message, detail=detail)


def known(code: str) -> str:
    """`code`, which the table above has to list. Raises KeyError: an error that no documentation names."""
    if code not in WORDS:
        raise KeyError(code)
    return code


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


class InvalidDpopProof(OAuthError):
    """400 of the token and par endpoints (RFC 9449 section 5); a resource answers it by its challenge."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_dpop_proof", message)


class InvalidClientMetadata(OAuthError):
    """400 of registration (RFC 7591 section 3.2.2)."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_client_metadata", message)


class InvalidRedirectUri(OAuthError):
    """400 of registration (RFC 7591 section 3.2.2)."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_redirect_uri", message)


class InvalidToken(ApiError):
    """401 of a Bearer endpoint: absent, unknown, expired or revoked, all the same (RFC 6750)."""

    status, code = 401, "invalid_token"
    message = "The access token is missing, expired or revoked."
    mend = "Refresh the access token. If that is refused, let the person sign in again."

    def __init__(self, challenge: str, *, detail: str = "") -> None:
        super().__init__(detail=detail, headers={"WWW-Authenticate": challenge})


class InsufficientScope(ApiError):
    """403: the token is good, but lacks a scope, which the challenge names (RFC 6750 section 3.1)."""

    status, code = 403, "insufficient_scope"
    message = "The access token lacks the scope of this call."
    mend = "Ask the person again, with the scope that `WWW-Authenticate` names."

    def __init__(self, scope: str, challenge: str) -> None:
        super().__init__(f"The access token lacks the scope {scope}.", headers={"WWW-Authenticate": challenge})


class MachineHasNoPerson(ApiError):
    """403: a machine client's token where a person's is needed."""

    status, code = 403, "insufficient_scope"
    message = "This token belongs to no person."
    mend = "Use the token of a person: a machine's opens nothing here."


class AuthorizePageError(PageError):
    """An authorization request that must not be answered by a redirect: a page says why.

    `client_id` and `redirect_uri` are shown as text to the developer, never as a link.
    """

    status = 400

    def __init__(self, code: str, message: str, *, client_id: str = "", redirect_uri: str = "") -> None:
        self.code = known(code)
        super().__init__(message)
        self.client_id = client_id
        self.redirect_uri = redirect_uri


class AuthorizeRedirectError(ApiError):
    """An error that goes back to the client at its registered redirect URI (RFC 6749 section 4.1.2.1)."""

    status = 302

    def __init__(self, code: str, message: str, *, redirect_uri: str, state: bytes | None) -> None:
        self.code = known(code)
        super().__init__(message)
        self.location = authorization_response.location(
            redirect_uri, state=state, error=code, error_description=message
        )


class StartAgain(PageError):
    """A consent page that can't be answered any more: expired, answered, or somebody else's now."""

    status, code = 403, "start_again"

    def __init__(self, application: str, *, detail: str) -> None:
        again = _("Nothing was allowed. Start again in %(app)s.") % {"app": application}
        message = again if application else _("Nothing was allowed.")
        super().__init__(message, detail=detail)


class OrganizationNotFound(ApiError):
    """Unknown, or not the person's: the same. Clients look for `not found` (platform.md)."""

    status, code = 404, "organization_not_found"
    message = "The organization was not found."
    mend = "Take the id from GET /organizations/v1, and see that the person is still a member."


class NotAnOwner(ApiError):
    status, code = 403, "insufficient_role"
    message = "Only an owner of the organization may do this."
    mend = "Let an owner of the organization do it, or make the person one."
