"""People, machines and partners that call over HTTP, and write down what each call was told.

Each call has a connection of its own, as behind a balancer that does not keep any. What was not
answered by a 2xx is not tried again, but for usage events: a meter sends a batch until it is taken.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.clients import CHALLENGE, VERIFIER
from tests.lanes.visitor import Visitor

PATIENCE_SECONDS = 40  # a call that takes longer hangs
CUT_OFF = "cut off"
KINDS = (
    *("authorize", "code", "refresh", "profile", "key set", "discovery"),
    *("machine", "events", "create", "pause", "partner's list"),
)
TOKEN = "/api/oauth/v1/token"


@dataclass(frozen=True)
class Call:
    what: str
    began: float
    ended: float
    status: int | str

    @property
    def is_good(self) -> bool:
        return isinstance(self.status, int) and self.status < 400


@dataclass
class Book:
    """What everybody was told."""

    calls: list[Call] = field(default_factory=list)
    access_tokens: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)  # redeemed, by a 200
    events: list[str] = field(default_factory=list)  # ids, acknowledged
    projects: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def failed(self) -> Counter[str]:
        return Counter(str(call.status) for call in self.calls if not call.is_good)

    def longest_outage(self) -> float:
        """The longest time in which calls of one kind failed and none was answered."""
        return max((outage_of([call for call in self.calls if call.what == what]) for what in KINDS), default=0.0)

    def slowest(self) -> float:
        return max((call.ended - call.began for call in self.calls), default=0.0)


def outage_of(calls: list[Call]) -> float:
    longest, began = 0.0, None
    for call in sorted(calls, key=lambda call: call.ended):
        if call.is_good:
            began = None
        else:
            began = began or call.began
            longest = max(longest, call.ended - began)
    return longest


@dataclass
class Answer:
    status: int | str
    body: dict[str, Any]
    headers: dict[str, str]


class Wire:
    """Calls one address: that of the server, or of what stands before several."""

    def __init__(self, url: str, book: Book) -> None:
        self.url, self.host = url, urlsplit(url).netloc
        self.book = book

    def call(
        self, what: str, method: str, path: str, body: object = None, seconds: float = PATIENCE_SECONDS, **headers: str
    ) -> Answer:
        sent = None if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", "Connection": "close"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        began, status, read, got = time.monotonic(), CUT_OFF, b"", {}
        connection = http.client.HTTPConnection(self.host, timeout=seconds)
        try:
            connection.request(method, path, sent, given)
            response = connection.getresponse()
            read = response.read()
            status, got = response.status, {name.lower(): value for name, value in response.getheaders()}
        except TimeoutError:
            status = "hung"
        except (OSError, http.client.HTTPException):
            status = CUT_OFF
        finally:
            connection.close()
        self.book.calls.append(Call(what, began, time.monotonic(), status))
        self.look_at(what, status, read, got)
        return Answer(status, parsed(read), got)

    def look_at(self, what: str, status: int | str, read: bytes, got: dict[str, str]) -> None:
        """Notes what no fault excuses."""
        is_away = status == 503 and "retry-after" in got
        if status == "hung" or (isinstance(status, int) and status >= 400 and not is_away):
            self.book.odd.append(f"{what}: {status} {read[:200]!r}")


def parsed(read: bytes) -> dict[str, Any]:
    try:
        found = json.loads(read)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@dataclass
class Cast:
    """Who calls, by the demo's data; each way of calling is one round of a loop."""

    wire: Wire
    demo: dict[str, Any]
    cookie: str
    project: str
    secrets: dict[str, str] = field(default_factory=dict)  # of the client and the partner, as they are now

    def __post_init__(self) -> None:
        self.secrets |= {
            "client": self.demo["clients"]["confidential"]["client_secret"],
            "partner": self.demo["partners"]["white_label"]["secret"],
        }

    def everybody(self) -> tuple[Callable[[], None], ...]:
        return self.person, self.person, self.read, self.machine, self.provision

    def person(self) -> None:
        """A code, its tokens, the profile, a refresh, the profile again."""
        if tokens := self.tokens_of_a_code():
            self.profile(tokens["access_token"])
            if again := self.tokens("refresh", grant_type="refresh_token", refresh_token=tokens["refresh_token"]):
                self.profile(again["access_token"])

    def code(self) -> str:
        """A new code; empty where there is none."""
        path = f"/api/oauth/v1/authorize?{query(self.demo['clients']['confidential'])}"
        said = self.wire.call("authorize", "GET", path, Cookie=self.cookie)
        return parse_qs(urlsplit(said.headers.get("location", "")).query).get("code", [""])[0]

    def tokens_of_a_code(self) -> dict[str, Any] | None:
        code = self.code()
        if not code:
            return None
        tokens = self.tokens("code", grant_type="authorization_code", code=code, code_verifier=VERIFIER)
        if tokens:
            self.wire.book.codes.append(code)
        return tokens

    def tokens(self, what: str, **body: str) -> dict[str, Any] | None:
        client = self.demo["clients"]["confidential"]
        sent = {"client_id": client["client_id"], "redirect_uri": client["redirect_uri"], **body}
        said = self.wire.call(what, "POST", TOKEN, {**sent, "client_secret": self.secrets["client"]})
        if said.status != 200:
            return None
        self.wire.book.access_tokens.append(said.body["access_token"])
        return said.body

    def profile(self, token: str) -> None:
        self.wire.call("profile", "GET", "/auth/v1/profile", Authorization=f"Bearer {token}")

    def read(self) -> None:
        self.wire.call("key set", "GET", "/api/oauth/v1/jwks.json")
        self.wire.call("discovery", "GET", "/.well-known/oauth-authorization-server")
        self.wire.call(
            "partner's list", "GET", f"{self.partner}/projects", X_Partnership_Secret=self.secrets["partner"]
        )

    def machine(self) -> None:
        """A token, and a batch of events, until it is taken."""
        client = self.demo["clients"]["machine"]
        basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
        body = {"grant_type": "client_credentials"}
        said = self.wire.call("machine", "POST", TOKEN, body, Authorization=f"Basic {basic}")
        if said.status != 200:
            return
        self.wire.book.access_tokens.append(said.body["access_token"])
        self.send(said.body["access_token"])

    def send(self, token: str) -> None:
        ids = [uuid.uuid4().hex for _ in range(10)]
        batch = [an_event(each, self.project) for each in ids]
        deadline = time.monotonic() + 2 * PATIENCE_SECONDS
        while time.monotonic() < deadline:
            said = self.wire.call("events", "POST", "/usage/v1/events", batch, Authorization=f"Bearer {token}")
            if said.status == 200:
                if said.body["rejected"]:
                    self.wire.book.odd.append(f"events: {said.body['rejected'][:1]}")
                self.wire.book.events += ids
                return
            time.sleep(0.1)
        self.wire.book.odd.append("events: never taken")

    @property
    def partner(self) -> str:
        return f"/partnership/v1/{self.demo['partners']['white_label']['id']}"

    def provision(self) -> None:
        """A project, made and paused."""
        secret = {"X_Partnership_Secret": self.secrets["partner"]}
        body = {"project_name": f"Shop {uuid.uuid4().hex[:12]}", "region": "us-east"}
        made = self.wire.call("create", "POST", f"{self.partner}/sync-embedded-project", body, **secret)
        if made.status not in (200, 201, 202):
            return
        project = made.body["project"]["id"]
        self.wire.book.projects.append(project)
        if made.body["project"].get("status") == "active":
            self.wire.call("pause", "POST", f"{self.partner}/{project}/pause", {}, **secret)


def an_event(id_: str, project: str) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "/faults",
        "type": "usage.recorded",
        "time": datetime.now(UTC).isoformat(),
        "subject": project,
        "data": {"mcp_calls": 1},
    }


def query(client: dict[str, str]) -> str:
    return urlencode(
        {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": client["redirect_uri"],
            "scope": "user:read",
            "state": "load",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
    )


def sign_in(url: str, demo: dict[str, Any]) -> str:
    """The cookie of the demo's person, who has allowed the client."""
    visitor = Visitor(url, demo["user"])
    visitor.allow(f"{url}/api/oauth/v1/authorize?{query(demo['clients']['confidential'])}")
    return "; ".join(f"{name}={value}" for name, value in visitor.browser.cookies.items())


@contextmanager
def under_load(*ways: Callable[[], None], pause_seconds: float = 0.05) -> Iterator[None]:
    """Each way again and again, in a thread of its own, until the block ends; what is begun is ended."""
    stopped, broken = threading.Event(), []

    def run(way: Callable[[], None]) -> None:
        while not stopped.wait(pause_seconds):
            try:
                way()
            except Exception as fault:  # a load that ends unseen would prove nothing
                broken.append(repr(fault))
                return

    threads = [threading.Thread(target=run, args=[way], daemon=True) for way in ways]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join(3 * PATIENCE_SECONDS)
    assert not broken, broken
