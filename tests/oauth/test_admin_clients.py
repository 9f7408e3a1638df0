"""Staff register and change clients, through the forms as a browser sends them."""

import re
from urllib.parse import urlsplit

import pytest

from accounts.digests import digest
from oauth_provider.models import Application
from tests import cast
from tests.clients import OAuthClient
from tests.forms import fields_of

LIST = "/admin/oauth_provider/application/"
ADD = f"{LIST}add/"


@pytest.fixture
def staff_browser(db):
    """Sam works here and may do everything."""
    return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))


def page_of(application, name="change"):
    return f"{LIST}{application.pk}/{name}/"


def add(browser, kind="web", **changes):
    """Opens the add page, changes what is given and sends the form; also the form that was sent."""
    form = fields_of(browser.get(ADD, {"kind": kind}))
    form.update({"name": "Bookshelf"})
    if kind != "machine":
        form["redirect_uris"] = "https://bookshelf.example/callback"
    form.update(changes)
    return browser.post(f"{ADD}?kind={kind}", form), form


def change(browser, application, **changes):
    form = fields_of(browser.get(page_of(application)))
    form.update(changes)
    return browser.post(page_of(application), form)


def text(response) -> str:
    return response.content.decode()


def secret_in(response) -> str | None:
    found = re.search(r"gcs_[A-Za-z0-9_-]{43}", text(response))
    return found[0] if found else None


def registered() -> Application:
    return Application.objects.get(name="Bookshelf")


@pytest.mark.contract("oauth.md", "Clients", "register")
def test_staff_register_a_web_client_and_a_person_signs_in_to_it(staff_browser, alice):
    page, _form = add(staff_browser)
    bookshelf = OAuthClient(registered(), secret_in(page))
    tokens = bookshelf.tokens_for(alice)
    assert bookshelf.profile(tokens["access_token"])["user"]["email"] == "alice@example.com"
    assert re.fullmatch(r"clf_[A-Za-z0-9_-]{22}", bookshelf.application.client_id)


def test_the_secret_is_shown_once_and_only_its_digest_kept(staff_browser):
    page, form = add(staff_browser)
    secret = secret_in(page)
    assert "Nobody can show it again" in text(page)
    assert page["Cache-Control"].count("no-store")
    assert bytes(registered().secrets.get().digest) == digest(secret)

    reload = staff_browser.post(f"{ADD}?kind=web", form)

    assert reload.status_code == 302
    assert Application.objects.count() == 1
    for name in ("change", "secrets", "use", "history"):
        assert secret not in text(staff_browser.get(page_of(registered(), name)))


def test_the_first_curl_and_the_test_link_work_as_they_stand(staff_browser, alice):
    page, _form = add(staff_browser)
    link = urlsplit(re.search(r'href="([^"]+authorize[^"]+)"', text(page))[1].replace("&amp;", "&"))
    consent = cast.signed_in(alice).get(f"{link.path}?{link.query}")
    assert "Allow Bookshelf" in text(consent)
    assert "/api/oauth/v1/token" in text(page)


def test_a_native_client_is_public_and_rotates(staff_browser):
    page, _form = add(staff_browser, "native", redirect_uris="http://127.0.0.1/callback\nvscode://a.b/cb")
    client = registered()
    assert (client.client_type, client.rotates_refresh_tokens, client.allows_device_grant) == ("public", True, False)
    assert client.redirect_uris == "http://127.0.0.1/callback vscode://a.b/cb"
    assert secret_in(page) is None
    assert not client.secrets.exists()


def test_a_device_client_needs_no_address(staff_browser):
    add(staff_browser, "native", redirect_uris="", allows_device_grant="on")
    assert registered().allows_device_grant


def test_a_machine_gets_tokens_with_the_first_curl(staff_browser):
    page, _form = add(staff_browser, "machine")
    meter = OAuthClient(registered(), secret_in(page), redirect_uri="-")
    assert meter.post_token(grant_type="client_credentials")["scope"] == "usage:write"


def test_a_web_client_without_a_secret(staff_browser):
    form = fields_of(staff_browser.get(ADD))
    del form["keeps_secret"]
    staff_browser.post(ADD, {**form, "name": "Bookshelf", "redirect_uris": "https://bookshelf.example/cb"})
    assert (registered().client_type, registered().rotates_refresh_tokens) == ("public", True)


def test_a_client_keeps_the_id_it_had_elsewhere(staff_browser):
    add(staff_browser, existing_id="legacy.app:1")
    assert registered().client_id == "legacy.app:1"
    again, _form = add(staff_browser, name="Other", existing_id="legacy.app:1")
    assert "Another client has this id." in text(again)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("http://acme.example/cb", "Line 2: http only for 127.0.0.1, [::1], localhost"),
        ("https://acme.example/cb#x", "Line 2: has a fragment (#)"),
        ("https://*.acme.example/cb", "Line 2: has a wildcard (*)"),
        ("https://a@acme.example/cb", "Line 2: has user info (@)"),
        ("acme.example/cb", "Line 2: not absolute"),
    ],
)
@pytest.mark.contract("oauth.md", "Clients", "redirect URIs")
def test_each_address_is_refused_by_its_line(staff_browser, line, reason):
    page, _form = add(staff_browser, redirect_uris=f"https://acme.example/cb\n\n{line}")
    assert reason in text(page)
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://acme.example/"]
)
def test_attack_010_the_form_refuses_what_runs_or_goes_in_clear(staff_browser, uri):
    page, _form = add(staff_browser, "native", redirect_uris=uri)
    assert "Line 1:" in text(page)
    assert not Application.objects.exists()


def test_attack_011_the_form_refuses_a_private_scheme_on_a_confidential_client(staff_browser):
    page, _form = add(staff_browser, redirect_uris="vscode://a.b/cb")
    assert "Line 1: private scheme needs a public client" in text(page)
    assert not Application.objects.exists()


@pytest.mark.parametrize("name", ["Acme\u202egnp", "A" * 10_000, "Ac\u200bme", "A"])
def test_attack_035_the_form_refuses_names_that_hide_something(staff_browser, name):
    page, _form = add(staff_browser, name=name)
    assert "A name has" in text(page)
    assert not Application.objects.exists()


def test_attack_035_the_form_refuses_a_look_alike_of_a_verified_client(staff_browser):
    cast.web_application("Acme", is_verified=True)
    page, _form = add(staff_browser, name="Аcmе")
    assert "People would take this name for “Acme”" in text(page)
    assert Application.objects.count() == 1


def test_attack_035_html_in_a_name_is_text(staff_browser):
    page, _form = add(staff_browser, name="<script>alert(1)</script>")
    assert "<script>alert" not in text(page)
    assert "&lt;script&gt;alert" in text(staff_browser.get(LIST))


def test_links_are_https(staff_browser):
    page, _form = add(staff_browser, homepage_url="javascript:alert(1)")
    assert "A link starts with https://" in text(page)


def test_origins_are_refused_by_their_line(staff_browser):
    page, _form = add(staff_browser, allowed_origins="https://app.example\nhttps://app.example/path")
    assert "Line 2: an origin ends after the host and port" in text(page)


def test_usage_write_is_not_offered_to_people(staff_browser):
    page, _form = add(staff_browser, allowed_scopes=["user:read", "usage:write"])
    assert "usage:write" in text(page)
    assert not Application.objects.exists()


def test_what_a_client_keeps_for_life_cannot_be_changed(staff_browser):
    acme = cast.web_application()
    change(staff_browser, acme, kind="native", client_id="other", keeps_secret="", name="Acme Two")
    acme.refresh_from_db()
    assert (acme.name, acme.kind, acme.client_type) == ("Acme Two", "web", "confidential")
    assert acme.client_id.startswith("clf_")


def test_removing_a_scope_says_whom_it_hits_and_asks(staff_browser, alice, acme_app):
    tokens = acme_app.tokens_for(alice, scope="user:read projects:write")
    kept = ["user:read", "organizations:read", "projects:read"]

    page = change(staff_browser, acme_app.application, allowed_scopes=kept)
    assert "2 tokens that hold a removed scope end at once" in text(page)
    assert acme_app.profile(tokens["access_token"]).status == 200

    change(staff_browser, acme_app.application, allowed_scopes=kept, confirm="projects:write")
    assert acme_app.profile(tokens["access_token"]).status == 401


def test_removing_an_address_says_whom_it_hits_and_asks(staff_browser, alice, acme_app):
    acme_app.tokens_for(alice)
    other = "https://acme.example/other"
    page = change(staff_browser, acme_app.application, redirect_uris=other)
    assert "1 sign-in went through a removed address in the last 30 days" in text(page)
    change(staff_browser, acme_app.application, redirect_uris=other, confirm="https://acme.example/callback")
    acme_app.application.refresh_from_db()
    assert acme_app.application.redirect_uris == other


def test_agreeing_to_one_removal_is_not_agreeing_to_another(staff_browser, acme_app):
    page = change(staff_browser, acme_app.application, allowed_scopes=["user:read"], confirm="projects:write")
    assert "Take it away" in text(page)
    acme_app.application.refresh_from_db()
    assert "projects:write" in acme_app.application.allowed_scopes


def test_disabling_states_its_effect_before_and_after(staff_browser, alice, bob, acme_app):
    tokens = [acme_app.tokens_for(person) for person in (alice, bob)]
    disable = page_of(acme_app.application, "disable")
    assert "ends 4 tokens of 2 users" in text(staff_browser.get(disable))
    assert acme_app.profile(tokens[0]["access_token"]).status == 200

    assert "ended 4 tokens of 2 users" in text(staff_browser.post(disable, follow=True))

    assert acme_app.profile(tokens[0]["access_token"]).status == 401
    assert acme_app.ask(cast.signed_in(alice)).status_code == 400


def test_enabling_opens_the_client_again(staff_browser, alice, acme_app):
    staff_browser.post(page_of(acme_app.application, "disable"))
    staff_browser.post(page_of(acme_app.application, "enable"))
    assert acme_app.tokens_for(alice).status == 200


def test_a_used_client_is_not_deleted(staff_browser, alice, acme_app):
    acme_app.tokens_for(alice)
    assert staff_browser.post(page_of(acme_app.application, "delete"), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in text(staff_browser.get(LIST))
    assert Application.objects.count() == 1


def test_a_client_that_somebody_allowed_once_is_used_for_ever(staff_browser, alice, acme_cli):
    acme_cli.tokens_for(alice)
    acme_cli.application.families.all().delete()
    acme_cli.application.codes.all().delete()
    assert staff_browser.post(page_of(acme_cli.application, "delete"), {"post": "yes"}).status_code == 403


def test_an_unused_one_is(staff_browser):
    acme = cast.web_application()
    staff_browser.post(page_of(acme, "delete"), {"post": "yes"})
    assert not Application.objects.exists()


def test_history_tells_old_new_who_and_when(staff_browser):
    acme = cast.web_application()
    change(staff_browser, acme, name="Acme Two")
    page = text(staff_browser.get(page_of(acme, "history")))
    assert "<del>Acme</del>" in page
    assert "<ins>Acme Two</ins>" in page
    assert "sam@example.com" in page


@pytest.mark.parametrize(("name", "title"), [("secrets", "Secrets"), ("use", "Use"), ("history", "History")])
def test_each_tab_has_a_title_of_its_own(staff_browser, name, title):
    acme = cast.web_application()
    assert f"<title>{title} · Acme · Gatehouse</title>" in text(staff_browser.get(page_of(acme, name)))


def test_use_counts_people_and_tokens(staff_browser, alice, acme_app):
    acme_app.tokens_for(alice)
    page = text(staff_browser.get(page_of(acme_app.application, "use")))
    assert "<dt>Users with access</dt><dd>1</dd>" in page
    assert "<td>1</td><td>1</td><td>1</td>" in page
