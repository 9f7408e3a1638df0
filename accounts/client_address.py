"""Which address a request came from. Never a header's word, unless a trusted proxy says it."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=8)
def networks(cidrs: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(cidr, strict=False) for cidr in cidrs)


def is_trusted(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks(tuple(settings.TRUSTED_PROXIES)))


def client_address(request: HttpRequest) -> str:
    """The address of the client: the peer, or the nearest untrusted hop of X-Forwarded-For
    behind GATEHOUSE_TRUSTED_PROXIES, read from the right, as only those hops can't be forged.
    """
    address = request.META.get("REMOTE_ADDR") or "unknown"
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not is_trusted(address) or not hop.strip():
            break
        address = hop.strip()
    return address
