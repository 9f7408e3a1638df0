"""Hosts of their own on one machine: network namespaces on a bridge. Linux and root; elsewhere addresses of loopback.

What runs on one reaches the others over the bridge alone: its loopback is its own.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

# Of this process: two runs at once do not meet. A device's name has 15 letters at most.
NAME = f"gh{os.getpid()}"
NETWORK = f"10.231.{os.getpid() % 250 + 1}"


@dataclass(frozen=True)
class Host:
    name: str
    address: str
    prefix: tuple[str, ...] = ()  # what a command begins with to run there


@dataclass(frozen=True)
class Hosts:
    own: str  # this machine's address, as they reach it
    network: str
    others: tuple[Host, ...]
    are_apart: bool


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def can_be_made() -> bool:
    """Whether this machine lets us."""
    name = f"{NAME}-try"
    try:
        ip("netns", "add", name)
        ip("netns", "del", name)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@contextlib.contextmanager
def two_hosts() -> Iterator[Hosts]:
    if not can_be_made():
        others = tuple(Host(f"loopback {number}", f"127.0.0.{number}") for number in (2, 3))
        yield Hosts("127.0.0.1", "127.0.0.0/8", others, are_apart=False)
        return
    ip("link", "add", NAME, "type", "bridge")
    made = []
    try:
        ip("addr", "add", f"{NETWORK}.1/24", "dev", NAME)
        ip("link", "set", NAME, "up")
        for number in (2, 3):
            made.append(make_host(number))
        yield Hosts(f"{NETWORK}.1", f"{NETWORK}.0/24", tuple(made), are_apart=True)
    finally:
        for host in made:
            ip("netns", "del", host.name)
        ip("link", "del", NAME)


def make_host(number: int) -> Host:
    """Its end of the wire is `eth0`."""
    name, wire = f"{NAME}-host-{number}", f"{NAME}-{number}"
    ip("netns", "add", name)
    ip("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", name)
    ip("link", "set", wire, "master", NAME, "up")
    ip("-n", name, "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
    for device in ("lo", "eth0"):
        ip("-n", name, "link", "set", device, "up")
    return Host(name, f"{NETWORK}.{number}", ("ip", "netns", "exec", name))
