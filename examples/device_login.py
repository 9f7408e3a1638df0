"""A program without a browser signs a person in (RFC 8628). Python's standard library is all it needs.

    make run                             in one terminal
    python3 examples/device_login.py     in another, in the same folder

It reads where Gatehouse is, and its own client id, from var/demo.json. Elsewhere give both:

    python3 examples/device_login.py https://id.example clf_...
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def main(base_url: str, client_id: str) -> int:
    codes = call(f"{base_url}/api/oauth/v1/device_authorization", {"client_id": client_id, "scope": "user:read"})
    if "error" in codes:
        print(codes["error_description"], file=sys.stderr)
        return 1
    print(f"Open {codes['verification_uri']} and type {codes['user_code']}", flush=True)
    print(f"or open {codes['verification_uri_complete']}", flush=True)
    tokens = wait_for_tokens(base_url, client_id, codes)
    if "error" in tokens:
        print(tokens["error_description"], file=sys.stderr)
        return 1
    profile = call(f"{base_url}/auth/v1/profile", None, tokens["access_token"])
    print(f"Signed in as {profile['user']['email']}; the token is good for {tokens['expires_in']} seconds.")
    return 0


def wait_for_tokens(base_url: str, client_id: str, codes: dict[str, Any]) -> dict[str, Any]:
    """Polls as slowly as told, until there is an answer that is not "wait"."""
    interval_seconds = codes["interval"]
    body = {"grant_type": DEVICE_CODE, "device_code": codes["device_code"], "client_id": client_id}
    while True:
        time.sleep(interval_seconds)
        answer = call(f"{base_url}/api/oauth/v1/token", body)
        if answer.get("error") == "slow_down":
            interval_seconds += 5
        elif answer.get("error") != "authorization_pending":
            return answer


def call(url: str, body: dict[str, str] | None, access_token: str = "") -> dict[str, Any]:
    """The JSON answer, a refusal's too; where none comes, the program ends with the reason."""
    headers = {"Content-Type": "application/json"}
    if access_token:
        headers["Authorization"] = f"Bearer {access_token}"
    data = json.dumps(body).encode() if body is not None else None
    try:
        with opened(urllib.request.Request(url, data, headers)) as answer:  # noqa: S310  the address that the caller gave
            held: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as failure:  # nobody is there, or somebody who speaks no JSON
        raise SystemExit(f"No answer from {url}: {getattr(failure, 'reason', failure)}") from None
    return held


def opened(request: urllib.request.Request) -> Any:
    try:
        return urllib.request.urlopen(request, timeout=30)  # noqa: S310
    except urllib.error.HTTPError as refusal:
        return refusal


def demo() -> list[str]:
    path = Path(__file__).resolve().parent.parent / "var" / "demo.json"
    if not path.exists():
        raise SystemExit(f"There is no {path}: start `make run` first, or give an address and a client id")
    held = json.loads(path.read_text())
    return [held["base_url"], held["clients"]["device"]["client_id"]]


if __name__ == "__main__":
    given = sys.argv[1:]
    if {"-h", "--help"} & set(given):
        print(__doc__)
    elif len(given) not in (0, 2):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    else:
        sys.exit(main(*(given or demo())))
