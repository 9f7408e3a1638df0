"""Requests to addresses that somebody else chose: nothing inside our network is reachable.

The name is resolved once, every address it has must be public, and the connection goes to
the address that was looked at: a name that changes its mind between look and call (DNS
rebinding) gains nothing. No redirect is followed, no proxy of the environment is used, and
the whole exchange has one deadline and one size, so a slow drip ends as well.
Each failure is a `Refused` with a name. Source: docs/attacks.md, row 89.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

MAX_BYTES = 64 * 1024


class Refused(Exception):
    """Why nothing came back; `outcome` is one of a closed list of names."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked at: `address` is where to connect, `host` whom to expect."""

    is_https: bool
    host: str
    port: int
    path: str
    address: str


def fetch(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float = 10,
    max_bytes: int = MAX_BYTES,
    allow_private: bool = False,
) -> Answer:
    """The answer of `url`, whatever its status.

    `allow_private` is for addresses that the operator chose, never for anybody else's.
    Raises Refused: `invalid_address`, `name_not_resolved`, `address_refused`,
    `connection_failed`, `tls_failed`, `timed_out`, `answer_too_large`, `invalid_answer`.
    """
    target = look_at(url, allow_private=allow_private)
    connection = connect(target, timeout_seconds)
    is_over = threading.Event()
    deadline = threading.Timer(timeout_seconds, cut_off, [connection.sock, is_over])
    deadline.daemon = True
    deadline.start()
    try:
        answer = exchange(connection, target, method, headers or {}, body, max_bytes)
        if is_over.is_set():  # a cut-off body without a length looks like a whole one
            raise Refused("timed_out")
        return answer
    except TimeoutError:
        raise Refused("timed_out") from None
    except (OSError, http.client.HTTPException, ValueError) as fault:
        if is_over.is_set():
            raise Refused("timed_out") from None
        is_protocol = isinstance(fault, http.client.HTTPException | ValueError)
        raise Refused("invalid_answer" if is_protocol else "connection_failed") from None
    finally:
        deadline.cancel()
        connection.close()


def look_at(url: str, *, allow_private: bool = False) -> Target:
    """Where `url` leads. Raises Refused for what is no plain http(s) address or not public."""
    parts = parse(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = resolve(host, port)
    if not allow_private and not all(is_public(address) for address in addresses):
        raise Refused("address_refused")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", host, port, path, addresses[0])


def check_address(url: str, *, allow_private: bool = False) -> None:
    """Refuses early what `fetch` would refuse whatever the name resolves to, and plain http.

    The name itself is not looked up: what it resolves to may change before the first call.
    """
    parts = parse(url)
    if allow_private:
        return
    if parts.scheme != "https":
        raise Refused("invalid_address")
    try:
        ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return
    if not is_public(parts.hostname or ""):
        raise Refused("address_refused")


def parse(url: str) -> SplitResult:
    """Raises Refused unless `url` is plain http(s): no user, no fragment, no blank, no odd port."""
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise Refused("invalid_address") from None
    is_clean = url.isascii() and url.isprintable() and " " not in url
    if not is_plain or not is_clean or "@" in parts.netloc or "#" in url:
        raise Refused("invalid_address")
    return parts


def resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("name_not_resolved") from None
    return [str(entry[4][0]) for entry in found]


def is_public(address: str) -> bool:
    """Whether `address` is one of the open internet, looked at through every wrapping."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        wrapped = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo and parsed.teredo[1]) or nat64(parsed)
        if wrapped:
            return is_public(str(wrapped))
    return parsed.is_global and not parsed.is_multicast


def nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def connect(target: Target, timeout_seconds: float) -> http.client.HTTPConnection:
    """A connection to the pinned address; TLS expects the certificate of the name."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=timeout_seconds)
    try:
        plain = socket.create_connection((target.address, target.port), timeout=timeout_seconds)
    except TimeoutError:
        raise Refused("timed_out") from None
    except OSError:
        raise Refused("connection_failed") from None
    connection.sock = plain
    if target.is_https:
        try:
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
        except TimeoutError:
            plain.close()
            raise Refused("timed_out") from None
        except (ssl.SSLError, OSError):
            plain.close()
            raise Refused("tls_failed") from None
    return connection


def exchange(
    connection: http.client.HTTPConnection,
    target: Target,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    max_bytes: int,
) -> Answer:
    default_port = 443 if target.is_https else 80
    name = f"[{target.host}]" if ":" in target.host else target.host
    host = name if target.port == default_port else f"{name}:{target.port}"
    connection.putrequest(method, target.path, skip_host=True, skip_accept_encoding=True)
    for key, value in {"Host": host, "User-Agent": "Gatehouse", "Connection": "close", **headers}.items():
        connection.putheader(key, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    content = response.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise Refused("answer_too_large")
    return Answer(response.status, {key.lower(): value for key, value in response.getheaders()}, content)


def cut_off(connected: socket.socket, is_over: threading.Event) -> None:
    """The deadline of the whole exchange: a read that waits in another thread ends with an error."""
    is_over.set()
    with contextlib.suppress(OSError):  # it has ended by itself
        connected.shutdown(socket.SHUT_RDWR)
