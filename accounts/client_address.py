"""Which address a request came from. Never a header's word, unless a trusted proxy says it."""

import ipaddress
import re
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
WITH_PORT = re.compile(r"(?:\[(?P<six>.+)\]|(?P<four>[0-9.]+))(?::[0-9]+)?\Z")


@lru_cache(maxsize=8)
def networks(cidrs: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(cidr, strict=False) for cidr in cidrs)


def is_trusted(address: str, cidrs: tuple[str, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks(cidrs))


def client_address(request: HttpRequest) -> str:
    """The address of the client: the peer, or the nearest untrusted hop of X-Forwarded-For
    behind GATEHOUSE_TRUSTED_PROXIES, read from the right, as only those hops can't be forged.
    """
    peer, hops = request.META.get("REMOTE_ADDR") or "unknown", request.META.get("HTTP_X_FORWARDED_FOR", "")
    return nearest_untrusted(peer, hops, tuple(settings.TRUSTED_PROXIES))


@lru_cache(maxsize=1024)
def nearest_untrusted(peer: str, hops: str, trusted: tuple[str, ...]) -> str:
    address = peer
    for hop in reversed(hops.split(",")):
        named = address_in(hop)
        if named is None or not is_trusted(address, trusted):
            break
        address = named
    return address


def address_in(hop: str) -> str | None:
    """The address that `hop` names, without the port that some proxies write; None for anything else."""
    found = WITH_PORT.match(hop.strip())
    bare = (found["six"] or found["four"]) if found else hop.strip()
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return None


def limit_key(request: HttpRequest) -> str:
    """What limits count as one address: of IPv6 the /64, all of which one customer has to choose from."""
    address = client_address(request)
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
