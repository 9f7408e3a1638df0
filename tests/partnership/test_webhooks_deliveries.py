"""Events on their way to partners' endpoints: signed, at least once, in order per project."""

import json
import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from partnership import deliveries, events, lifecycle, operations
from partnership.due_deliveries import find_due
from partnership.events import Actor
from partnership.models import Delivery, Event, Operation, Partner, Webhook
from tests import receivers
from tests.partnership.hooks import add_backlog, deliver, hook
from tests.post import letters

BEYOND = ("partnership.md", "Beyond the published contract")
SIGNED = pytest.mark.contract(*BEYOND, "GET, POST `webhooks`; GET, PATCH, DELETE `webhooks/:id`")
LAST = "9999-12-31T23:59:59.999999Z"


@pytest.fixture(autouse=True)
def loopback_allowed(settings, time_machine):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)


@pytest.fixture
def hooked(globex, receiver):
    """An endpoint of globex that hears of everything."""
    return hook(globex, receiver)


def outcomes(hook_):
    """Of every attempt at the oldest delivery."""
    return [each["outcome"] for each in hook_.deliveries()[-1]["history"]]


@SIGNED
def test_a_receiver_verifies_what_it_gets(globex, hooked):
    project = globex.sync()["project"]
    assert deliver() == 1
    body = hooked.verified()
    assert (body["type"], body["data"]["project"]["id"]) == ("project.created", project["id"])
    assert body["timestamp"] == "2026-03-01T12:00:00.000Z"
    assert project["api_key"] not in json.dumps(body)
    event = Event.objects.get(type="project.created")
    assert hooked.receiver.got[0][0]["webhook-id"] == f"msg_{event.uuid.hex}"


def test_attack_155_a_changed_body_or_a_foreign_secret_does_not_verify(globex, hooked):
    globex.sync()
    deliver()
    headers, body = hooked.receiver.got[0]
    hooked.receiver.got.append((headers, body.replace(b"nano", b"xl")))
    with pytest.raises(WebhookVerificationError):
        hooked.verified()
    with pytest.raises(WebhookVerificationError):
        hooked.verified(0, "whsec_" + "A" * 32)


def test_two_secrets_sign_while_they_overlap(globex, hooked, later):
    new = globex.post(f"{hooked.path}/rotate-secret", {"overlap_seconds": 600})["webhook"]["secret"]
    globex.sync("One")
    deliver()
    assert hooked.verified() == hooked.verified(secret=new)
    later(seconds=601)
    globex.sync("Two")
    deliver()
    assert hooked.verified(secret=new)["type"] == "project.created"
    with pytest.raises(WebhookVerificationError):
        hooked.verified()


def test_every_type_of_the_contract_arrives_in_order(globex, hooked, shop):
    calls = ("pause", None), ("restore", None), ("upgrade", {"instance_type": "micro"}), ("restart", None)
    for call, body in calls:
        assert globex.post(f"{shop}/{call}", body).status == 200
    globex.delete(shop)
    assert deliver() == 6
    told = ["created", "paused", "restored", "upgraded", "restarted", "deleted"]
    assert hooked.types() == [f"project.{each}" for each in told]


def test_only_what_was_asked_for(globex, receiver):
    only = hook(globex, receiver, event_types=["project.paused"])
    shop = globex.sync()["project"]["id"]
    globex.post(f"{shop}/pause")
    deliver()
    assert only.types() == ["project.paused"]


@pytest.mark.parametrize("code", [400, 404, 429, 500, 503])
def test_an_error_is_tried_again(globex, hooked, later, code):
    hooked.receiver.behave = receivers.status(code, b"secret stack trace")
    globex.sync()
    assert (deliver(), deliver()) == (1, 0)
    (told,) = hooked.deliveries()
    assert (told["status"], told["outcome"], told["response_status"]) == ("pending", "unexpected_status", code)
    assert told["next_attempt_at"].startswith("2026-03-01T12:00:05")
    assert "stack" not in str(told)
    hooked.receiver.behave = receivers.status(200)
    later(seconds=6)
    assert deliver() == 1
    assert outcomes(hooked) == ["unexpected_status", "delivered"]
    assert hooked.receiver.got[0][1] == hooked.receiver.got[1][1]  # the same bytes, the same id
    assert hooked.receiver.got[0][0]["webhook-id"] == hooked.receiver.got[1][0]["webhook-id"]
    assert hooked.verified()["type"] == "project.created"  # signed for the new time


def test_retry_after_is_heard(globex, hooked, later):
    hooked.receiver.behave = receivers.status(429, Retry_After="600")
    globex.sync()
    deliver()
    later(seconds=599)
    assert deliver() == 0
    later(seconds=2)
    assert deliver() == 1


@pytest.mark.parametrize(
    ("behave", "outcome"),
    [
        (receivers.status(302, Location="http://127.0.0.1:1/"), "redirect_refused"),
        (receivers.slow(2), "timed_out"),
        (receivers.drip_headers, "timed_out"),
        (receivers.no_http, "invalid_answer"),
    ],
)
def test_attack_154_a_bad_receiver_gets_a_named_outcome(globex, hooked, monkeypatch, behave, outcome):
    monkeypatch.setattr(deliveries, "TIMEOUT_SECONDS", 0.3)
    hooked.receiver.behave = behave
    globex.sync()
    deliver()
    assert (outcomes(hooked), hooked.deliveries()[0]["status"]) == ([outcome], "pending")


@pytest.mark.parametrize("behave", [receivers.drip, receivers.flood, receivers.cut_off])
def test_attack_154_a_receiver_is_taken_by_its_status_whatever_body_follows(globex, hooked, monkeypatch, behave):
    monkeypatch.setattr(deliveries, "TIMEOUT_SECONDS", 1)
    hooked.receiver.behave = behave
    globex.sync()
    deliver()
    assert (outcomes(hooked), hooked.deliveries()[0]["status"]) == (["delivered"], "delivered")


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://10.0.0.1/", "address_refused"),
        ("https://169.254.169.254/latest/meta-data", "address_refused"),
        ("https://[::ffff:10.0.0.1]/", "address_refused"),
        ("http://127.0.0.1:1/", "connection_failed"),
    ],
)
def test_attack_089_what_was_kept_before_is_looked_at_again(globex, hooked, url, outcome):
    """An address that passed once, or came by another way, is checked at every attempt."""
    Webhook.objects.update(url=url)
    globex.sync()
    deliver()
    assert outcomes(hooked) == [outcome]


def test_a_project_waits_for_its_own_and_for_no_other(globex, hooked, shop, later):
    hooked.receiver.behave = receivers.status(500)
    deliver()
    hooked.receiver.behave = receivers.status(200)
    globex.post(f"{shop}/pause")
    globex.sync("Other")
    assert deliver() == 1
    later(seconds=6)
    assert deliver() == 2
    assert hooked.types() == ["project.created", "project.created", "project.created", "project.paused"]
    ids = [json.loads(body)["data"]["project"]["id"] for _, body in hooked.receiver.got]
    assert [each == shop for each in ids] == [True, False, True, True]


def test_one_that_hangs_holds_up_no_other(globex, acme, hooked, monkeypatch):
    monkeypatch.setattr(deliveries, "TIMEOUT_SECONDS", 0.5)
    hooked.receiver.behave = receivers.slow(2)
    with receivers.receiving() as quick:
        other = hook(globex, quick)
        for number in range(6):
            globex.sync(f"Shop {number}")
        assert deliver() == 7  # the slow one is asked once, then left alone
    assert (len(other.receiver.got), len(hooked.receiver.got)) == (6, 1)


def hang():
    """The delivery whose turn it is meets a server that hangs, without waiting for it."""
    now = timezone.now()
    deliveries.settle(deliveries.claim_due(now), deliveries.Report(Delivery.Outcome.TIMEOUT), now)


@pytest.fixture
def timed_out(globex, hooked):
    """It hung once, at 12:00, with a backlog of three projects."""
    for number in range(3):
        globex.sync(f"Shop {number}")
    hang()
    return hooked


def test_one_that_hung_rests_for_a_minute_with_what_is_new_too(globex, timed_out, later):
    globex.sync("New")
    assert {told["next_attempt_at"] for told in timed_out.deliveries()} == {"2026-03-01T12:01:00.000Z"}
    later(seconds=59)
    assert deliver() == 0
    later(seconds=1)
    assert (deliver(), len(timed_out.receiver.got)) == (4, 4)


def test_a_rest_is_not_written_to_the_backlog(timed_out):
    due_by_attempts = {(each.attempts, each.due_at) for each in Delivery.objects.all()}
    assert due_by_attempts == {(0, timezone.now()), (1, timezone.now() + timedelta(seconds=5))}


def test_a_rest_shortens_no_wait(globex, hooked):
    hooked.receiver.behave = receivers.status(503, Retry_After="600")
    globex.sync("Asked for time")
    deliver()
    waits_until = hooked.deliveries()[0]["next_attempt_at"]
    globex.sync("Hangs")
    hang()
    assert hooked.deliveries()[1]["next_attempt_at"] == waits_until


def test_a_replay_ends_the_rest(globex, timed_out, later):
    later(seconds=10)
    told = timed_out.deliveries()[0]
    again = globex.post(f"{timed_out.path}/deliveries/{told['id']}/replay")["delivery"]
    assert again["next_attempt_at"] == "2026-03-01T12:00:10.000Z"
    assert deliver() == 3
    assert {told["status"] for told in timed_out.deliveries()} == {"delivered"}


def test_switching_it_on_ends_the_rest(globex, timed_out):
    timed_out.patch(is_enabled=False)
    timed_out.patch(is_enabled=True)
    globex.sync("New")
    assert deliver() == 1


def test_one_that_rested_is_not_before_who_waits_longer(globex, timed_out, receiver, later):
    later(seconds=50)
    other = hook(globex, receiver)
    globex.sync("Other")
    later(seconds=30)
    claimed = [deliveries.claim_due(timezone.now()) for _ in range(2)]
    assert [str(each.webhook_id) for each in claimed] == [other.id, timed_out.id]


@pytest.mark.parametrize("count", [99, 100, 101, 250])
@pytest.mark.parametrize(
    "other", ["00000000-0000-4000-8000-000000000000", "f0000000-0000-4000-8000-000000000000", None]
)
def test_one_behind_many_of_another_project_is_found(hooked, count, other):
    webhook, waits = Webhook.objects.get(), Delivery.objects.order_by("pk")
    add_backlog(webhook, count, "7d444840-9dc0-11d1-b245-5ffdce74fad2")
    waits.filter(pk=waits.first().pk).update(due_at=timezone.now() + timedelta(hours=1))
    assert not find_due(timezone.now()).exists()
    add_backlog(webhook, 1, other)
    assert find_due(timezone.now()).get() == waits.last()


def test_it_goes_on_for_three_days_and_no_longer(globex, hooked, later):
    hooked.receiver.behave = receivers.status(500)
    globex.sync()
    tries = 0
    for seconds in (0, *deliveries.BACKOFF_SECONDS):
        later(seconds=seconds + 1)
        tries += deliver()
    (told,) = hooked.deliveries()
    assert (tries, told["attempts"], len(told["history"])) == (13, 13, 13)
    assert (told["status"], told["next_attempt_at"]) == ("failed", None)
    assert timedelta(days=3) < timezone.now() - Event.objects.get(type="project.created").occurred_at < timedelta(4)


def failing_for_three_days(hook_, later):
    hook_.receiver.behave = receivers.status(500)
    hook_.owner.sync()
    for seconds in (0, *deliveries.BACKOFF_SECONDS):
        later(seconds=seconds + 1)
        deliver()


def test_an_endpoint_that_takes_nothing_is_switched_off_with_a_mail(globex, hooked, later):
    failing_for_three_days(hooked, later)
    shown = hooked.shown()
    assert (shown["is_enabled"], shown["disabled_reason"]) == (False, "failing")
    (letter,) = letters()
    assert (letter.to, hooked.receiver.url in letter.body) == (["ops@partner.example"], True)
    assert Event.objects.filter(type="webhook.disabled", actor_kind="system").count() == 1
    globex.sync("Later")
    assert (deliver(), len(hooked.deliveries())) == (0, 1)


def test_switched_on_again_it_is_given_time_and_its_past(globex, hooked, later):
    failing_for_three_days(hooked, later)
    globex.sync("Later")
    hooked.receiver.behave = receivers.status(200)
    hooked.receiver.got.clear()
    assert hooked.patch(is_enabled=True)["webhook"]["failing_since"] is None
    span = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    assert globex.post(f"{hooked.path}/replay", span)["replayed"] == 2
    deliver()
    assert hooked.types() == ["project.created"] * 2


def test_what_is_asked_for_by_the_instants_that_were_told_is_sent_again(globex, hooked, time_machine):
    time_machine.move_to("2026-03-01T12:00:00.123456Z", tick=False)
    globex.sync()
    deliver()
    told_at = hooked.verified()["timestamp"]
    assert told_at == "2026-03-01T12:00:00.123Z"
    assert globex.post(f"{hooked.path}/replay", {"from": told_at, "to": told_at})["replayed"] == 1
    assert globex.post(f"{hooked.path}/replay", {"from": "2026-03-01T12:00:00.124Z", "to": LAST})["replayed"] == 0


@pytest.mark.contract("README.md", "Rules for all of them", "2")
def test_the_instants_of_attempts_are_written_as_all_others(globex, hooked):
    globex.sync()
    deliver()
    [attempt] = hooked.deliveries()[0]["history"]
    assert re.fullmatch(r"2026-03-01T12:00:00\.\d{3}Z", attempt["at"])


def test_one_success_in_between_forgives(globex, hooked, later):
    hooked.receiver.behave = receivers.status(500)
    globex.sync("One")
    deliver()
    assert hooked.shown()["failing_since"].startswith("2026-03-01T12:00:00")
    hooked.receiver.behave = receivers.status(200)
    globex.sync("Two")
    deliver()
    assert hooked.shown()["failing_since"] is None


def test_a_new_address_has_failed_nothing(globex, hooked, receiver):
    hooked.receiver.behave = receivers.status(500)
    globex.sync()
    deliver()
    assert hooked.patch(description="Billing")["webhook"]["failing_since"] is not None
    assert hooked.patch(url=f"{hooked.receiver.url}new")["webhook"]["failing_since"] is None


def test_410_switches_it_off_at_once(globex, hooked):
    globex.sync("One")
    globex.sync("Two")
    hooked.receiver.behave = receivers.status(410)
    assert deliver() == 1
    assert hooked.shown()["disabled_reason"] == "gone"
    assert {told["status"] for told in hooked.deliveries()} == {"failed"}
    assert "410" in letters()[0].body


def test_a_killed_workers_delivery_is_taken_over(globex, hooked, later):
    globex.sync()
    killed = deliveries.claim_due(timezone.now())
    assert deliver() == 0
    later(seconds=31)
    assert deliver() == 1
    (told,) = hooked.deliveries()
    assert (told["status"], told["attempts"], len(told["history"])) == ("delivered", 2, 1)
    late = deliveries.Report(Delivery.Outcome.TIMEOUT)
    deliveries.settle(killed, late, timezone.now())  # it lived after all, and says nothing any more
    assert hooked.deliveries() == [told]


def test_what_our_keys_cannot_sign_is_no_crash(globex, hooked, settings):
    globex.sync()
    settings.ENCRYPTION_KEYS = ["A" * 43 + "="]
    assert deliver() == 1
    assert outcomes(hooked) == ["not_sent"]


def test_nothing_is_sent_for_a_partner_that_is_switched_off(globex, hooked):
    globex.sync()
    Partner.objects.update(is_enabled=False)
    assert deliver() == 0
    Partner.objects.update(is_enabled=True)
    assert deliver() == 1


def test_the_test_environment_has_endpoints_of_its_own(globex, globex_test, hooked):
    globex_test.sync()
    assert deliver() == 0
    with receivers.receiving() as other:
        hook(globex_test, other)
        globex_test.sync("Another")
        deliver()
    assert (len(other.got), hooked.receiver.got) == (1, [])


def test_what_a_person_does_after_cutting_the_link_is_not_told(acme, alice, receiver, later):
    hooked = hook(acme, receiver)
    user_id = acme.connect("alice@example.com")
    acme.sync_for(user_id)
    later(seconds=1)
    acme.partner.connections.update(cut_at=timezone.now())
    project = acme.partner.projects.get()
    operations_before = len(acme.get("events")["events"])
    deleted_by(alice, project)
    deliver()
    assert hooked.types() == ["project.created"]
    assert len(acme.get("events")["events"]) == operations_before


def deleted_by(person, project):
    now = timezone.now()
    lifecycle.change(project, Operation.Type.DELETE, actor=Actor("user", str(person.pk)), now=now)
    operations.run_due(now)


def test_no_event_is_told_that_did_not_come_about(globex, hooked):
    with transaction.atomic():
        events.record("statement.closed", globex.partner, "live", actor=events.SYSTEM, now=timezone.now())
        transaction.set_rollback(True)
    assert (deliver(), Event.objects.filter(type="statement.closed").count()) == (0, 0)
