"""Origins whose scripts may read our answers (contract/README.md, rule 8): what may be registered."""

import re

from django.utils.translation import gettext as _

from oauth_provider.redirect_uris import LOOPBACK_HOSTS, MAX_COUNT, fault_of_host, fault_of_port, split_port

ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#\s]+)(?P<rest>.*)\Z", re.DOTALL)
DEFAULT_PORTS = {"https": "443", "http": "80"}


def find_faults(lines: list[str]) -> dict[int, str]:
    """The reason against each origin of `lines` that may not be registered, by its index from 0."""
    faults = {}
    for index, origin in enumerate(lines):
        reason = find_fault(origin)
        if origin in lines[:index]:
            reason = _("the same origin stands above")
        if index >= MAX_COUNT:
            reason = _("more than %(count)d origins") % {"count": MAX_COUNT}
        if reason:
            faults[index] = reason
    return faults


def find_fault(origin: str) -> str | None:
    """Why `origin` may not be registered, or None. It must read as browsers send it: they compare letters."""
    if "*" in origin:
        return _("has a wildcard (*)")
    found = ORIGIN.match(origin)
    if found is None:
        return _("not an origin such as https://app.example")
    if found["rest"]:
        return _("an origin ends after the host and port: no slash, no path")
    if "@" in found["authority"]:
        return _("has user info (@)")
    return fault_of_authority(found["scheme"], *split_port(found["authority"]))


def fault_of_authority(scheme: str, host: str, port: str | None) -> str | None:
    if scheme == "http" and host not in LOOPBACK_HOSTS:
        return _("http only for 127.0.0.1, [::1], localhost")
    if port == DEFAULT_PORTS[scheme]:
        return _("leave out the port %(port)s: browsers do") % {"port": port}
    return fault_of_host(host) or fault_of_port(port)
