"""/demo: a small third-party application that shows what goes over the wire. Embedded profile only.

It knows of Gatehouse what any client knows: its id, its secret, and the address. It keeps its
visits in this process's memory, under a cookie of its own, and calls the endpoints by HTTP.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config import demo_data

COOKIE = "demo_visit"
KEPT_VISITS = 200
TIMEOUT_SECONDS = 10
SECRET_NAMES = frozenset({"code", "code_verifier", "client_secret", "access_token", "refresh_token"})
SCOPE = "user:read organizations:read"


@dataclass(frozen=True, slots=True)
class Step:
    """One request and its answer, as the page shows them."""

    title: str
    request: str
    answer: str


@dataclass(slots=True)
class Visit:
    state: str = ""
    verifier: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


VISITS: OrderedDict[str, Visit] = OrderedDict()


@never_cache
@require_GET
def demo(request: HttpRequest) -> HttpResponse:
    visit = visit_of(request)
    actions = [
        ("profile", _("Read the profile")),
        ("refresh", _("Refresh")),
        ("revoke", _("Revoke")),
        ("forget", _("Forget all")),
    ]
    context = {"visit": visit, "has_tokens": "access_token" in visit.tokens, "actions": actions}
    return render(request, "demo/demo.html", context)


@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Step 1: to authorize, with a fresh state and PKCE challenge."""
    visit = Visit(state=secrets.token_urlsafe(16), verifier=secrets.token_urlsafe(32))
    digest = hashlib.sha256(visit.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client()["client_id"],
        "redirect_uri": callback_uri(request),
        "scope": SCOPE,
        "state": visit.state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    shown = "\n  &".join(f"{name}={value}" for name, value in query.items())
    answer = _("A page: you sign in there, see who asks for what, and allow or cancel.")
    visit.steps.append(Step(_("Send the browser to Gatehouse"), f"GET /api/oauth/v1/authorize\n  ?{shown}", answer))
    response = redirect(f"/api/oauth/v1/authorize?{urlencode(query)}")
    response.set_cookie(COOKIE, keep(visit), httponly=True, samesite="Lax", path="/demo")
    return response


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Steps 2 and 3: the browser comes back, and the code is redeemed from server to server."""
    visit = visit_of(request)
    came = "\n  &".join(f"{name}={shorten(name, value)}" for name, value in request.GET.items())
    is_ours = bool(visit.state) and constant_time_compare(request.GET.get("state", ""), visit.state)
    visit.state = ""  # good for one answer
    verdict = _("The state is the one we sent.") if is_ours else _("This state is not ours: we stop here.")
    visit.steps.append(Step(_("The browser comes back"), f"GET /demo/callback\n  ?{came}", verdict))
    if is_ours and "code" in request.GET:
        body = {
            "grant_type": "authorization_code",
            "code": request.GET["code"],
            "redirect_uri": callback_uri(request),
            "code_verifier": visit.verifier,
        }
        visit.tokens = post(request, visit, _("Redeem the code"), "token", body)
    return redirect("demo")


@never_cache
@require_POST
def act(request: HttpRequest, action: str) -> HttpResponse:
    """The buttons: profile, refresh, revoke, forget."""
    if action not in ACTIONS:
        raise Http404
    ACTIONS[action](request, visit_of(request))
    return redirect("demo")


def read_profile(request: HttpRequest, visit: Visit) -> None:
    headers = {"Authorization": f"Bearer {visit.tokens.get('access_token', '')}"}
    call(request, visit, _("Read the profile"), "GET", "/auth/v1/profile", headers=headers)


def refresh(request: HttpRequest, visit: Visit) -> None:
    body = {"grant_type": "refresh_token", "refresh_token": visit.tokens.get("refresh_token", "")}
    answer = post(request, visit, _("Refresh the access token"), "token", body)
    if "access_token" in answer:
        visit.tokens.update(answer)


def revoke(request: HttpRequest, visit: Visit) -> None:
    post(request, visit, _("Revoke the refresh token"), "revoke", {"token": visit.tokens.get("refresh_token", "")})


def forget(request: HttpRequest, visit: Visit) -> None:
    VISITS.pop(request.COOKIES.get(COOKIE, ""), None)


ACTIONS: dict[str, Callable[[HttpRequest, Visit], None]] = {
    "profile": read_profile,
    "refresh": refresh,
    "revoke": revoke,
    "forget": forget,
}


def post(request: HttpRequest, visit: Visit, title: str, endpoint: str, body: dict[str, str]) -> dict[str, Any]:
    body = {**body, "client_id": client()["client_id"], "client_secret": client()["client_secret"]}
    return call(request, visit, title, "POST", f"/api/oauth/v1/{endpoint}", headers={}, body=body)


def call(
    request: HttpRequest,
    visit: Visit,
    title: str,
    method: str,
    path: str,
    *,
    headers: dict[str, str],
    body: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Makes the call by HTTP, notes it as a step, and gives the answer's body."""
    data = json.dumps(body).encode() if body else None
    outgoing = urllib.request.Request(  # noqa: S310  our own address, checked against ALLOWED_HOSTS
        f"{origin(request)}{path}", data, {"Content-Type": "application/json", **headers}, method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(outgoing, timeout=TIMEOUT_SECONDS) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        status, text = refusal.code, refusal.read()
    held: dict[str, Any] = json.loads(text)
    lines = [f"{method} {path}", *(f"{name}: {shorten('access_token', value)}" for name, value in headers.items())]
    visit.steps.append(Step(title, "\n".join(lines) + shown(body), f"{status}{shown(held)}"))
    return held


def shown(body: dict[str, Any] | None) -> str:
    if body is None:
        return ""
    return "\n" + json.dumps({name: shorten(name, value) for name, value in body.items()}, indent=2, ensure_ascii=False)


def shorten(name: str, value: Any) -> Any:
    """Secrets by their first characters: enough to tell two apart, and of no use to anybody."""
    return f"{value[:14]}…" if name in SECRET_NAMES and isinstance(value, str) and value else value


def client() -> dict[str, str]:
    held: dict[str, str] = demo_data.read().get("clients", {}).get("confidential", {})
    return {"client_id": "", "client_secret": "", **held}


def origin(request: HttpRequest) -> str:
    """Where the person opened this page: the demo works on whatever address they used."""
    return f"{request.scheme}://{request.get_host()}"


def callback_uri(request: HttpRequest) -> str:
    return f"{origin(request)}/demo/callback"


def visit_of(request: HttpRequest) -> Visit:
    return VISITS.get(request.COOKIES.get(COOKIE, "")) or Visit()


def keep(visit: Visit) -> str:
    name = secrets.token_urlsafe(16)
    VISITS[name] = visit
    while len(VISITS) > KEPT_VISITS:
        VISITS.popitem(last=False)
    return name
