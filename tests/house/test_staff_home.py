"""The admin's home: what asks for attention, what happened in the last 24 hours, and the one search."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config import heartbeat
from oauth_provider.models import ClientSecret
from partnership import request_log
from partnership.models import Operation, Webhook
from tests import cast
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret, partner
from tests.usage.clients import white_label_project

HOME, FIND = "/admin/", "/admin/find/"


@pytest.fixture
def sam(db):
    heartbeat.beat(timezone.now())
    return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))


@pytest.fixture
def nora(db):
    """Staff without any part."""
    return cast.signed_in(cast.person("nora@example.com", "Nora", is_staff=True))


@pytest.fixture
def globex(db):
    owner = partner("ps_globex000001", "Globex", is_white_label=True)
    add_secret(owner, GLOBEX_SECRET)
    return PartnerClient(owner, GLOBEX_SECRET)


def home(browser) -> str:
    return browser.get(HOME).content.decode()


def test_nothing_asks_for_attention_where_all_is_well(sam, globex):
    assert "Needs attention" not in home(sam)


def test_a_silent_worker_asks_for_it(sam, nora):
    heartbeat.beat(timezone.now() - timedelta(minutes=2))
    assert "No worker is running" in home(sam)
    assert "No worker is running" not in home(nora)


def test_what_failed_what_ends_and_what_is_not_delivered_ask_for_it(sam, nora, globex, acme_app):
    now = timezone.now()
    white_label_project(globex.partner)
    Operation.objects.update(status="failed", error_code="x", finished_at=now)
    globex.partner.secrets.update(expires_at=now + timedelta(days=13))
    ClientSecret.objects.update(expires_at=now + timedelta(days=13))
    hook = {"partner": globex.partner, "environment": "live", "url": "https://globex.example/hook"}
    Webhook.objects.create(**hook, created_at=now, failing_since=now)

    for said in (
        "1 operation has failed in the last 24 hours",
        "A secret of the partner Globex ends within 14 days",
        "A secret of the client Acme ends within 14 days",
        "1 webhook is failing",
    ):
        assert said in home(sam)
        assert said not in home(nora)


def test_what_is_over_asks_for_nothing(sam, globex, acme_app):
    now = timezone.now()
    white_label_project(globex.partner)
    Operation.objects.update(status="failed", error_code="x", finished_at=now - timedelta(days=2))
    globex.partner.secrets.update(expires_at=now - timedelta(minutes=1))
    ClientSecret.objects.update(expires_at=now + timedelta(days=15))
    assert "Needs attention" not in home(sam)


def test_the_last_day_in_numbers(sam, nora, globex):
    globex.get("projects")
    globex.get("nothing/of/the/kind")
    globex.post("sync-embedded-project", {})
    request_log.write()
    page = " ".join(home(sam).split())
    for said in (
        "3</strong> API calls",
        "2</strong> Calls refused",
        "0</strong> Calls failed",
        "2</strong> New people",
    ):
        assert said in page
    assert "The last 24 hours" not in home(nora)


@pytest.mark.parametrize("words", ["Globex", "ps_globex000001", "Shop"])
def test_one_thing_that_is_found_is_opened(sam, globex, words):
    project = white_label_project(globex.partner)
    page = f"project/{project.pk}" if words == "Shop" else "partner/ps_5Fglobex000001"
    assert sam.get(FIND, {"q": words})["Location"] == f"/admin/partnership/{page}/change/"


def test_a_person_a_client_and_a_request_id_are_found(sam, globex, acme_app, alice):
    globex.get("nothing", **{"X-Request-Id": "globex:9"})
    request_log.write()
    # Her organization is found by its members too.
    assert f"/admin/accounts/user/{alice.pk}/change/" in sam.get(FIND, {"q": "alice@"}).content.decode()
    found = sam.get(FIND, {"q": acme_app.application.client_id})
    assert found["Location"] == f"/admin/oauth_provider/application/{acme_app.application.pk}/change/"
    assert "/admin/partnership/loggedcall/" in sam.get(FIND, {"q": "globex:9"})["Location"]


def test_many_are_cut_short_and_their_list_has_the_rest(sam):
    for number in range(12):
        cast.native_application(f"Tool {number}")
    page = sam.get(FIND, {"q": "Tool"}).content.decode()
    assert page.count("/change/") == 10
    assert "/admin/oauth_provider/application/?q=Tool" in page


@pytest.mark.parametrize("words", ["", " ", "%", "'; drop", "a" * 500])
def test_words_that_find_nothing_say_so(sam, words):
    assert "Nothing was found" in sam.get(FIND, {"q": words}).content.decode()


def test_nobody_finds_what_they_may_not_see(nora, globex, alice):
    assert "Nothing was found" in nora.get(FIND, {"q": "e"}).content.decode()
    assert cast.signed_in(alice).get(FIND, {"q": "e"})["Location"].startswith("/admin/login/")
