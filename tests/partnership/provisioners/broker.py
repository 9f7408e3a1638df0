"""A small Open Service Broker 2.17 of ours, on loopback, that misbehaves on purpose.

`tricks[kind]` is a list of what to do at the next calls of that kind (catalog, provision,
update, deprovision, bind, unbind, fetch, last_operation, binding_operation); then it behaves:

- a number: that status, and nothing is done;
- `half_done`: done, and a 500; `cut`: done, and the connection ends without an answer;
- `lies`: a success without doing anything; `slow`: done, with an answer too late;
- `garbage`, `list`: done, with a body that is no JSON or no object;
- `busy`: 422 ConcurrencyError; `fails`: either last_operation says failed, and what ran is left half done.
"""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SERVICE = {
    "id": "service-1",
    "name": "gatehouse-project",
    "bindable": True,
    "plan_updateable": True,
    "plans": [{"id": "plan-nano", "name": "nano"}, {"id": "plan-micro", "name": "micro"}],
}
SLOW_SECONDS = 2.5


@dataclass
class Request:
    kind: str
    headers: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]


@dataclass
class Broker:
    """Its books, open to the tests."""

    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    bindings: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    tricks: dict[str, list[int | str]] = field(default_factory=dict)
    service: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(SERVICE)))
    retry_after: str = ""
    polls: int = 0  # how often last_operation says "in progress"; 0: everything at once
    running: dict[str, int] = field(default_factory=dict)
    binds_slowly: bool = False  # bindings too, then: 202, to be fetched
    going: set[str] = field(default_factory=set)  # to be deleted when its operation ends

    def kinds(self) -> list[str]:
        return [request.kind for request in self.requests if request.kind != "catalog"]

    def catalog(self, _id: str, _body: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"services": [self.service]}

    def provision(self, id_: str, body: dict[str, Any]) -> tuple[int, Any]:
        here = self.instances.get(id_)
        if here and here["body"] != body:
            return 409, {}
        if here and id_ not in self.running:
            return 200, {"dashboard_url": f"https://{id_[:8]}.broker.example"}
        if not here:
            self.instances[id_] = {"body": body, "plan": body["plan_id"], "paused": False, "data": []}
        return self.begun(id_, 201, {"dashboard_url": f"https://{id_[:8]}.broker.example"})

    def update(self, id_: str, body: dict[str, Any]) -> tuple[int, Any]:
        here = self.instances.get(id_)
        if here is None:
            return 404, {}
        parameters = body.get("parameters", {})
        here["plan"] = body.get("plan_id", here["plan"])
        here["paused"] = parameters.get("paused", here["paused"])
        here["restart"] = parameters.get("restart", here.get("restart"))
        return self.begun(id_, 200, {})

    def deprovision(self, id_: str, _body: dict[str, Any]) -> tuple[int, Any]:
        if id_ not in self.instances:
            return 410, {}
        if self.polls:
            self.going.add(id_)
        else:
            del self.instances[id_]
        return self.begun(id_, 200, {})

    def bind(self, id_: str, _body: dict[str, Any]) -> tuple[int, Any]:
        if id_ not in self.instances:
            return 404, {}
        status = 200 if id_ in self.bindings else 201
        found = self.bindings.setdefault(id_, {"user": "u1", "password": "broker-secret"})
        if self.binds_slowly:
            self.running[f"binding {id_}"] = self.polls
            return 202, {"operation": f"bind-{id_}"}
        return status, {"credentials": found}

    def fetch(self, id_: str, _body: dict[str, Any]) -> tuple[int, Any]:
        ready = id_ in self.bindings and f"binding {id_}" not in self.running
        return (200, {"credentials": self.bindings[id_]}) if ready else (404, {})

    def unbind(self, id_: str, _body: dict[str, Any]) -> tuple[int, Any]:
        if self.bindings.pop(id_, None) is None:
            return 410, {}
        if self.binds_slowly:
            self.running[f"binding {id_}"] = self.polls
            return 202, {"operation": f"unbind-{id_}"}
        return 200, {}

    def binding_operation(self, id_: str, _body: dict[str, Any]) -> tuple[int, Any]:
        left = self.running.get(f"binding {id_}", 0)
        if left > 0:
            self.running[f"binding {id_}"] = left - 1
            return 200, {"state": "in progress"}
        self.running.pop(f"binding {id_}", None)
        return (200, {"state": "succeeded"}) if id_ in self.bindings else (410, {})

    def last_operation(self, id_: str, _body: dict[str, Any]) -> tuple[int, Any]:
        left = self.running.get(id_, 0)
        if left > 0:
            self.running[id_] = left - 1
            return 200, {"state": "in progress"}
        self.running.pop(id_, None)
        if id_ in self.going:
            self.going.discard(id_)
            del self.instances[id_]
        return (200, {"state": "succeeded"}) if id_ in self.instances else (410, {})

    def begun(self, id_: str, status: int, body: dict[str, Any]) -> tuple[int, Any]:
        if not self.polls:
            return status, body
        self.running[id_] = self.polls
        return 202, {**body, "operation": f"op-{id_}"}


class Handler(BaseHTTPRequestHandler):
    broker: Broker
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        parts = urlsplit(self.path)
        segments = parts.path.strip("/").split("/")
        kind = kind_of(self.command, segments)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        broker = self.broker
        broker.requests.append(Request(kind, {k.lower(): v for k, v in self.headers.items()}, query, body))
        trick = broker.tricks[kind].pop(0) if broker.tricks.get(kind) else None
        self.perform(kind, segments[2] if len(segments) > 2 else "", body, trick)

    do_GET = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815  names of the library

    def perform(self, kind: str, id_: str, body: dict[str, Any], trick: int | str | None) -> None:
        if isinstance(trick, int):
            return self.send(trick, b"{}")
        if trick == "busy":
            return self.send(422, b'{"error": "ConcurrencyError"}')
        if trick == "fails":
            self.broker.running.pop(id_, None)
            return self.send(200, b'{"state": "failed"}')
        if trick == "lies":
            return self.send(200, b"{}")
        status, found = getattr(self.broker, kind)(id_, body)
        if trick == "cut":
            self.close_connection = True
            return None
        if trick == "slow":
            time.sleep(SLOW_SECONDS)
        odd = {"half_done": (500, b"{}"), "garbage": (status, b"<html>"), "list": (status, b"[1]")}
        return self.send(*odd.get(str(trick), (status, json.dumps(found).encode())))

    def send(self, status: int, content: bytes) -> None:
        try:
            self.send_response(status)
            if self.broker.retry_after:
                self.send_header("Retry-After", self.broker.retry_after)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # the caller has stopped waiting
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Quiet: `requests` is the log."""


def kind_of(method: str, segments: list[str]) -> str:
    if segments[-1] == "catalog":
        return "catalog"
    if segments[-1] == "last_operation":
        return "binding_operation" if "service_bindings" in segments else "last_operation"
    if "service_bindings" in segments:
        return {"PUT": "bind", "DELETE": "unbind", "GET": "fetch"}[method]
    return {"PUT": "provision", "PATCH": "update", "DELETE": "deprovision"}[method]


class Served:
    """A broker behind a port of this machine."""

    def __init__(self) -> None:
        self.broker = Broker()
        handler = type("BoundHandler", (Handler,), {"broker": self.broker})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def settings(self) -> dict[str, object]:
        return {
            "url": self.url,
            "username": "gatehouse",
            "password": "broker-password",
            "service": "gatehouse-project",
            "extra_verbs": ["pause", "restore", "restart"],
        }

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
