"""What somebody says of a client of theirs, in RFC 7591's words or in the contract's.

One reading for registration and for metadata documents. What we can't keep a client to is
refused or left out, never kept: the answer says what was registered (RFC 7591 section 3.2.1).
Source: oauth.md, "Other endpoints"; docs/attacks.md, rows 10, 35, 88 and M7.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oauth_provider import client_details, client_names, redirect_uris, resources, scopes
from oauth_provider.client_details import Details
from oauth_provider.errors import InvalidClientMetadata, InvalidRedirectUri, OAuthError
from oauth_provider.models import Application
from oauth_provider.request_body import is_clean

Document = Mapping[str, object]
Kind = Application.Kind

KEY_METHOD = "private_key_jwt"
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
CLIENT_TYPES = ("public", "confidential")
APPLICATION_TYPES = ("web", "native")
MAX_LENGTH = 2000  # characters of one text
MAX_ITEMS = 100  # of one list; redirect URIs have a smaller limit of their own
MAX_CONTACTS = 5
MAX_CONTACT = 254
MAX_SOFTWARE = 100
# The members that become a link, by our column.
LINKS = {"homepage_url": "client_uri", "privacy_url": "policy_uri", "terms_url": "tos_uri"}
# What the caller called the field in which `client_details` found a fault.
MEMBERS = {"name": "client_name", "allowed_scopes": "scope", "default_scopes": "scope", **LINKS}


@dataclass(frozen=True, slots=True)
class Metadata:
    """`given` is what is of no use to us, kept within bounds and given back."""

    details: Details
    auth_method: str
    given: dict[str, str | list[str]]

    @property
    def is_on_loopback(self) -> bool:
        """A public client that sends people nowhere but to a program on their own machine."""
        uris, after_logout = self.details.redirect_uris, self.details.post_logout_redirect_uris
        is_here = all(map(redirect_uris.is_loopback, (*uris, *after_logout)))
        return not self.details.keeps_secret and bool(uris) and is_here


def read(document: Document) -> Metadata:
    """The client that `document` describes. Unknown members are ignored.

    Raises InvalidClientMetadata for what is missing, malformed or not to be had,
    InvalidRedirectUri, OAuthError `unapproved_software_statement`.
    """
    if document.get("software_statement") is not None:
        message = "No software statement is accepted here. Register without it."
        raise OAuthError("unapproved_software_statement", message)
    uris = tuple(texts(document, "redirect_uris"))
    auth_method = read_auth_method(document)
    check_flow(document)
    allowed = read_scopes(document)
    details = Details(
        kind=read_kind(document, auth_method, uris),
        keeps_secret=auth_method != "none",
        name=client_names.tidy(text(document, "client_name") or text(document, "name")),
        homepage_url=text(document, LINKS["homepage_url"]),
        privacy_url=text(document, LINKS["privacy_url"]),
        terms_url=text(document, LINKS["terms_url"]),
        redirect_uris=uris,
        post_logout_redirect_uris=tuple(texts(document, "post_logout_redirect_uris")),
        allowed_scopes=allowed,
        default_scopes=("user:read",) if "user:read" in allowed else allowed[:1],
        jwks=read_keys(document, auth_method),
        jwks_uri=text(document, "jwks_uri") if auth_method == KEY_METHOD else "",
    )
    return Metadata(details, auth_method, read_given(document))


def check(metadata: Metadata, *, besides: int | None = None) -> None:
    """Raises InvalidRedirectUri, InvalidClientMetadata unless strangers may register `metadata`.

    `besides` is the client that has it already, when it is being changed.
    """
    faults = client_details.find_faults(metadata.details, from_staff=False, besides=besides)
    if "redirect_uris" in faults:
        raise InvalidRedirectUri(f"redirect_uris: {faults['redirect_uris'][0]}")
    for field, reasons in faults.items():
        # The one reason that names another client is not for everybody.
        is_namesake = field == "name" and client_names.find_fault(metadata.details.name) is None
        reason = "People would take it for a verified client's." if is_namesake else reasons[0]
        raise InvalidClientMetadata(f"{MEMBERS.get(field, field)}: {reason}")


def read_auth_method(document: Document) -> str:
    """How the client proves itself: the default is RFC 7591's, unless the contract's `client_type` says more."""
    method, client_type = text(document, "token_endpoint_auth_method"), text(document, "client_type")
    if client_type and client_type not in CLIENT_TYPES:
        raise InvalidClientMetadata("client_type: public or confidential.")
    if method and method not in ("none", KEY_METHOD, *SECRET_METHODS):
        raise InvalidClientMetadata(f"token_endpoint_auth_method: none, {KEY_METHOD}, {' or '.join(SECRET_METHODS)}.")
    if method and client_type and (method == "none") != (client_type == "public"):
        raise InvalidClientMetadata("client_type and token_endpoint_auth_method contradict each other.")
    return method or ("none" if client_type == "public" else SECRET_METHODS[0])


def read_keys(document: Document, auth_method: str) -> str:
    """`jwks` of a client that proves itself by a key, "" with `jwks_uri`; any other's is left out."""
    if auth_method != KEY_METHOD:
        return ""
    jwks = document.get("jwks")
    if (jwks is None) == (not text(document, "jwks_uri")):
        raise InvalidClientMetadata("jwks, jwks_uri: private_key_jwt needs one of them.")
    return json.dumps(jwks, separators=(",", ":")) if jwks is not None else ""


def check_flow(document: Document) -> None:
    """A client has the code flow, or nothing: other grants and response types are left out."""
    if "authorization_code" not in (texts(document, "grant_types") or ["authorization_code"]):
        raise InvalidClientMetadata("grant_types: authorization_code is the one to register for.")
    if "code" not in (texts(document, "response_types") or ["code"]):
        raise InvalidClientMetadata("response_types: code is the one to register for.")


def read_scopes(document: Document) -> tuple[str, ...]:
    """Those that a person can grant; all of them if none is named, as the person is asked anyway."""
    named = text(document, "scope").split() + texts(document, "allowed_scopes")
    grantable = resources.for_people()
    known = tuple(scopes.parse(" ".join(set(named) & set(grantable))))
    if named and not known:
        raise InvalidClientMetadata("scope: nothing in it is a scope that a person can grant.")
    return known or tuple(grantable)


def read_kind(document: Document, auth_method: str, uris: Sequence[str]) -> str:
    """A program on people's machines, as it says or as its addresses do; with a secret it counts as a web client."""
    said = text(document, "application_type")
    if said and said not in APPLICATION_TYPES:
        raise InvalidClientMetadata("application_type: web or native.")
    if auth_method != "none":
        return Kind.WEB
    is_native = said == "native" or (not said and all(map(redirect_uris.is_loopback, uris)))
    return Kind.NATIVE if is_native else Kind.WEB


def read_given(document: Document) -> dict[str, str | list[str]]:
    logo, contacts = text(document, "logo_uri"), texts(document, "contacts")
    if client_details.faults_of_link(logo):
        raise InvalidClientMetadata("logo_uri: an https address of at most 200 characters. It is not fetched.")
    if len(contacts) > MAX_CONTACTS or any(len(contact) > MAX_CONTACT for contact in contacts):
        raise InvalidClientMetadata("contacts: at most 5 of at most 254 characters.")
    software = {name: text(document, name) for name in ("software_id", "software_version")}
    if any(len(value) > MAX_SOFTWARE for value in software.values()):
        raise InvalidClientMetadata("software_id and software_version have at most 100 characters.")
    given: dict[str, str | list[str]] = {
        "application_type": text(document, "application_type"),
        "logo_uri": logo,
        "contacts": contacts,
        **software,
    }
    return {name: value for name, value in given.items() if value}


def text(document: Document, name: str) -> str:
    """The member as a text; "" if absent. `null` and "" count as absent."""
    value = document.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_LENGTH or not is_clean(value):
        raise InvalidClientMetadata(f"{name}: a text of at most {MAX_LENGTH} characters.")
    return value


def texts(document: Document, name: str) -> list[str]:
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) and is_clean(item) for item in value):
        raise wrong(name, "a list of texts.")
    if len(value) > MAX_ITEMS:
        raise wrong(name, f"at most {MAX_ITEMS} of them.")
    return value


def wrong(name: str, reason: str) -> OAuthError:
    kind = InvalidRedirectUri if name == "redirect_uris" else InvalidClientMetadata
    return kind(f"{name}: {reason}")
