"""The consent page's answer counts for what the server stored, once, for whom it was shown to."""

import pytest
from django.test import Client

from oauth_provider.models import Application, Code, Consent, PendingAuthorization
from tests.cast import signed_in, web_application
from tests.clients import AUTHORIZE, OAuthClient, handle_of, sent_back


def signed_in_with_csrf(user):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = signed_in(user).cookies
    return browser


@pytest.mark.contract("oauth.md", "authorize", "GET never grants")
def test_attack_027_get_never_grants(alice, acme_app):
    acme_app.ask(signed_in(alice))
    acme_app.ask(signed_in(alice), answer="allow", approval_prompt="auto")
    assert not Code.objects.exists()
    assert not Consent.objects.exists()


def test_attack_027_no_csrf_token_no_code(alice, acme_app):
    browser = signed_in_with_csrf(alice)
    response = browser.post(AUTHORIZE, {"handle": handle_of(acme_app.ask(browser)), "answer": "allow"})
    assert response.status_code == 403
    assert not Code.objects.exists()


def test_attack_027_another_sessions_csrf_token(alice, mallory, acme_app):
    hers, his = signed_in_with_csrf(alice), signed_in_with_csrf(mallory)
    handle = handle_of(acme_app.ask(hers))
    acme_app.ask(his)
    token = his.cookies["csrf"].value
    response = hers.post(AUTHORIZE, {"handle": handle, "answer": "allow", "csrfmiddlewaretoken": token})
    assert response.status_code == 403
    assert not Code.objects.exists()


def test_attack_027_an_answer_counts_once(alice, acme_app):
    browser = signed_in(alice)
    page = acme_app.ask(browser)
    assert acme_app.allow(browser, page).status_code == 302
    again = acme_app.allow(browser, page)
    assert again.status_code == 403
    assert "Acme" in again.content.decode()
    assert Code.objects.count() == 1


def test_attack_027_a_refusal_counts_once_too(alice, acme_app):
    browser = signed_in(alice)
    page = acme_app.ask(browser)
    assert sent_back(acme_app.allow(browser, page, choice="cancel"))["error"] == "access_denied"
    assert acme_app.allow(browser, page).status_code == 403
    assert not Code.objects.exists()


def test_attack_028_what_the_form_says_widens_nothing(alice, acme_app):
    browser = signed_in(alice)
    form = {"handle": handle_of(acme_app.ask(browser)), "answer": "allow"}
    changed = {"scope": "projects:write", "redirect_uri": "https://evil.example", "client_id": "x"}
    response = browser.post(AUTHORIZE, {**form, **changed})
    assert response["Location"].startswith("https://acme.example/callback?")
    assert Code.objects.get().scope == "user:read"


def test_attack_028_other_default_scopes_of_the_client_widen_nothing_that_was_shown(alice, acme_cli):
    browser = signed_in(alice)
    page = acme_cli.ask(browser, scope=None)
    Application.objects.filter(pk=acme_cli.application.pk).update(default_scopes="projects:write")
    code = sent_back(acme_cli.allow(browser, page))["code"]
    assert acme_cli.redeem(code)["scope"] == "user:read"


def test_attack_029_one_tab_cannot_approve_the_other(alice, acme_app):
    other = OAuthClient(web_application("Other", redirect_uris="https://other.example/cb", secret="gcs_" + "o" * 43))
    browser = signed_in(alice)
    first, second = acme_app.ask(browser), other.ask(browser)
    assert acme_app.allow(browser, first)["Location"].startswith("https://acme.example/")
    assert not Consent.objects.filter(application=other.application).exists()
    assert other.allow(browser, second)["Location"].startswith("https://other.example/")


def test_attack_029_a_page_shown_to_alice_is_not_mallorys_to_answer(alice, mallory, acme_app):
    page = acme_app.ask(signed_in(alice))
    assert acme_app.allow(signed_in(mallory), page).status_code == 403
    assert not Code.objects.exists()


def test_an_expired_page_grants_nothing(alice, acme_app, later):
    browser = signed_in(alice)
    page = acme_app.ask(browser)
    later(seconds=1801)
    assert acme_app.allow(browser, page).status_code == 403
    assert not Code.objects.exists()


def test_attack_035_a_client_name_is_only_text(alice, db):
    evil = OAuthClient(web_application("<script>alert(1)</script>"))
    page = evil.ask(signed_in(alice)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.contract("oauth.md", "authorize", "remembered consent")
def test_attack_037_a_public_client_is_asked_every_time(alice, acme_cli):
    acme_cli.code_for(alice)
    assert acme_cli.ask(signed_in(alice)).status_code == 200


@pytest.mark.contract("oauth.md", "authorize", "remembered consent")
def test_a_confidential_client_is_remembered(alice, acme_app):
    acme_app.code_for(alice, scope="user:read projects:write")
    assert "code" in sent_back(acme_app.ask(signed_in(alice), scope="projects:read"))


def test_attack_038_one_more_scope_is_asked_for(alice, acme_app):
    acme_app.code_for(alice)
    assert acme_app.ask(signed_in(alice), scope="user:read projects:read").status_code == 200


def test_prompt_consent_asks_again(alice, acme_app):
    acme_app.code_for(alice)
    assert acme_app.ask(signed_in(alice), prompt="consent").status_code == 200


def test_the_page_may_be_answered_by_a_redirect_to_the_client(alice, acme_app):
    policy = acme_app.ask(signed_in(alice))["Content-Security-Policy"]
    assert "form-action 'self' https://acme.example" in policy
    assert "frame-ancestors 'none'" in policy


def test_use_another_account_keeps_the_request(alice, bob, acme_app):
    browser = signed_in(alice)
    handle = handle_of(acme_app.ask(browser))
    response = browser.post(f"/continue/{handle}/another-account")
    assert response["Location"].startswith("/accounts/login/?next=%2Fcontinue%2F")
    browser.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get(browser.get(f"/continue/{handle}").context["target"])
    acme_app.allow(browser, page)
    assert Code.objects.get().user == bob


def test_nothing_is_left_to_answer_after_an_answer(alice, acme_app):
    acme_app.code_for(alice)
    assert not PendingAuthorization.objects.filter(answered_at=None).exists()


@pytest.mark.contract("oauth.md", "Scopes", "user:read")
@pytest.mark.contract("oauth.md", "Scopes", "organizations:read")
@pytest.mark.contract("oauth.md", "Scopes", "projects:read")
@pytest.mark.contract("oauth.md", "Scopes", "projects:write")
@pytest.mark.parametrize(
    ("scope", "text"),
    [
        ("user:read", "See your name, e-mail address and picture"),
        ("organizations:read", "See the organizations you belong to"),
        ("projects:read", "See your projects and their settings"),
        ("projects:write", "Create, change, pause and delete your projects"),
    ],
)
def test_the_person_reads_what_a_scope_means(alice, acme_app, scope, text):
    assert text in acme_app.ask(signed_in(alice), scope=scope).content.decode()
