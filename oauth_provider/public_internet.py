"""Which addresses are the open internet's, by a table of our own.

Python 3.11's `is_global` calls 6to4, site-local and the NAT64 of local use public, and its table
changes from patch to patch. Source: IANA's special-purpose registries (RFC 6890), as of 2026.
"""

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

REFUSED_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, where clouds keep their machines' credentials
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation, as 198.51.100 and 203.0.113
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# All that was ever given out to networks. Outside of it stand loopback, link-local, site-local,
# unique-local, multicast, discard, and the addresses that wrap an IPv4 one: mapped and NAT64.
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
REFUSED_IPV6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocols' own, Teredo among them
        "2001:db8::/32",  # documentation, as 3fff::/20
        "2002::/16",  # 6to4, which wraps an IPv4 address
        "3fff::/20",
    )
)


def is_public(address: str) -> bool:
    """Whether `address`, an IP address, is one that strangers may send us to."""
    parsed = parse(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in REFUSED_IPV4)
    return parsed in GLOBAL_UNICAST and not any(parsed in network for network in REFUSED_IPV6)


def is_loopback(address: str) -> bool:
    return parse(address).is_loopback


def parse(address: str) -> IPAddress:
    return ipaddress.ip_address(address.partition("%")[0])
