"""Requests to addresses that somebody else chose: nothing inside our network is reachable.

The name is looked up once, every address it has must be allowed, and the connection goes to
one that was looked at: a name that changes its mind between look and call (DNS rebinding)
gains nothing. No redirect is followed, no proxy of the environment is used, and the whole
exchange, lookup included, has one deadline and one size, so a slow drip ends as well.
Each failure has a name out of `Outcome`. Source: docs/attacks.md, row 89.
"""

import http.client
import queue
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from oauth_provider.deadline import Deadline, Wire
from oauth_provider.public_internet import is_loopback, is_public

MAX_BYTES = 64 * 1024
# Names that no public server has (RFC 6761, RFC 6762, RFC 9476 and ICANN's `internal`).
PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa", "alt", "test", "invalid", "onion")


class Outcome(StrEnum):
    """What a request met: a name to keep and to show, never a stack trace."""

    OK = "ok"  # 200 to 299
    REDIRECTED = "redirect_refused"
    BAD_STATUS = "unexpected_status"
    INVALID_ADDRESS = "invalid_address"
    ADDRESS_REFUSED = "address_refused"
    LOOKUP_FAILED = "name_not_resolved"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    TIMED_OUT = "timed_out"
    TOO_LARGE = "answer_too_large"
    INVALID_ANSWER = "invalid_answer"


class Reach(Enum):
    """How far a request may go. Plain http never leaves this machine unless the operator chose it."""

    PUBLIC = "public"
    LOOPBACK = "loopback"  # that, and this machine: for development and tests
    ANYWHERE = "anywhere"  # for addresses that the operator chose, never for anybody else's


class Refused(Exception):
    """Nothing came back; `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def outcome(self) -> Outcome:
        if 200 <= self.status < 300:
            return Outcome.OK
        return Outcome.REDIRECTED if 300 <= self.status < 400 else Outcome.BAD_STATUS


@dataclass(frozen=True, slots=True)
class Place:
    """An address that a name led to, as the socket takes it."""

    family: socket.AddressFamily
    sockaddr: tuple[str | int | bytes, ...]

    @property
    def address(self) -> str:
        return str(self.sockaddr[0])


def fetch(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float = 10,
    max_bytes: int = MAX_BYTES,
    reach: Reach = Reach.PUBLIC,
) -> Answer:
    """The answer of `url`, whatever its status. Raises Refused when none came.

    `max_bytes` of its body are read at most, and more is refused; with 0 none is, whatever follows the headers.
    """
    deadline = Deadline(timeout_seconds)
    parts = parse(url)
    try:
        places = look_up(parts, deadline)
        check_reach(parts, places, reach)
        with open_wire(places, parts, deadline) as connected:
            return exchange(Wire(connected, deadline), parts, method, headers or {}, body, max_bytes)
    except TimeoutError:
        raise Refused(Outcome.TIMED_OUT) from None
    except (http.client.HTTPException, ValueError):
        raise Refused(Outcome.INVALID_ANSWER) from None
    except OSError:
        raise Refused(Outcome.CONNECTION_FAILED) from None


def check_address(url: str, *, reach: Reach = Reach.PUBLIC) -> None:
    """Refuses early what `fetch` would refuse whatever the name leads to.

    A name is not looked up: where it leads may change before the first call, and the answer
    would tell a stranger which names our resolver knows. Raises Refused.
    """
    parts = parse(url)
    host = (parts.hostname or "").rstrip(".")
    if reach is Reach.ANYWHERE:
        return
    address = literal(host)
    is_local = is_loopback(address) if address else host == "localhost"
    if reach is Reach.LOOPBACK and is_local:
        return
    if parts.scheme != "https":
        raise Refused(Outcome.INVALID_ADDRESS)
    if not (is_public(address) if address else is_public_name(host)):
        raise Refused(Outcome.ADDRESS_REFUSED)


def is_public_name(host: str) -> bool:
    labels = host.lower().split(".")
    return len(labels) > 1 and not any(("." + host.lower()).endswith("." + name) for name in PRIVATE_NAMES)


def literal(host: str) -> str:
    """The IP address that `host` itself is, in whatever notation a resolver takes; or nothing."""
    for family in (socket.AF_INET6, socket.AF_INET):
        try:
            return socket.inet_ntop(family, socket.inet_pton(family, host))
        except OSError:
            continue
    try:
        return socket.inet_ntoa(socket.inet_aton(host))  # 127.1, 2130706433, 0x7f.1
    except OSError:
        return ""


def parse(url: str) -> SplitResult:
    """Raises Refused unless `url` is plain http(s): no user, no fragment, no blank, no odd port."""
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise Refused(Outcome.INVALID_ADDRESS) from None
    is_clean = url.isascii() and url.isprintable() and not set(" \\") & set(url)
    if not is_plain or not is_clean or "@" in parts.netloc or "#" in url:
        raise Refused(Outcome.INVALID_ADDRESS)
    return parts


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def look_up(parts: SplitResult, deadline: Deadline) -> list[Place]:
    """Where the name leads, asked once. In a thread, as a resolver knows no deadline."""
    found: queue.SimpleQueue[list[Place] | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            entries = socket.getaddrinfo(parts.hostname, port_of(parts), type=socket.SOCK_STREAM)
            found.put([Place(entry[0], entry[4]) for entry in entries])
        except (OSError, UnicodeError):
            found.put(None)

    threading.Thread(target=ask, daemon=True).start()
    try:
        places = found.get(timeout=deadline.left_seconds())
    except queue.Empty:
        raise TimeoutError from None
    if not places:
        raise Refused(Outcome.LOOKUP_FAILED)
    return places


def check_reach(parts: SplitResult, places: list[Place], reach: Reach) -> None:
    """All addresses must do: one good among them opens no door to the others."""
    if reach is Reach.ANYWHERE:
        return
    if reach is Reach.LOOPBACK and all(is_loopback(place.address) for place in places):
        return
    if not all(is_public(place.address) for place in places):
        raise Refused(Outcome.ADDRESS_REFUSED)
    if parts.scheme != "https":
        raise Refused(Outcome.INVALID_ADDRESS)


def open_wire(places: list[Place], parts: SplitResult, deadline: Deadline) -> socket.socket:
    plain = connect(places, deadline)
    return secure(plain, parts.hostname or "", deadline) if parts.scheme == "https" else plain


def connect(places: list[Place], deadline: Deadline) -> socket.socket:
    """A connection to the first of `places` that takes one; each gets its share of the time."""
    last_fault: OSError | None = None
    for index, place in enumerate(places):
        plain = socket.socket(place.family, socket.SOCK_STREAM)
        plain.settimeout(deadline.left_seconds() / (len(places) - index))
        try:
            plain.connect(place.sockaddr)
        except OSError as fault:
            plain.close()
            last_fault = fault
        else:
            return plain
    raise last_fault or ConnectionError


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """Reading the authorities' file takes 20 ms of work: once for a process."""
    return ssl.create_default_context()


def secure(plain: socket.socket, host: str, deadline: Deadline) -> ssl.SSLSocket:
    """TLS on `plain` with whoever proves to be `host`."""
    secured = plain
    try:
        secured = tls().wrap_socket(plain, server_hostname=host.rstrip("."), do_handshake_on_connect=False)
        secured.settimeout(deadline.left_seconds())
        secured.do_handshake()
    except TimeoutError:
        secured.close()
        raise
    except (OSError, ValueError):
        secured.close()
        raise Refused(Outcome.TLS_FAILED) from None
    return secured


def exchange(
    wire: Wire, parts: SplitResult, method: str, headers: Mapping[str, str], body: bytes | None, max_bytes: int
) -> Answer:
    connection = http.client.HTTPConnection(parts.hostname or "")
    connection.sock = wire
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": parts.netloc, "User-Agent": "Gatehouse", "Connection": "close", **headers}.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    content = read_body(response, max_bytes) if max_bytes else b""
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


def read_body(response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    content = response.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise Refused(Outcome.TOO_LARGE)
    if response.length:  # cut off in the middle; read(n) itself is content with less
        raise Refused(Outcome.INVALID_ANSWER)
    return content
