"""The redirect rules of the contract, in one place: what may be registered and what matches it.

Source: oauth.md, "Clients"; RFC 8252 sections 7.1 and 7.3; RFC 9700 section 4.1. A URI that
passes `find_fault` has one reading: whatever splits it later finds the same host.
"""

import ipaddress
import re

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MAX_LENGTH = 2000
MAX_COUNT = 50
LOOPBACK_HOSTS = ("127.0.0.1", "[::1]", "localhost")

LOOPBACK = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\]|localhost)(?::(?P<port>[1-9][0-9]{0,4}))?(?P<rest>(?:[/?].*)?)\Z"
)
# What no URI may have, whatever its scheme: the first that is found is the reason.
TEXT_FAULTS = (
    (re.compile(r"\A\Z"), gettext_lazy("not absolute")),
    (re.compile(rf"(?s).{{{MAX_LENGTH + 1}}}"), gettext_lazy("longer than 2000 characters")),
    # RFC 3986 section 2: all else is to be percent-encoded, host names in punycode.
    (
        re.compile(r"[^A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]|%(?![0-9A-Fa-f]{2})"),
        gettext_lazy("a space, control character, backslash or other character that must be percent-encoded"),
    ),
    (re.compile(r"#"), gettext_lazy("has a fragment (#)")),
    (re.compile(r"\*"), gettext_lazy("has a wildcard (*)")),
    (re.compile(r"(?i)\A[^?]*/(?:\.|%2e){1,2}(?:[/?]|\Z)"), gettext_lazy("has a . or .. in its path")),
)
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
WEB = re.compile(r"https?://(?P<authority>[^/?]+)(?:[/?].*)?\Z")
# One slash, or two and something that is no third: `x:///path` is another spelling of `x:/path`.
PRIVATE = re.compile(r"[^:]+:(?:/(?!/)|//(?P<authority>[^/?]+)).*\Z")
REVERSE_DNS = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+\Z")
PORT = re.compile(r"[1-9][0-9]{0,4}\Z")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
# Browsers read a name as an IPv4 address when its last label is a number in any base.
NUMERIC_LABEL = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")

# Run or open things on the person's side; refused even if somebody lists them in the settings.
DANGEROUS_SCHEMES = frozenset(
    {"about", "blob", "chrome", "content", "data", "file", "filesystem", "ftp", "intent", "jar", "javascript"}
    | {"mailto", "ms-appx", "vbscript", "view-source", "ws", "wss"}
)


def matches(requested: str, registered: str) -> bool:
    """Whether `requested` is `registered`, to the letter but for the port of a loopback URI (RFC 8252 section 7.3)."""
    if requested == registered:
        return True
    known, asked = LOOPBACK.match(registered), LOOPBACK.match(requested)
    if known is None or asked is None or int(asked["port"] or 80) > 65_535:
        return False
    return (asked["host"], asked["rest"]) == (known["host"], known["rest"])


def is_loopback(uri: str) -> bool:
    return LOOPBACK.match(uri) is not None


def find_faults(lines: list[str], *, client_type: str, from_staff: bool) -> dict[int, str]:
    """The reason against each URI of `lines` that may not be registered, by its index from 0."""
    faults = {}
    for index, uri in enumerate(lines):
        reason = find_fault(uri, client_type=client_type, from_staff=from_staff)
        if uri in lines[:index]:
            reason = _("the same address stands above")
        if index >= MAX_COUNT:
            reason = _("more than %(count)d addresses") % {"count": MAX_COUNT}
        if reason:
            faults[index] = reason
    return faults


def find_fault(uri: str, *, client_type: str, from_staff: bool) -> str | None:
    """Why `uri` may not be registered for a client of `client_type`, or None if it may.

    Only staff register private-use schemes; registration and metadata documents get https and
    loopback alone (attacks.md, M7).
    """
    scheme = SCHEME.match(uri)
    reason = fault_of_text(uri) or (None if scheme else _("not absolute"))
    if reason or scheme is None:
        return reason
    if scheme[1].lower() in {"http", "https"}:
        return fault_of_web(uri, scheme[1])
    return fault_of_private(uri, scheme[1], client_type=client_type, from_staff=from_staff)


def fault_of_text(uri: str) -> str | None:
    return next((str(reason) for fault, reason in TEXT_FAULTS if fault.search(uri)), None)


def fault_of_web(uri: str, scheme: str) -> str | None:
    found = WEB.match(uri)
    if found is None:
        return _("not absolute") if scheme.islower() else _("write http and https in lower case")
    authority = found["authority"]
    if "@" in authority:
        return _("has user info (@)")
    host, port = split_port(authority)
    if scheme == "http" and host not in LOOPBACK_HOSTS:
        return _("http only for 127.0.0.1, [::1], localhost")
    return fault_of_host(host) or fault_of_port(port)


def fault_of_private(uri: str, scheme: str, *, client_type: str, from_staff: bool) -> str | None:
    if scheme.lower() in DANGEROUS_SCHEMES:
        return _("this scheme is never allowed")
    if not REVERSE_DNS.match(scheme) and scheme not in settings.PRIVATE_REDIRECT_SCHEMES:
        return _("a private scheme is a reversed domain name (com.example.app) or in PRIVATE_REDIRECT_SCHEMES")
    if client_type != "public":
        return _("private scheme needs a public client")
    if not from_staff:
        return _("only staff register private schemes")
    found = PRIVATE.match(uri)
    if found is None:
        return _("not absolute")
    return _("has user info (@)") if "@" in (found["authority"] or "") else None


def split_port(authority: str) -> tuple[str, str | None]:
    """Host and, if there is a colon after it, what stands behind that."""
    host, colon, port = authority.rpartition(":")
    if not colon or port.endswith("]"):
        return authority, None
    return host, port


def fault_of_port(port: str | None) -> str | None:
    if port is None or (PORT.match(port) and int(port) <= 65_535):
        return None
    return _("the port is not a number from 1 to 65535")


def fault_of_host(host: str) -> str | None:
    """A host has one spelling: a name of lower-case labels, or an address as it is usually written."""
    if host.startswith("["):
        return None if is_plain_ipv6(host) else _("not a usable IP address")
    if host != host.lower():
        return _("write the host in lower case")
    labels = host.split(".")
    if NUMERIC_LABEL.match(labels[-1]):
        return None if is_plain_ipv4(host) else _("not a usable IP address")
    if len(host) > 253 or not all(LABEL.match(label) for label in labels):
        return _("not a valid host name")
    return None


def is_plain_ipv4(host: str) -> bool:
    try:
        return not ipaddress.IPv4Address(host).is_unspecified
    except ValueError:
        return False


def is_plain_ipv6(host: str) -> bool:
    try:
        address = ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return False
    return (
        f"[{address}]" == host
        and address.scope_id is None
        and address.ipv4_mapped is None
        and not address.is_unspecified
    )
