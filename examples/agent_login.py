"""An agent finds its own way in, from the address that it wants to call. Python's standard library is all it needs.

    make run                            in one terminal
    python3 examples/agent_login.py     in another, in the same folder

It reads where Gatehouse is from var/demo.json. Elsewhere say what to call:

    python3 examples/agent_login.py https://id.example/organizations/v1

The answer 401 names the resource's metadata (RFC 9728), which names the authorization server, whose metadata
(RFC 8414) says where to register (RFC 7591), sign in and fetch tokens. That is what clients of the Model Context
Protocol do.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any


def main(called: str) -> int:
    resource, scope = find_resource(called)
    server = find_server(resource["authorization_servers"][0])
    with http.server.HTTPServer(("127.0.0.1", 0), Callback) as listening:
        redirect_uri = f"http://127.0.0.1:{listening.server_port}/callback"
        client_id = register(server, redirect_uri)
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        question = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
            "resource": resource["resource"],
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        print(f"Open {server['authorization_endpoint']}?{urllib.parse.urlencode(question)}", flush=True)
        answer = wait_for_callback(listening)
    check(answer, state, server)
    grant = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": redirect_uri,
        "client_id": client_id,
        "code_verifier": verifier,
        "resource": resource["resource"],
    }
    tokens = call(server["token_endpoint"], body=urllib.parse.urlencode(grant).encode())
    print(json.dumps(call(called, access_token=tokens["access_token"]), indent=2))
    return 0


def find_resource(called: str) -> tuple[dict[str, Any], str]:
    """What the resource says of itself, and the scope that `called` needs: both from its refusal."""
    try:
        with urllib.request.urlopen(called, timeout=30):  # noqa: S310  the address that the caller gave
            raise SystemExit(f"{called} needs no token")
    except urllib.error.HTTPError as refusal:
        asked = dict(re.findall(r'(\w+)="([^"]*)"', refusal.headers["WWW-Authenticate"] or ""))
    resource = call(asked["resource_metadata"])
    if not f"{called}/".startswith(resource["resource"].rstrip("/") + "/"):
        raise SystemExit(f"{called} is no part of {resource['resource']}")
    return resource, asked.get("scope", "")


def find_server(issuer: str) -> dict[str, Any]:
    server = call(f"{issuer}/.well-known/oauth-authorization-server")
    if server["issuer"] != issuer or "S256" not in server["code_challenge_methods_supported"]:
        raise SystemExit(f"{issuer} is not what it says, or knows no PKCE")
    return server


def register(server: dict[str, Any], redirect_uri: str) -> str:
    """A client id for a public client on this machine. A program that stays keeps it, together with the issuer."""
    asked = {"client_name": "Example agent", "redirect_uris": [redirect_uri], "token_endpoint_auth_method": "none"}
    made = call(server["registration_endpoint"], body=json.dumps(asked).encode(), content_type="application/json")
    return str(made["client_id"])


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Callback(http.server.BaseHTTPRequestHandler):
    """Where the browser comes back to."""

    answer: dict[str, str] | None = None

    def do_GET(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        if parts.path != "/callback":
            self.send_error(404)
            return
        Callback.answer = dict(urllib.parse.parse_qsl(parts.query))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"You can close this window.")

    def log_message(self, *_: object) -> None:
        """The address has the code in it: nothing is logged."""


def wait_for_callback(listening: http.server.HTTPServer) -> dict[str, str]:
    while Callback.answer is None:
        listening.handle_request()
    return Callback.answer


def check(answer: dict[str, str], state: str, server: dict[str, Any]) -> None:
    """Ours, and from the server that we asked (RFC 9207)."""
    if answer.get("state") != state or answer.get("iss") != server["issuer"]:
        raise SystemExit("An answer to another question came back")
    if "code" not in answer:
        raise SystemExit(answer.get("error_description", "No code came back"))


def call(
    url: str,
    *,
    body: bytes | None = None,
    content_type: str = "application/x-www-form-urlencoded",
    access_token: str = "",
) -> dict[str, Any]:
    """The JSON answer; a refusal ends the program with its words."""
    headers = {"Content-Type": content_type} if body else {}
    if access_token:
        headers["Authorization"] = f"Bearer {access_token}"
    request = urllib.request.Request(url, body, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            held: dict[str, Any] = json.load(answer)
            return held
    except urllib.error.HTTPError as refusal:
        raise SystemExit(f"{url}: {refusal.code} {refusal.read().decode(errors='replace')}") from None


def demo() -> str:
    held = json.loads((Path(__file__).resolve().parent.parent / "var" / "demo.json").read_text())
    return f"{held['base_url']}/organizations/v1"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else demo()))
