"""The authorization request, checked in the order of the contract's table.

Until the client and its redirect URI are known to belong together, a fault is a page; from
then on it goes back to the client. Source: oauth.md, "authorize".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus, unquote_to_bytes

from django.db.models import CharField
from django.utils.translation import gettext as _

from accounts.prepared import Parameter, Prepared
from oauth_provider import id_tokens, redirect_uris, resources, scopes
from oauth_provider.errors import AuthorizePageError, AuthorizeRedirectError
from oauth_provider.models import Application, Registration
from oauth_provider.request_body import fault_of_repeated
from oauth_provider.resources import OURS, Target

MAX_STATE_BYTES = 2048
MAX_LOCALES = 100  # characters
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    application: Application
    redirect_uri: str  # as sent, so with the port of a loopback client
    scope: str
    target: Target
    state: bytes
    code_challenge: str
    prompts: frozenset[str]
    max_age_seconds: int | None
    login_hint: str
    ui_locales: str  # language tags, the dearest first
    nonce: str
    dpop_jkt: str  # of the key that the code is bound to, "" for none
    hinted_user_id: str  # of `id_token_hint`, "" without one


class Query:
    """The raw query: each value as it came, each name once unless it is in `repeated`."""

    def __init__(self, raw: str) -> None:
        self.raw: dict[str, str] = {}
        self.repeated: set[str] = set()
        for pair in filter(None, raw.split("&")):
            name, _equals, value = pair.partition("=")
            name = unquote_plus(name, errors="replace")
            if name in self.raw:
                self.repeated.add(name)
            self.raw[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def text(self, name: str) -> str:
        """The decoded value, or "" if absent. Raises ValueError for bytes that are no clean text."""
        value = self.octets(name).decode()
        if "\0" in value:
            raise ValueError(name)
        return value

    def octets(self, name: str) -> bytes:
        # WSGI hands the query's bytes over as Latin-1, unescaped ones too (PEP 3333).
        return unquote_to_bytes(self.raw.get(name, "").replace("+", " ").encode("latin-1", "replace"))


def read(raw_query: str) -> AuthorizationRequest:
    """The request in `raw_query`, every row of the contract's table held.

    Raises AuthorizePageError, AuthorizeRedirectError.
    """
    query = Query(raw_query)
    application = read_client(query)
    redirect_uri = read_redirect_uri(query, application)
    refuse = Refusal(redirect_uri, query)
    if query.repeated:
        raise refuse(*fault_of_repeated(query.repeated))
    values = read_values(query, refuse)
    check_response_type(values, application, refuse)
    target = resources.find(values.get("resource"))
    asked = AuthorizationRequest(
        application=application,
        redirect_uri=redirect_uri,
        scope=read_scope(query, values, application, target or OURS, refuse),
        target=target or OURS,
        state=read_state(query, refuse),
        code_challenge=read_code_challenge(values, refuse),
        prompts=read_prompts(values, refuse),
        max_age_seconds=read_max_age(values, refuse),
        login_hint=values.get("login_hint", "")[:254],
        ui_locales=values.get("ui_locales", "")[:MAX_LOCALES],
        nonce=values.get("nonce", ""),
        dpop_jkt=read_dpop_jkt(values, refuse),
        hinted_user_id=read_hinted_user_id(values, refuse),
    )
    if target is None:
        raise refuse("invalid_target", "The resource is not a resource server known here.")
    return asked


def read_client(query: Query) -> Application:
    if {"client_id", "redirect_uri"} & query.repeated:
        raise AuthorizePageError("invalid_request", _("The link names its application or address twice."))
    client_id, redirect_uri = shown(query, "client_id"), shown(query, "redirect_uri")
    application: Application | None = CLIENT.first(client_id=client_id) if client_id else None
    if application is None:
        message = _("The application that sent you here is unknown.")
        raise AuthorizePageError("invalid_client", message, client_id=client_id, redirect_uri=redirect_uri)
    if not application.is_enabled:
        message = why_disabled(application)
        raise AuthorizePageError("invalid_client", message, client_id=client_id, redirect_uri=redirect_uri)
    return application


CLIENT = Prepared(
    lambda: Application.objects.filter(client_id=Parameter("client_id", CharField())).select_related("registration")
)


def why_disabled(application: Application) -> str:
    registration: Registration | None = getattr(application, "registration", None)
    state = registration and registration.state
    if state == Registration.State.PENDING:
        return _("The application that sent you here waits for approval by our staff.")
    if state == Registration.State.REFUSED:
        return _("The application that sent you here was not approved by our staff.")
    return _("The application that sent you here is switched off.")


def read_redirect_uri(query: Query, application: Application) -> str:
    redirect_uri = shown(query, "redirect_uri")
    if not redirect_uri:
        message = _("The application did not say where to send you back to.")
        raise AuthorizePageError("invalid_request", message, client_id=application.client_id)
    if not any(redirect_uris.matches(redirect_uri, known) for known in application.redirect_uris.split()):
        message = _("The address to send you back to is not registered for this application.")
        raise AuthorizePageError("invalid_request", message, client_id=application.client_id, redirect_uri=redirect_uri)
    return redirect_uri


def shown(query: Query, name: str) -> str:
    """The value as text, "" where it is not one: what isn't text names nothing."""
    try:
        return query.text(name)
    except ValueError:
        return ""


class Refusal:
    """Makes the errors that go back to the client, with its state unless that is itself at fault."""

    def __init__(self, redirect_uri: str, query: Query) -> None:
        self.redirect_uri = redirect_uri
        sent = "state" in query and "state" not in query.repeated
        self.state = query.octets("state") if sent and is_short(query.raw["state"]) else None

    def __call__(self, code: str, message: str) -> AuthorizeRedirectError:
        return AuthorizeRedirectError(code, message, redirect_uri=self.redirect_uri, state=self.state)


def is_short(raw_state: str) -> bool:
    return len(raw_state) <= MAX_STATE_BYTES


def read_values(query: Query, refuse: Refusal) -> Mapping[str, str]:
    try:
        values = {name: query.text(name) for name in query.raw if name != "state"}
    except ValueError:
        raise refuse("invalid_request", "A parameter is not valid text.") from None
    # RFC 9101 section 10.1 and RFC 9126: not offered here, and never fetched.
    if "request" in values:
        raise refuse("request_not_supported", "Request objects are not supported.")
    if "request_uri" in values:
        raise refuse("request_uri_not_supported", "The request_uri is not one of ours.")
    return values


def check_response_type(values: Mapping[str, str], application: Application, refuse: Refusal) -> None:
    response_type = values.get("response_type", "")
    if not response_type:
        raise refuse("invalid_request", "The parameter response_type is missing.")
    if response_type != "code":
        raise refuse("unsupported_response_type", "The only response type is code.")
    if values.get("response_mode", "query") != "query":
        raise refuse("invalid_request", "The only response mode is query.")
    if "authorization_code" not in application.allowed_grants:
        raise refuse("unauthorized_client", "This client may not ask people.")


def read_scope(
    query: Query, values: Mapping[str, str], application: Application, target: Target, refuse: Refusal
) -> str:
    asked = values["scope"] if "scope" in query else application.default_scopes
    scope = scopes.granted_by_people(asked, application.allowed_scopes, target.grantable)
    if not scope:
        raise refuse("invalid_scope", "The scope is empty, unknown or not allowed for this client.")
    return scope


def read_state(query: Query, refuse: Refusal) -> bytes:
    if not query.raw.get("state"):
        raise refuse("invalid_request", "The parameter state is missing.")
    if not is_short(query.raw["state"]):
        raise refuse("invalid_request", "The parameter state is longer than 2048 bytes.")
    return query.octets("state")


def read_code_challenge(values: Mapping[str, str], refuse: Refusal) -> str:
    if values.get("code_challenge_method") != "S256":
        raise refuse("invalid_request", "The code_challenge_method must be S256.")
    challenge = values.get("code_challenge", "")
    if not CHALLENGE.match(challenge):
        raise refuse("invalid_request", "The code_challenge must be 43 base64url characters.")
    return challenge


def read_dpop_jkt(values: Mapping[str, str], refuse: Refusal) -> str:
    """RFC 9449 section 10."""
    jkt = values.get("dpop_jkt", "")
    if jkt and not CHALLENGE.match(jkt):
        raise refuse("invalid_request", "The dpop_jkt must be 43 base64url characters.")
    return jkt


def read_prompts(values: Mapping[str, str], refuse: Refusal) -> frozenset[str]:
    """OpenID Connect Core section 3.1.2.1: `none` stands alone."""
    prompts = frozenset(filter(None, values.get("prompt", "").split(" ")))
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise refuse("invalid_request", "The prompt is unknown, or none was combined with another.")
    return prompts


def read_max_age(values: Mapping[str, str], refuse: Refusal) -> int | None:
    text = values.get("max_age", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise refuse("invalid_request", "The max_age is not a number of seconds.")
    return int(text)


def read_hinted_user_id(values: Mapping[str, str], refuse: Refusal) -> str:
    if not values.get("id_token_hint"):
        return ""
    hint = id_tokens.read_hint(values["id_token_hint"])
    if hint is None:
        raise refuse("invalid_request", "The id_token_hint is not an ID token of ours.")
    return hint.user_id
