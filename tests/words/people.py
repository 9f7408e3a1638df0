"""The ways of people through every page of theirs, in a browser that asks for a language."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import organizations
from accounts.models import User
from partnership import connections
from partnership.events import SYSTEM
from tests import cast
from tests.accounts.steps import RESET, mailed_link, reset_password, sign_in, sign_up
from tests.accounts.test_second_step import ADD, CODES, STEP, add_app
from tests.clients import AUTHORIZE, OAuthClient
from tests.devices import Device, enter, press
from tests.partnership.clients import partner
from tests.words.reading import texts_of

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
