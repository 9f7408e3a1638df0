"""What a client is registered with, and whether it may be: one set of rules for the admin's
form, `import_clients` and registration (oauth.md, "Clients").
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urldefrag

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oauth_provider import client_names, origins, public_keys, redirect_uris, resources, scopes
from oauth_provider.models import Application

Kind = Application.Kind
MAX_LINK_LENGTH = 200
MAX_KEYS_LENGTH = 16 * 1024
LINKS = ("homepage_url", "privacy_url", "terms_url")
PROOFS = ("jwks", "jwks_uri", "requires_dpop", "is_strict")
SWITCHES = ("is_verified", "rotates_refresh_tokens", "allows_device_grant", "trusted_with_keys")
CLIENT_ID = re.compile(r"[A-Za-z0-9._~:/-]{1,255}\Z")
# Which types of client may keep a secret: those whose holder can, and a machine must.
MAY_KEEP_SECRET = {Kind.WEB: {True, False}, Kind.NATIVE: {False}, Kind.MACHINE: {True}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    kind: str
    keeps_secret: bool
    name: str
    homepage_url: str = ""
    privacy_url: str = ""
    terms_url: str = ""
    is_verified: bool = False
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    allowed_scopes: tuple[str, ...] = ()
    default_scopes: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    rotates_refresh_tokens: bool = False
    allows_device_grant: bool = False
    trusted_with_keys: bool = False
    jwks: str = ""
    jwks_uri: str = ""
    requires_dpop: bool = False
    is_strict: bool = False

    @property
    def client_type(self) -> str:
        return "confidential" if self.keeps_secret else "public"

    def columns(self) -> dict[str, str | bool]:
        """The values of `Application`'s columns."""
        grant = "client-credentials" if self.kind == Kind.MACHINE else "authorization-code"
        return {
            "kind": self.kind,
            "client_type": self.client_type,
            "authorization_grant_type": grant,
            "name": self.name,
            **{link: getattr(self, link) for link in LINKS},
            "is_verified": self.is_verified,
            "redirect_uris": " ".join(self.redirect_uris),
            "post_logout_redirect_uris": " ".join(self.post_logout_redirect_uris),
            "backchannel_logout_uri": self.backchannel_logout_uri,
            "allowed_scopes": scopes.join(self.allowed_scopes),
            "default_scopes": scopes.join(self.default_scopes),
            "allowed_origins": " ".join(self.allowed_origins),
            # Refresh tokens of public clients rotate, whatever was ticked (RFC 9700 section 4.14.2).
            "rotates_refresh_tokens": self.kind != Kind.MACHINE
            and (self.rotates_refresh_tokens or not self.keeps_secret),
            "allows_device_grant": self.allows_device_grant,
            "trusted_with_keys": self.trusted_with_keys,
            **{field: getattr(self, field) for field in PROOFS},
        }


def of(application: Application) -> Details:
    """The details that `application` has now."""
    return Details(
        keeps_secret=not application.is_public,
        redirect_uris=tuple(application.redirect_uris.split()),
        post_logout_redirect_uris=tuple(application.post_logout_redirect_uris.split()),
        backchannel_logout_uri=application.backchannel_logout_uri,
        allowed_scopes=tuple(scopes.parse(application.allowed_scopes)),
        default_scopes=tuple(scopes.parse(application.default_scopes)),
        allowed_origins=tuple(application.allowed_origins.split()),
        **{field: getattr(application, field) for field in ("kind", "name", *LINKS, *SWITCHES, *PROOFS)},
    )


def find_faults(details: Details, *, from_staff: bool, besides: int | None = None) -> dict[str, list[str]]:
    """Every reason against `details`, by field; empty if they may be registered.

    `besides` is the client that has them already, when it is being changed.
    """
    faults: dict[str, list[str]] = {}
    for field, reasons in {
        "kind": faults_of_kind(details),
        "name": faults_of_name(details, besides),
        **{link: faults_of_link(getattr(details, link)) for link in LINKS},
        "redirect_uris": faults_of_redirect_uris(details, from_staff=from_staff),
        "post_logout_redirect_uris": faults_of_post_logout_uris(details, from_staff=from_staff),
        "backchannel_logout_uri": faults_of_backchannel(details),
        "allowed_scopes": faults_of_scopes(details),
        "default_scopes": faults_of_default_scopes(details),
        "allowed_origins": faults_of_origins(details),
        "allows_device_grant": faults_of_device(details),
        "trusted_with_keys": faults_of_trust(details, from_staff=from_staff),
        "jwks": faults_of_keys(details),
        "jwks_uri": faults_of_keys_address(details),
    }.items():
        if reasons:
            faults[field] = reasons
    return faults


def find_fault_of_client_id(client_id: str) -> str | None:
    """Why no new client may have `client_id`, or None."""
    if not CLIENT_ID.match(client_id):
        return _("A client id has 1 to 255 characters of A-Z a-z 0-9 . _ ~ : / -")
    if Application.objects.filter(client_id=client_id).exists():
        return _("Another client has this id.")
    return None


def faults_of_kind(details: Details) -> list[str]:
    if details.kind not in Kind.values:
        return [_("The type is web, native or machine.")]
    if details.keeps_secret not in MAY_KEEP_SECRET[Kind(details.kind)]:
        return [_("A native client keeps no secret, and a machine client must.")]
    return []


def faults_of_name(details: Details, besides: int | None) -> list[str]:
    fault = client_names.find_fault(details.name)
    if fault:
        return [fault]
    namesake = None if details.is_verified else client_names.find_verified_namesake(details.name, besides=besides)
    if namesake is None:
        return []
    return [_("People would take this name for “%(name)s”, which is verified.") % {"name": namesake}]


def faults_of_link(url: str) -> list[str]:
    if not url:
        return []
    if not url.startswith("https://"):
        return [_("A link starts with https://")]
    if len(url) > MAX_LINK_LENGTH:
        return [_("A link has at most %(count)d characters.") % {"count": MAX_LINK_LENGTH}]
    return faults_of_address(urldefrag(url)[0])


def faults_of_address(address: str) -> list[str]:
    """Held to what a redirect URI of a server has to be, as browsers or our worker go there."""
    fault = redirect_uris.find_fault(address, client_type="confidential", from_staff=False)
    return [fault[0].upper() + fault[1:]] if fault else []


def faults_of_redirect_uris(details: Details, *, from_staff: bool) -> list[str]:
    if details.kind == Kind.MACHINE:
        return [_("A machine client has no redirect URIs.")] if details.redirect_uris else []
    if not details.redirect_uris and not details.allows_device_grant:
        return [_("At least one redirect URI is needed.")]
    return by_line(
        redirect_uris.find_faults(list(details.redirect_uris), client_type=details.client_type, from_staff=from_staff)
    )


def faults_of_post_logout_uris(details: Details, *, from_staff: bool) -> list[str]:
    """The same rules as for redirect URIs: a browser is sent there too."""
    if details.kind == Kind.MACHINE and details.post_logout_redirect_uris:
        return [_("Nobody signs out of a machine client.")]
    addresses = list(details.post_logout_redirect_uris)
    return by_line(redirect_uris.find_faults(addresses, client_type=details.client_type, from_staff=from_staff))


def faults_of_backchannel(details: Details) -> list[str]:
    """Our worker calls it: a server's address, whoever it belongs to (attack 89)."""
    if not details.backchannel_logout_uri:
        return []
    if details.kind != Kind.WEB:
        return [_("Only a web application is told of sign-outs.")]
    return faults_of_address(details.backchannel_logout_uri)


def faults_of_origins(details: Details) -> list[str]:
    if details.kind == Kind.MACHINE and details.allowed_origins:
        return [_("A machine client has no CORS origins.")]
    return by_line(origins.find_faults(list(details.allowed_origins)))


def by_line(faults: Mapping[int, str]) -> list[str]:
    return [_("Line %(line)d: %(reason)s") % {"line": index + 1, "reason": why} for index, why in faults.items()]


WRONG_SCOPES: dict[bool, Promise] = {
    True: gettext_lazy("A machine client has usage:write alone. Not allowed: %(scopes)s"),
    False: gettext_lazy("A person can't grant this: %(scopes)s"),
}


def faults_of_scopes(details: Details) -> list[str]:
    is_machine = details.kind == Kind.MACHINE
    wrong = strangers(details.allowed_scopes, resources.for_machines() if is_machine else resources.for_people())
    if wrong:
        return [str(WRONG_SCOPES[is_machine]) % {"scopes": wrong}]
    return [] if details.allowed_scopes else [_("At least one scope is needed.")]


def faults_of_default_scopes(details: Details) -> list[str]:
    wrong = strangers(details.default_scopes, scopes.expand(" ".join(details.allowed_scopes)))
    if wrong:
        return [_("A default scope must be an allowed one. Not allowed: %(scopes)s") % {"scopes": wrong}]
    return []


def strangers(names: Sequence[str], known: Sequence[str] | frozenset[str]) -> str:
    # Quoted where it could do something to the terminal or page that shows it.
    return ", ".join(name if name.isprintable() else ascii(name) for name in names if name not in known)


def faults_of_device(details: Details) -> list[str]:
    if details.allows_device_grant and details.kind != Kind.NATIVE:
        return [_("Only a CLI or native application has device login.")]
    return []


def faults_of_trust(details: Details, *, from_staff: bool) -> list[str]:
    if not details.trusted_with_keys:
        return []
    if not from_staff:
        return [_("Only staff can trust a client with keys.")]
    if "projects:read" not in scopes.expand(" ".join(details.allowed_scopes)):
        return [_("A client trusted with keys needs the scope projects:read.")]
    return []


def faults_of_keys(details: Details) -> list[str]:
    if details.jwks and details.jwks_uri:
        return [_("Either the keys or their address.")]
    if not details.jwks:
        return []
    if not details.keeps_secret:
        return [_("Only a client that runs on a server proves itself by a key.")]
    if len(details.jwks) > MAX_KEYS_LENGTH:
        return [_("Keys have at most %(count)d characters.") % {"count": MAX_KEYS_LENGTH}]
    try:
        public_keys.read_set(details.jwks)
    except (ValueError, RecursionError):
        return [_("A JWK set with a public key for %(names)s.") % {"names": ", ".join(public_keys.ALGORITHMS)}]
    return []


def faults_of_keys_address(details: Details) -> list[str]:
    if not details.jwks_uri:
        return []
    if not details.keeps_secret:
        return [_("Only a client that runs on a server proves itself by a key.")]
    return faults_of_address(details.jwks_uri)
