"""A small Open Service Broker on loopback that misbehaves on purpose.

`whims` maps "METHOD noun" to what to do instead, each once: an HTTP status, or one of
`hang` (no answer), `garbage` (no JSON), `done-but-500` (does it, says 500), `slow` (202).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PLANS = ["nano", "micro", "small"]


@dataclass
class Broker:
    url: str = ""
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    bindings: dict[str, str] = field(default_factory=dict)
    whims: dict[str, list[Any]] = field(default_factory=dict)
    polls_left: int = 0
    poll_fails: bool = False
    pending: list[Any] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)

    def settings(self) -> dict[str, object]:
        extra = ["pause", "restore", "restart"]
        login = {"username": "gatehouse", "password": "b:roker"}
        return {"url": self.url, **login, "service": "projects", "extra_verbs": extra}

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        parts = path.strip("/").split("/")[1:]
        match (method, parts):
            case ("GET", ["catalog"]):
                plans = [{"id": f"plan-{name}", "name": name} for name in PLANS]
                return 200, {"services": [{"id": "service-1", "name": "projects", "plans": plans}]}
            case ("PUT", ["service_instances", name]):
                return self.provision(name, body)
            case ("PATCH", ["service_instances", name]):
                self.instances[name].update(body["parameters"], plan_id=body["plan_id"])
                return 200, {}
            case ("DELETE", ["service_instances", name]):
                return (200, {}) if self.instances.pop(name, None) else (410, {})
            case ("GET", ["service_instances", name, "last_operation"]):
                return self.poll(name)
            case ("PUT", ["service_instances", name, "service_bindings", binding]):
                is_new = self.bindings.setdefault(binding, name) and True
                return (201 if is_new else 200), {"credentials": {"uri": f"db://{name}"}}
            case ("DELETE", ["service_instances", _name, "service_bindings", binding]):
                return (200, {}) if self.bindings.pop(binding, None) else (410, {})
        return 404, {}

    def provision(self, name: str, body: Any) -> tuple[int, Any]:
        known = self.instances.get(name)
        if known is not None and known["plan_id"] != body["plan_id"]:
            return 409, {}
        self.instances[name] = {"plan_id": body["plan_id"], **body["parameters"]}
        return (201 if known is None else 200), {}

    def poll(self, name: str) -> tuple[int, Any]:
        if self.polls_left > 0:
            self.polls_left -= 1
            return 200, {"state": "in progress"}
        if self.poll_fails:
            self.poll_fails = False
            return 200, {"state": "failed", "description": "no room"}
        for act in self.pending:
            act()
        self.pending.clear()
        return (200, {"state": "succeeded"}) if name in self.instances else (410, {})


def misbehave(broker: Broker, whim: Any, act: Any) -> tuple[int, Any] | None:
    """What is sent instead; None: nothing at all."""
    if isinstance(whim, tuple):
        return whim
    if whim == "hang":
        time.sleep(0.5)
        return None
    if whim == "garbage":
        act()
        return 201, "<html>"
    if whim == "done-but-500":
        act()
        return 500, {}
    broker.pending.append(act)
    return 202, {"operation": "op-1"}


def handler(broker: Broker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            broker.requests.append((self.command, parts.path, dict(self.headers), query))
            noun = parts.path.rstrip("/").split("/")
            kind = "last_operation" if noun[-1] == "last_operation" else noun[-2]
            whims = broker.whims.get(f"{self.command} {kind}", [])
            act = lambda: broker.answer(self.command, parts.path, query, body)  # noqa: E731
            said = misbehave(broker, whims.pop(0), act) if whims else act()
            if said is not None:
                self.say(*said)

        def say(self, status: int, told: Any) -> None:
            content = told.encode() if isinstance(told, str) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815

        def log_message(self, *args: object) -> None:
            return None

    return Handler


@contextmanager
def running() -> Iterator[Broker]:
    broker = Broker()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(broker))
    broker.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield broker
    finally:
        server.shutdown()
        server.server_close()
