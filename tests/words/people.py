"""The ways of people through every page of theirs, in a browser that asks for a language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import organizations
from accounts.models import User
from partnership import connections, operation_rows, webhooks
from partnership.events import SYSTEM
from partnership.models import Delivery, LoggedCall
from tests import cast
from tests.accounts.steps import RESET, mailed_link, reset_password, sign_in, sign_up
from tests.accounts.test_second_step import ADD, CODES, STEP, add_app
from tests.clients import AUTHORIZE, OAuthClient
from tests.devices import Device, enter, press
from tests.partnership.clients import GLOBEX_SECRET, add_secret, partner
from tests.usage.clients import white_label_project
from tests.words.reading import texts_of
from usage import statements

FOUR = "user:read organizations:read projects:read projects:write"
Page = tuple[str, HttpResponse]
FIREFOX = "Firefox/140 Linux"


def stranger(language: str) -> Client:
    return Client(headers={"accept-language": language, "user-agent": FIREFOX}, raise_request_exception=False)


def browser_of(user: User, language: str) -> Client:
    browser = stranger(language)
    browser.cookies = cast.signed_in(user).cookies
    return browser


def read(pages: Iterator[Page]) -> dict[str, set[str]]:
    return {label: texts_of(page) for label, page in pages if page.status_code != 302}


def coming_in(alice: User, language: str) -> Iterator[Page]:
    browser = stranger(language)
    for path in ("/accounts/login/", "/accounts/signup/", RESET, f"{RESET}done/", f"{RESET}key/1-x-y/", "/demo"):
        yield path, browser.get(path)
    yield "sign in, wrong", sign_in(browser, "alice@example.com", "wrong")
    yield "sign in, empty", browser.post("/accounts/login/", {})
    yield "sign up, empty", browser.post("/accounts/signup/", {"name": "Carol", "email": "no", "password1": "12345"})
    sign_up(browser, "carol@example.com")
    yield "code", browser.get("/accounts/confirm-email/")
    yield "code, wrong", browser.post("/accounts/confirm-email/", {"code": "XXXXXX"})
    other = stranger(language)
    other.post(RESET, {"email": "alice@example.com"})
    form = other.get(urlsplit(mailed_link("/accounts/password/reset/key/")).path, follow=True)
    yield "new password", form
    yield "password was set", reset_again(stranger(language))
    yield "mails", browser.get("/dev/mail")


def reset_again(browser: Client) -> HttpResponse:
    answer = reset_password(browser, "alice@example.com")
    return browser.get(answer.headers["Location"])


def account(alice: User, language: str) -> Iterator[Page]:
    team = organizations.create("Example Team", owner=alice)
    browser = browser_of(alice, language)
    yield "nothing yet", browser.get("/account/apps")
    Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Blue key"})
    yield "add app", browser.get(ADD)
    add_app(browser)
    yield "codes, once", browser.get(CODES)
    yield "codes, left", browser.get(CODES)
    yield "codes, new", browser.get(f"{CODES}generate/")
    for path in ("/account", "/account/security", "/account/organizations", "/accounts/email/", "/accounts/logout/"):
        yield path, browser.get(path)
    key = Authenticator.objects.get(type="webauthn")
    for name in ("password/change/", "reauthenticate/", "2fa/webauthn/add/", "2fa/webauthn/keys/:key/edit/"):
        yield name, browser.get(f"/accounts/{name.replace(':key', str(key.pk))}")
    for name in ("2fa/webauthn/keys/:key/remove/", "2fa/totp/deactivate/", "2fa/reauthenticate/"):
        yield name, browser.get(f"/accounts/{name.replace(':key', str(key.pk))}")
    yield "name", browser.post("/account", {"name": ""})
    yield "name was changed", browser.post("/account", {"name": "Alice Example"}, follow=True)
    yield "password, weak", browser.post("/accounts/password/change/", {"oldpassword": "x", "password1": "123"})
    yield (
        "invited",
        browser.post(
            f"/account/organizations/{team.pk}/invite", {"email": "bob@example.com", "role": "member"}, follow=True
        ),
    )
    yield "usage", browser.get(f"/account/organizations/{team.pk}/usage")
    second = stranger(language)
    sign_in(second, "alice@example.com")
    yield "second step", second.get(STEP)
    yield "second step, wrong", second.post(STEP, {"code": "123456"})


def invited(alice: User, bob: User, language: str) -> Iterator[Page]:
    team = organizations.create("Example Team", owner=alice)
    invite = {"email": "bob@example.com", "role": "member"}
    browser_of(alice, language).post(f"/account/organizations/{team.pk}/invite", invite)
    link = mailed_link("/account/organizations/")
    browser = browser_of(bob, language)
    yield "invitation", browser.get(urlsplit(link).path)
    yield "joined", browser.post(urlsplit(link).path, follow=True)
    row = team.memberships.get(user=alice).pk
    yield "not allowed", browser.post(f"/account/organizations/{team.pk}/members/{row}/remove")
    yield "not valid", browser.get("/account/organizations/invitations/nothing")


def consent(alice: User, language: str) -> Iterator[Page]:
    browser = browser_of(alice, language)
    app = cast.web_application(homepage_url="https://a.example", privacy_url="https://a.example/p")
    acme, verified = OAuthClient(app, cast.ACME_SECRET), cast.web_application("Portal", secret="x", is_verified=True)
    cli = OAuthClient(cast.native_application(), redirect_uri="http://127.0.0.1:5/callback")
    code = OAuthClient(cast.native_application("Acme TV", redirect_uris="vscode://acme.code/callback"))
    yield "consent", acme.ask(browser, scope="user:read")
    yield "loopback", cli.ask(browser, scope=FOUR)
    yield "private scheme", code.ask(browser, scope=FOUR)
    yield "verified", OAuthClient(verified).ask(browser, scope=FOUR)
    acme.allow(browser, acme.ask(browser, scope="user:read"))
    page = acme.ask(browser, scope=FOUR)
    yield "more", page
    acme.allow(browser, page, "cancel")
    yield "answered before", acme.allow(browser, page)
    yield "apps", browser.get("/account/apps")
    yield "unknown", browser.get(f"{AUTHORIZE}?client_id=unknown")
    yield "no address", browser.get(f"{AUTHORIZE}?client_id={app.client_id}")
    yield "other address", browser.get(f"{AUTHORIZE}?client_id={app.client_id}&redirect_uri=https://b.example")
    yield "twice", browser.get(f"{AUTHORIZE}?client_id=a&client_id=b")
    visitor = stranger(language)
    acme.ask(visitor)
    yield "sign in to", visitor.get("/accounts/login/")
    yield "sign out", browser.get("/api/oauth/v1/logout")
    yield "sign out, wrong", browser.get("/api/oauth/v1/logout?client_id=unknown")
    browser.logout()
    yield "signed out", browser.get("/api/oauth/v1/logout")


def device(alice: User, language: str) -> Iterator[Page]:
    tv = Device(cast.native_application("Acme TV", redirect_uris="", allows_device_grant=True))
    browser = browser_of(alice, language)
    yield "enter", browser.get("/device")
    yield "unknown", enter(browser, "XXXX-XXXX")
    for answer in ("cancel", "allow"):
        page = enter(browser, tv.ask_for_codes(scope=FOUR)["user_code"])
        yield "confirm", page
        yield answer, press(browser, page, answer)


def errors(alice: User, language: str) -> Iterator[Page]:
    browser = browser_of(alice, language)
    yield "404", browser.get("/nothing")
    yield "status", browser.get("/status")
    yield "405", browser.post("/account/security")
    yield "413", browser.post("/account", {"name": "a" * 2_000_000})
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    yield "403", strict.post("/accounts/login/", {"login": "a", "password": "b"})
    for _try in range(30):
        answer = sign_in(stranger(language), "alice@example.com", "wrong")
    yield "429", answer


def partners(alice: User, language: str) -> Iterator[Page]:
    acme = partner("ps_acme00000001", "Acme", is_co_branded=True)
    now = timezone.now()
    asked = {"name": alice.name, "email": alice.email, "environment": "live", "actor": SYSTEM, "now": now}
    connections.connect(acme, **asked)
    browser = browser_of(alice, language)
    yield "linked", browser.get("/account/apps")
    yield "cut", browser.post(f"/account/apps/partners/{acme.pk}/cut", follow=True)
    connections.connect(acme, **asked)
    link = urlsplit(mailed_link("/account/apps/agree/")).path
    yield "asks again", browser.get(link)
    yield "agreed", browser.post(link)


def console(alice: User, language: str) -> Iterator[Page]:
    """A partner's console, as its owner and as who is invited."""
    now = timezone.now()
    globex = partner("ps_globex000001", "Globex", is_white_label=True, is_in_maintenance=False)
    globex.members.create(user=alice, role="owner", created_at=now)
    secret = add_secret(globex, GLOBEX_SECRET, name="Globex", expires_at=now + timedelta(days=3))
    shop = white_label_project(globex)
    operation = shop.operations.get()
    hook, _secret = webhooks.register(globex, "live", {"url": "https://a.example/in"}, actor=SYSTEM, now=now)
    operation_rows.settle(operation, operation_rows.Result("disk_full", "", is_retryable=True), now)
    statements.write(globex, "live", date(now.year, now.month, 1), now)
    logged = {"method": "GET", "path": "/a", "status": 404, "error_code": "not_found", "request_id": "abcdef1234"}
    LoggedCall.objects.create(partner=globex, environment="live", milliseconds=1, answered_at=now, **logged)
    event = globex.events.earliest("pk")
    met = {"at": now.isoformat(), "outcome": "timed_out", "response_status": None, "duration_ms": 10}
    ended = {"status": "failed", "outcome": "timed_out", "created_at": now, "due_at": now, "finished_at": now}
    Delivery.objects.create(webhook=hook, event=event, history=[met], is_replay=True, **ended)
    browser, at = browser_of(alice, language), f"/partners/{globex.pk}/live"
    for path in (
        "", "/projects", f"/projects/{shop.pk}", "/operations", f"/operations/{operation.pk}", "/webhooks",
        f"/webhooks/{hook.pk}", "/events", "/calls", "/calls?status=x", "/requests", "/usage",
        f"/usage/{now:%Y-%m-%d}/ai_tokens",
        f"/projects/{shop.pk}/usage", "/statements", f"/statements/{now:%Y-%m}", "/secrets", "/members",
    ):  # fmt: skip
        yield (
            path.replace(str(shop.pk), "shop").replace(str(operation.pk), "1").replace(str(hook.pk), "1"),
            browser.get(at + path),
        )
    for path in ("", "/projects", "/webhooks", "/calls", "/statements", "/secrets"):
        yield f"test {path}", browser.get(f"/partners/{globex.pk}/test{path}")
    yield "again", browser.post(f"{at}/operations/{operation.pk}/retry", follow=True)
    yield "no more", browser.post(f"{at}/operations/{operation.pk}/retry", follow=True)
    shop.refresh_from_db()
    yield "under way", browser.get(f"{at}/projects/{shop.pk}")
    yield "canceled", browser.post(f"{at}/operations/{shop.operations.latest('created_at').pk}/cancel", follow=True)
    for state in ("off", "on"):
        yield state, browser.post(f"{at}/webhooks/{hook.pk}/switch", {"switch": state}, follow=True)
    yield "no address", browser.post(f"{at}/webhooks/add", {"url": "x", "seen": "1"})
    yield "no time", browser.post(f"{at}/webhooks/{hook.pk}/replay", {"from_": "x"})
    yield "changed", browser.post(f"{at}/webhooks/{hook.pk}/rotate-secret", {"overlap": "0"}, follow=True)
    yield "key changed", browser.post(f"{at}/projects/{shop.pk}/rotate-api-key", {}, follow=True)
    yield "no choice", browser.post(f"{at}/secrets/{secret.pk}/rotate", {}, follow=True)
    yield "secret", browser.post(f"{at}/secrets/{secret.pk}/rotate", {"overlap": "7d", "seen": str(secret.pk)})
    yield "ended", browser.post(f"{at}/secrets/{secret.pk}/end", follow=True)
    yield "invited", browser.post(f"{at}/members/invite", {"email": "carol@example.com", "role": "viewer"}, follow=True)
    carol = cast.person("carol@example.com", "Carol")
    invited_, link = browser_of(carol, language), urlsplit(mailed_link("/partners/invitations/")).path
    yield "none yet", invited_.get("/partners")
    yield "invitation", invited_.get(link)
    yield "joined", invited_.post(link, follow=True)
    yield "not allowed", invited_.get(f"{at}/secrets")
    yield "last owner", browser.post(f"{at}/members/{globex.members.get(user=alice).pk}/remove")
    yield "left", invited_.post(f"{at}/members/{globex.members.get(user=carol).pk}/remove", follow=True)
    yield "not there", browser.post(f"{at}/members/9999/remove")
    type(globex).objects.update(is_in_maintenance=True)
    yield "maintenance", browser.get(at)
    yield "refused", browser.post(f"{at}/projects/{shop.pk}/pause")
    type(globex).objects.update(is_enabled=False)
    yield "off", browser.get(at)
