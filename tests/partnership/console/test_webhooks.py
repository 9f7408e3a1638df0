"""Webhook endpoints in the console: as by the API, with the same secrets, events and limits."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from partnership.models import Delivery, Webhook
from tests import cast, receivers
from tests.partnership.hooks import Hook, deliver

pytestmark = pytest.mark.django_db
URL = "https://hooks.globex.example/in"


@pytest.fixture(autouse=True)
def loopback_allowed(settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True


@pytest.fixture
def hooked(dan, globex):
    """An endpoint that dan added, and its receiver."""
    with receivers.receiving() as receiver:
        page = dan.post("/webhooks/add", {"url": receiver.url, "seen": "0"})
        yield Hook(globex, receiver, str(Webhook.objects.get().pk), secret_in(page))


def secret_in(page):
    return re.search(r"whsec_[A-Za-z0-9+/=]+", page.content.decode())[0]


def seen(desk, hook):
    return re.search(r'name="seen" value="(\w+)"', desk.read(f"/{hook.path}"))[1]


def test_an_endpoint_is_added_and_its_secret_shown_once(dan, hooked, globex):
    assert hooked.secret not in dan.read("/webhooks") + dan.read(f"/{hooked.path}")
    globex.sync()
    deliver()

    assert hooked.verified()["type"] == "project.created"
    event = globex.partner.events.get(type="webhook.created")
    assert (event.actor_kind, event.actor_name) == ("user", "dan@example.com")


def test_a_reload_adds_no_second_one(dan, hooked):
    page = dan.post("/webhooks/add", {"url": hooked.receiver.url, "seen": "0"}).content.decode()

    assert "The endpoints changed since you opened the page" in page
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize("url", ["", "http://10.0.0.1/in", "https://user@hooks.globex.example/", "javascript:alert(1)"])
def test_attack_186_an_address_to_which_nothing_would_be_sent_is_refused_at_its_field(dan, url, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    page = dan.post("/webhooks/add", {"url": url, "seen": "0"}).content.decode()

    assert 'aria-invalid="true"' in page
    assert not Webhook.objects.exists()


def test_there_are_as_many_as_by_the_api(dan, globex):
    for number in range(10):
        globex.post("webhooks", {"url": f"{URL}/{number}"})

    assert "At most 10 webhooks are kept" in dan.post("/webhooks/add", {"url": URL, "seen": "10"}).content.decode()


def test_it_is_changed_and_asks_for_some_events(dan, hooked, globex):
    form = {"url": hooked.receiver.url, "description": "Billing", "event_types": ["project.paused"]}
    assert "Saved." in dan.reads_after(f"/{hooked.path}/change", form)

    shop = globex.sync()["project"]["id"]
    globex.post(f"{shop}/pause")
    deliver()
    assert hooked.types() == ["project.paused"]
    wrong = dan.post(f"/{hooked.path}/change", {**form, "event_types": ["nothing"]}).content.decode()
    assert "errorlist" in wrong


def test_it_is_switched_off_and_on(dan, hooked, globex):
    assert "The endpoint is off" in dan.reads_after(f"/{hooked.path}/switch", {"switch": "off"})
    globex.sync()
    assert deliver() == 0
    page = dan.reads_after(f"/{hooked.path}/switch", {"switch": "on"})
    assert "The endpoint is on." in page
    assert hooked.shown()["is_enabled"] is True


def test_a_secret_is_rotated_after_a_new_proof_and_both_sign_meanwhile(dan, hooked, globex):
    form = {"seen": seen(dan, hooked), "overlap": "86400"}
    fresh = secret_in(dan.post(f"/{hooked.path}/rotate-secret", form))
    globex.sync()
    deliver()

    assert hooked.verified(secret=fresh) == hooked.verified()
    assert "The secret changed" in dan.reads_after(f"/{hooked.path}/rotate-secret", form)
    dan.browser = cast.signed_in(dan.person, at=timezone.now().timestamp() - 301)
    asked = dan.post(f"/{hooked.path}/rotate-secret", {**form, "seen": seen(dan, hooked)})
    assert asked["Location"].startswith("/accounts/reauthenticate/")


def test_what_was_sent_is_shown_with_each_attempt_and_sent_again(dan, hooked, globex):
    hooked.receiver.behave = receivers.status(500)
    globex.sync()
    deliver()
    page = dan.read(f"/{hooked.path}")
    assert "project.created" in page
    assert "1 attempt" in page
    assert "answered with an error (500)" in page

    delivery, hooked.receiver.behave = Delivery.objects.get(), receivers.status(200)
    assert "Queued to be sent again." in dan.reads_after(f"/{hooked.path}/deliveries/{delivery.uuid}/replay")
    deliver()
    assert "2 attempts" in dan.read(f"/{hooked.path}")
    assert hooked.types() == ["project.created"] * 2


def test_a_span_of_time_is_sent_again(dan, hooked, globex):
    globex.sync("One")
    globex.sync("Two")
    deliver()
    now = timezone.now()
    span = {"from_": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}", "to": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}"}

    assert "2 events are sent again." in dan.reads_after(f"/{hooked.path}/replay", span)
    deliver()
    assert len(hooked.types()) == 4
    turned = {"from_": span["to"], "to": span["from_"]}
    assert "must not be before" in dan.post(f"/{hooked.path}/replay", turned).content.decode()
    dan.post(f"/{hooked.path}/switch", {"switch": "off"})
    assert "switched off" in dan.reads_after(f"/{hooked.path}/replay", span)


def test_it_is_deleted(dan, hooked):
    assert "The endpoint is deleted." in dan.reads_after(f"/{hooked.path}/delete")
    assert dan.get(f"/{hooked.path}").status_code == 404


def test_each_environment_has_its_own(dan, hooked):
    dan.environment = "test"
    assert "There is no endpoint here." in dan.read("/webhooks")
    secret_in(dan.post("/webhooks/add", {"url": URL, "seen": "0"}))
    assert Webhook.objects.get(environment="test").url == URL
