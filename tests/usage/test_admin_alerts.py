"""Staff set alerts in the admin, through the forms as a browser sends them."""

import pytest

from partnership.models import Event
from tests import cast
from tests.forms import fields_of
from usage.models import Alert

LIST = "/admin/usage/alert/"


@pytest.fixture
def sam(db):
    return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))


@pytest.fixture
def add(sam, globex):
    def send(**changes):
        page = f"{LIST}add/"
        chosen = {"environment": "live", "period": "month"}
        given = {**chosen, "partner": globex.pk, "metric": "ai_credits", "amount": "0.5", **changes}
        return sam.post(page, {**fields_of(sam.get(page)), **given})

    return send


def text(response):
    return response.content.decode()


def test_staff_set_an_alert_and_see_it_reached(sam, add, shop, gauge, globex):
    assert add(project_id=str(shop.pk)).status_code == 302
    gauge.send(gauge.event("e-1", {"ai_credits": "0.75"}))

    alert = Alert.objects.get()
    assert (alert.threshold, alert.project, alert.made_by, alert.staff.email) == (
        500_000,
        shop,
        "staff",
        "sam@example.com",
    )
    page = text(sam.get(f"{LIST}{alert.pk}/change/"))
    assert ("e-1" in page, "0.75" in page) == (True, True)
    assert f"{LIST}?partner__id__exact={globex.pk}" in text(sam.get(f"/admin/partnership/partner/{globex.pk}/change/"))
    assert "Shop (Globex)" in text(sam.get(f"{LIST}?partner__id__exact={globex.pk}"))


def test_staff_change_and_delete_it_and_the_log_says_who(sam, add):
    add()
    page = f"{LIST}{Alert.objects.get().pk}/"
    changed = sam.post(f"{page}change/", {**fields_of(sam.get(f"{page}change/")), "amount": "2"})
    assert (changed.status_code, Alert.objects.get().threshold) == (302, 2_000_000)

    sam.post(f"{page}delete/", {"post": "yes"})

    told = Event.objects.filter(type__startswith="alert.").order_by("pk").values_list("type", "actor_name")
    assert [name for name, _ in told] == ["alert.created", "alert.changed", "alert.deleted"]
    assert {who for _, who in told} == {"sam@example.com"}
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0"},
        {"amount": "-1"},
        {"amount": "1e400"},
        {"amount": "a lot"},
        {"amount": ""},
        {"metric": ""},
        {"project_id": "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11"},
    ],
    ids=str,
)
def test_the_form_says_what_is_wrong(add, changes):
    shown = add(**changes)
    assert (shown.status_code, "errorlist" in text(shown), Alert.objects.count()) == (200, True, 0)
