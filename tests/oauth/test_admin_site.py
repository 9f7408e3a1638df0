"""The list of clients, who may in, and what the admin never shows."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests import cast
from tests.oauth.test_admin_clients import ADD, LIST, page_of, staff_browser, text

__all__ = ["staff_browser"]


def test_the_list_finds_filters_and_counts(staff_browser, alice, acme_app):
    cast.native_application()
    acme_app.tokens_for(alice)
    page = text(staff_browser.get(LIST, {"q": "acme.example", "kind__exact": "web"}))
    assert acme_app.application.client_id in page
    assert '<td class="field-redirect_hosts">acme.example</td>' in page
    assert '<td class="field-users">1</td>' in page
    assert "Acme CLI" not in page


def test_attack_151_csv_of_clients_has_no_formulas(staff_browser):
    cells = ["=1+1", "+1", "-1", "@x1"]
    made = [cast.web_application(name, secret=f"gcs_{name}") for name in cells]
    action = {"action": "download_csv", "_selected_action": [client.pk for client in made]}
    response = staff_browser.post(LIST, action)
    rows = response.getvalue().decode().splitlines()
    assert response["Content-Type"].startswith("text/csv")
    assert sorted(row.split(",")[0] for row in rows[1:]) == sorted(f"'{cell}" for cell in cells)


@pytest.mark.parametrize("name", ["", "add/", "1/change/", "1/secrets/", "1/use/", "1/history/", "1/disable/"])
def test_strangers_get_the_sign_in_and_mallory_nothing(db, mallory, name):
    assert Client().get(f"{LIST}{name}", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    page = cast.signed_in(mallory).get(f"{LIST}{name}", follow=True)
    assert page.status_code == 403


def test_staff_see_and_do_what_they_have_the_permission_for(db):
    acme = cast.web_application()
    reader = cast.person("rita@example.com", "Rita Reader", is_staff=True)
    browser = cast.signed_in(reader)
    assert browser.get(LIST).status_code == 403
    reader.user_permissions.add(
        Permission.objects.get(codename="view_application", content_type__app_label="oauth_provider")
    )
    assert all(browser.get(page_of(acme, name)).status_code == 200 for name in ("change", "secrets", "use", "history"))
    for name in ("disable", "enable", "secrets/rotate", "change"):
        assert browser.post(page_of(acme, name), {"name": "Mine"}).status_code == 403
    assert browser.get(ADD).status_code == 403


def test_attack_048_no_page_lists_tokens_or_secrets(staff_browser):
    home = text(staff_browser.get("/admin/"))
    assert "/admin/oauth_provider/application/" in home
    shown = set(re.findall(r'href="/admin/([a-z_]+)/([a-z_]+)/"', home))
    assert not {name for _app, name in shown} & {"accesstoken", "tokenfamily", "code", "clientsecret", "socialtoken"}
    for app in ("socialaccount/socialtoken", "mfa/authenticator", "oauth_provider/accesstoken", "auditlog/logentry"):
        assert staff_browser.get(f"/admin/{app}/").status_code == 404


def test_styles_may_be_inline_in_the_admin_and_scripts_nowhere(staff_browser):
    policy = staff_browser.get(LIST)["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    assert directives["style-src"] == "'self' 'unsafe-inline'"
    assert directives["script-src"] == "'self'"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text(staff_browser.get(ADD)))


def test_no_answer_of_the_admin_is_kept(staff_browser):
    assert "no-store" in staff_browser.get(LIST)["Cache-Control"]
