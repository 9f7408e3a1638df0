"""What runs, fails, is tried again, canceled and given up; and a worker that lost its lease."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from partnership import operation_rows, operations
from partnership.models import Event, Operation, Project
from partnership.provisioners.base import Busy, Pending
from tests.partnership.drivers import Scripted, install, refuses


@pytest.fixture
def driver(monkeypatch):
    return install(monkeypatch, Scripted())


def run_until_idle(seconds: float = 60) -> None:
    """Lets workers do all that is due within the next `seconds`."""
    operations.run_due(timezone.now() + timedelta(seconds=seconds))


@pytest.mark.contract("partnership.md", "Beyond the published contract", "GET `operations/:id`")
def test_an_operation_tells_its_life(globex, shop):
    paused = globex.post(f"{shop}/pause")
    operation = globex.get(f"operations/{paused['operation_id']}")
    assert operation.status == 200
    assert (operation["type"], operation["status"], operation["project_id"]) == ("pause", "succeeded", shop)
    assert (operation["error"], operation["attempts"]) == (None, 1)
    for name in ("created_at", "started_at", "finished_at", "deadline_at"):
        assert datetime.fromisoformat(operation[name]).tzinfo == UTC


@pytest.mark.contract("partnership.md", "Errors", "operation_not_found")
@pytest.mark.parametrize("path", ["4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11", "x"])
def test_operations_of_others_are_not_found(globex, acme, shop, path):
    missing = globex.get(f"operations/{path}")
    assert (missing.status, missing["code"]) == (404, "operation_not_found")
    theirs = acme.get(f"operations/{Operation.objects.get().pk}")
    assert (theirs.status, theirs["code"]) == (404, "operation_not_found")
    assert acme.post(f"operations/{Operation.objects.get().pk}/cancel").status == 404


def test_a_failure_is_tried_again_with_backoff(globex, driver, no_worker):
    driver.script = [refuses(is_retryable=True)] * 2
    globex.sync()
    operation = Operation.objects.get()
    at = operation.created_at
    for seconds, calls in ((0, 1), (0.5, 1), (1.1, 2), (2, 2), (3.2, 3)):
        operations.run_due(at + timedelta(seconds=seconds))
        assert len(driver.calls) == calls
    assert Operation.objects.get().status == "succeeded"
    assert Project.objects.get().status == "active"


@pytest.mark.contract("partnership.md", "Errors", "provisioner_unavailable")
@pytest.mark.contract("partnership.md", "White-label", "if creation failed")
def test_a_creation_that_failed_is_a_503_and_the_same_call_tries_again(globex, driver, monkeypatch):
    driver.script = [refuses(is_retryable=False)]

    failed = globex.sync()

    assert (failed.status, failed["code"], failed.headers["Retry-After"]) == (503, "provisioner_unavailable", "10")
    assert driver.calls == ["create", "delete"]
    assert Project.objects.get().status == "failed"
    told = globex.get(f"operations/{failed['operation_id']}")
    assert told["error"] == {"code": "disk_full", "message": "The disk is full.", "retryable": True}
    again = globex.sync()
    assert (again.status, again["project"]["status"]) == (200, "active")
    assert Project.objects.count() == 1


def test_a_creation_that_takes_long_is_a_200_that_says_creating(globex, no_worker):
    answer = globex.sync()
    assert (answer.status, answer["success"], answer["project"]["status"]) == (200, True, "creating")
    assert answer["operation_id"] in answer.headers["Location"]
    assert globex.sync()["operation_id"] == answer["operation_id"]


@pytest.mark.contract("partnership.md", "Errors", "invalid_state")
def test_a_pause_that_fails_leaves_the_project_active_and_retryable(globex, driver, shop):
    driver.script = [refuses(is_retryable=False)]
    failed = globex.post(f"{shop}/pause")
    assert (failed.status, globex.get(f"{shop}/metadata")["project"]["status"]) == (503, "active")

    again = globex.post(f"operations/{failed['operation_id']}/retry")

    assert (again.status, again["type"]) == (202, "pause")
    assert again.headers["Location"].endswith(again["id"])
    run_until_idle()
    assert globex.get(f"{shop}/metadata")["project"]["status"] == "paused"
    refused = globex.post(f"operations/{failed['operation_id']}/retry")
    assert (refused.status, refused["code"]) == (409, "invalid_state")


def test_deleting_that_fails_brings_the_project_back(globex, driver, shop):
    driver.script = [refuses(is_retryable=False)] * 2  # neither to be shut for the time of its recovery nor deleted
    assert globex.delete(shop).status == 503
    assert globex.get(f"{shop}/metadata")["project"]["status"] == "active"
    assert globex.delete(shop).status == 200


def test_unforeseen_trouble_of_a_driver_is_an_attempt_and_tells_nothing(globex, driver, no_worker):
    driver.script = [RuntimeError("password=hunter2")] * 4
    operation_id = globex.sync()["operation_id"]
    for seconds in range(0, 60, 10):
        run_until_idle(seconds)
    failed = globex.get(f"operations/{operation_id}")
    assert (failed["status"], failed["attempts"]) == ("failed", 4)
    assert failed["error"]["message"] == "The project's infrastructure failed."


def test_an_operation_elsewhere_is_polled_and_counts_as_one_attempt(globex, driver, no_worker):
    driver.script = [Pending({"operation": "7"}, 2.0), Pending({"operation": "7"}, 2.0)]
    globex.sync()
    at = Operation.objects.get().created_at
    for seconds in (0, 1, 30, 60):  # far enough apart for a busy machine
        operations.run_due(at + timedelta(seconds=seconds))
    assert driver.calls == ["create"] * 3
    assert (Operation.objects.get().status, Operation.objects.get().attempts) == ("succeeded", 1)


@pytest.mark.contract("partnership.md", "White-label", "deadline")
def test_past_its_deadline_an_operation_fails_and_the_project_is_usable(globex, driver, shop, no_worker, time_machine):
    driver.script = [Pending({"operation": "7"}, 2.0)] * 999
    operation_id = globex.post(f"{shop}/pause")["operation_id"]
    operations.run_due(timezone.now())
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    run_until_idle(0)

    operation = globex.get(f"operations/{operation_id}")
    assert (operation["status"], operation["error"]["code"]) == ("failed", "deadline_exceeded")
    assert globex.get(f"{shop}/metadata")["project"] | {"status": "active"} == globex.get(f"{shop}/metadata")["project"]
    assert globex.post(f"{shop}/restart").status == 200


@pytest.mark.contract("partnership.md", "Beyond the published contract", "POST `operations/:id/cancel`")
def test_a_waiting_operation_is_canceled_at_once(globex, shop, no_worker):
    operation_id = globex.post(f"{shop}/pause")["operation_id"]
    canceled = globex.post(f"operations/{operation_id}/cancel")
    assert (canceled.status, canceled["status"]) == (200, "canceled")
    assert globex.get(f"{shop}/metadata")["project"]["status"] == "active"
    again = globex.post(f"operations/{operation_id}/cancel")
    assert (again.status, again["code"]) == (409, "invalid_state")


def test_a_creation_is_canceled_while_it_runs_and_taken_back(globex, driver, no_worker):
    operation_id = globex.sync()["operation_id"]
    driver.script = [lambda _step: globex.post(f"operations/{operation_id}/cancel")]
    run_until_idle(0)
    run_until_idle()
    assert driver.calls == ["create", "delete"]
    assert globex.get(f"operations/{operation_id}")["status"] == "canceled"
    assert Project.objects.get().status == "failed"


def test_a_slow_worker_changes_nothing_after_its_successor(globex, driver, no_worker):
    globex.sync()
    now = timezone.now()
    slow = operation_rows.claim_due(now)
    successor = operation_rows.claim_due(now + timedelta(seconds=31))
    assert (slow.pk, slow.fence + 1) == (successor.pk, successor.fence)

    operations.run(successor, now + timedelta(seconds=31))
    operations.run(slow, now)

    assert driver.calls == ["create"]
    assert (Operation.objects.get().status, Project.objects.get().status) == ("succeeded", "active")
    assert not operation_rows.settle(slow, operation_rows.Result("late", "Too late."), now)


def test_nobody_else_gets_what_is_leased(globex, no_worker):
    globex.sync()
    now = timezone.now()
    assert operation_rows.claim_due(now) is not None
    assert operation_rows.claim_due(now) is None


def test_an_operation_that_kills_its_workers_is_given_up(globex, driver, no_worker):
    globex.sync()
    at = timezone.now()
    for number in range(4):
        assert operation_rows.claim_due(at + timedelta(seconds=31 * number)) is not None
    operations.run_due(at + timedelta(seconds=31 * 5))
    operations.run_due(at + timedelta(seconds=31 * 6))
    assert (Operation.objects.get().status, Operation.objects.get().error_code) == ("failed", "worker_lost")
    assert driver.calls == ["delete"]


def test_the_database_refuses_a_second_open_operation(globex, shop, no_worker):
    globex.post(f"{shop}/pause")
    with pytest.raises(IntegrityError), transaction.atomic():
        Operation.objects.create(
            project_id=shop, type="delete", created_at=timezone.now(), due_at=timezone.now(), deadline_at=timezone.now()
        )


def test_each_fact_is_one_event_with_its_actor_and_request(globex, shop):
    globex.post(f"{shop}/pause", **{"X-Request-Id": "globex:7"})
    types = list(Event.objects.order_by("id").values_list("type", flat=True))
    assert types == ["project.create_requested", "project.created", "project.pause_requested", "project.paused"]
    paused = Event.objects.get(type="project.paused")
    assert (paused.actor_kind, paused.actor_id, paused.request_id) == ("partner", globex.partner.pk, "globex:7")
    assert "ik_" not in str(list(Event.objects.values("data")))


def test_an_event_is_never_rewritten(globex, shop):
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(type="project.never")
    with pytest.raises(TypeError):
        Event.objects.first().delete()


def test_a_creation_that_never_ends_is_taken_back_before_its_deadline(globex, driver, no_worker):
    driver.script = [Pending({"operation": "7"}, 2.0)]
    globex.sync()
    operation = Operation.objects.get()
    operations.run_due(operation.created_at)
    operations.run_due(operation.deadline_at - timedelta(seconds=119))
    assert driver.calls == ["create", "delete"]
    operation.refresh_from_db()
    assert (operation.status, operation.error_code) == ("failed", "deadline_exceeded")
    assert globex.sync()["project"]["status"] == "creating"


def test_what_can_not_be_taken_back_for_good_does_not_hold_the_operation_open(globex, driver, no_worker):
    driver.script = [refuses(is_retryable=False)] * 2
    globex.sync()
    run_until_idle(0)
    assert driver.calls == ["create", "delete"]
    assert (Operation.objects.get().status, Operation.objects.get().error_code) == ("failed", "disk_full")


def test_a_busy_project_is_waited_for_and_costs_no_attempt(globex, driver, no_worker):
    driver.script = [Busy()] * 9
    globex.sync()
    at = Operation.objects.get().created_at
    for seconds in range(0, 20, 2):
        operations.run_due(at + timedelta(seconds=seconds))
    assert driver.calls == ["create"] * 10
    assert (Operation.objects.get().status, Operation.objects.get().attempts) == ("succeeded", 1)


def test_a_cancel_does_not_wait_for_the_next_poll(globex, driver, no_worker):
    driver.script = [Pending({"operation": "7"}, 60.0)]
    operation_id = globex.sync()["operation_id"]
    run_until_idle(0)
    assert globex.post(f"operations/{operation_id}/cancel").status == 200
    run_until_idle(0)
    assert globex.get(f"operations/{operation_id}")["status"] == "canceled"
    assert driver.calls == ["create", "delete"]


def test_a_backoff_counts_from_its_own_attempt_and_not_from_the_round(globex, driver, no_worker, monkeypatch):
    for name in ("First", "Second"):
        globex.sync(name)
    begun = timezone.now()
    driver.script = [lambda _step: monkeypatch.setattr(operations, "monotonic", slow), refuses(is_retryable=True)]
    slow = lambda: time.monotonic() + 25  # noqa: E731
    operations.run_due(begun)
    assert Operation.objects.get(finished_at=None).due_at >= begun + timedelta(seconds=26)
