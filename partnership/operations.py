"""Runs what is due, and what people may do to an operation: cancel it.

The row is the job: a worker killed at any instruction leaves a row whose lease ends, and
another worker finishes it. Any number of workers may call `run_due` at once.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext_noop

from accounts import clock
from accounts.wake import wake
from partnership import catalog, operation_rows, project_keys
from partnership.errors import InvalidState
from partnership.events import Actor
from partnership.models import InstanceType, Operation, Project
from partnership.operation_rows import Result
from partnership.provisioners.base import Busy, Done, DriverError, Pending, Spec
from partnership.transitions import BACKOFF_SECONDS, BUSY_SECONDS, MAX_ATTEMPTS, TRANSITIONS

log = structlog.get_logger("gatehouse.operation")
monotonic = time.monotonic


class LeaseLost(Exception):
    """The operation is another worker's now, or past its deadline: leave it alone."""


class CancelAsked(Exception):
    """Somebody wants it to end here."""


CANCELED = Result("canceled", gettext_noop("The operation was canceled."), is_retryable=True, is_canceled=True)
TIMED_OUT = Result("deadline_exceeded", gettext_noop("The operation did not end in time."), is_retryable=True)
NAME_TAKEN = Result(
    "name_taken", gettext_noop("Another project has got its name or external id meanwhile."), is_retryable=True
)
WORKER_LOST = Result("worker_lost", gettext_noop("The operation was cut off too often."), is_retryable=True)


def run_due(now: datetime, *, limit: int = 20) -> int:
    """Runs up to `limit` operations that are due, one after the other. How many it ran.

    `now` is when it starts; the lease of a later one counts from when that one is claimed.
    """
    count, started, at = 0, monotonic(), now
    while count < limit and (operation := operation_rows.claim_due(at)):
        run(operation, at)
        count += 1
        at = later(now, since=started)
    return count


def later(now: datetime, *, since: float) -> datetime:
    """`now` and the time that has passed since (of the monotonic clock)."""
    return now + timedelta(seconds=monotonic() - since)


def run(operation: Operation, now: datetime) -> None:
    """One attempt, or one poll, of an operation that the caller has just claimed."""
    structlog.contextvars.bind_contextvars(operation=str(operation.id), request_id=operation.actor["request_id"])
    try:
        if operation.deadline_at <= now:
            give_up(operation, TIMED_OUT, now)
        elif operation.attempts > MAX_ATTEMPTS and "failure" not in operation.driver_state:
            fail(operation, WORKER_LOST, now)
        elif is_to_be_taken_back(operation, now):
            fail(operation, TIMED_OUT, now)
        else:
            attempt(operation, now)
    except LeaseLost:
        log.info("lease lost")
    finally:
        structlog.contextvars.unbind_contextvars("operation", "request_id")


def is_to_be_taken_back(operation: Operation, now: datetime) -> bool:
    take_back = TRANSITIONS[Operation.Type(operation.type)].take_back
    return bool(take_back) and "failure" not in operation.driver_state and operation.deadline_at - take_back <= now


def attempt(operation: Operation, now: datetime) -> None:
    state = dict(operation.driver_state)
    failure = state.pop("failure", None)
    verb = undo_of(operation) if failure else verb_of(operation)
    started = monotonic()
    try:
        outcome = call(verb, operation, state)
    except CancelAsked:
        fail(operation, CANCELED, clock.now())
    except DriverError as fault:
        log.warning("attempt failed", code=fault.code, detail=fault.detail, attempts=operation.attempts)
        again_or_fail(operation, fault, failure, later(now, since=started))
    else:
        advance(operation, outcome, failure, later(now, since=started))


def verb_of(operation: Operation) -> str:
    """A deletion that staff may undo shuts the project and leaves its data: for the driver a pause."""
    return "pause" if operation.parameters.get("recovery_days") else TRANSITIONS[Operation.Type(operation.type)].verb


def undo_of(operation: Operation) -> str:
    """The verb that takes back what `operation` did, if it fails for good; empty: nothing is to be taken back."""
    return TRANSITIONS[Operation.Type(operation.type)].undo


def advance(operation: Operation, outcome: Done | Pending, failure: dict[str, object] | None, now: datetime) -> None:
    """What the driver's answer means for the row."""
    if isinstance(outcome, Pending):
        state: dict[str, object] = dict(outcome.state)
        if failure:
            state["failure"] = failure
        # An empty state would make the next poll an attempt.
        until = now + timedelta(seconds=outcome.poll_seconds)
        operation_rows.put_off(operation, until=until, state=state or {"phase": "poll"})
    elif failure:
        operation_rows.settle(operation, as_result(failure), clock.now())
    else:
        credentials = json.dumps(dict(outcome.credentials)) if outcome.credentials else ""
        try:
            operation_rows.settle(operation, Result(host=outcome.host, credentials=credentials), clock.now())
        except operation_rows.NameTaken:
            fail(operation, NAME_TAKEN, clock.now())


def again_or_fail(operation: Operation, fault: DriverError, failure: dict[str, object] | None, now: datetime) -> None:
    """Puts the operation off for another attempt; fails it when there is none left."""
    if failure and not fault.is_retryable:
        log.error("not taken back", code=fault.code, detail=fault.detail)  # a delete or retry of the project may
        operation_rows.settle(operation, as_result(failure), clock.now())
    elif failure:  # goes on until the deadline
        until = now + timedelta(seconds=BACKOFF_SECONDS[-1])
        operation_rows.put_off(operation, until=until, state={"failure": failure})
    elif isinstance(fault, Busy):
        # No attempt: what holds it may be a dead worker's last statement. Ends with it, or at the deadline.
        operation_rows.put_off(operation, until=now + timedelta(seconds=BUSY_SECONDS), state={"phase": "wait"})
    elif fault.is_retryable and operation.attempts < MAX_ATTEMPTS:
        until = now + timedelta(seconds=BACKOFF_SECONDS[operation.attempts - 1])
        operation_rows.put_off(operation, until=until, state={})
    elif not fault.is_retryable and operation.parameters.get("recovery_days"):
        # Nothing is there to be shut, or it can't be: that must keep nobody from deleting the project.
        operation_rows.forgo_recovery(operation, now)
    else:
        fail(operation, Result(fault.code, fault.message, is_retryable=True), now)


def fail(operation: Operation, result: Result, now: datetime) -> None:
    """Ends the operation as failed; one that has an undo first takes back what it may have done."""
    if undo_of(operation):
        failure = {
            "code": result.code,
            "message": result.message,
            "is_retryable": result.is_retryable,
            "is_canceled": result.is_canceled,
        }
        operation_rows.put_off(operation, until=now, state={"failure": failure})
    else:
        operation_rows.settle(operation, result, now)


def give_up(operation: Operation, result: Result, now: datetime) -> None:
    """Past its deadline: whatever else was to be done, it ends now."""
    failure = operation.driver_state.get("failure")
    operation_rows.settle(operation, as_result(failure) if failure else result, now)


def as_result(failure: dict[str, object]) -> Result:
    return Result(
        str(failure["code"]),
        str(failure["message"]),
        bool(failure["is_retryable"]),
        bool(failure["is_canceled"]),
    )


def call(verb: str, operation: Operation, state: dict[str, object]) -> Done | Pending:
    """The driver's verb. Raises DriverError for every failure: an unforeseen one is its log line and a retry."""
    is_taking_back = verb == undo_of(operation)

    def step(name: str) -> None:
        if not operation_rows.renew(operation, clock.now()):
            raise LeaseLost
        if not is_taking_back and is_cancel_asked(operation):
            raise CancelAsked

    try:
        step("begin")
        driver = catalog.get_driver(operation.project.provisioner)
        outcome: Done | Pending = getattr(driver, verb)(spec_of(operation), step, as_text(state))
    except (DriverError, LeaseLost, CancelAsked):
        raise
    except Exception as fault:
        log.exception("driver broke", verb=verb)
        message = gettext_noop("The project's infrastructure failed.")
        raise DriverError("provisioner_error", message, is_retryable=True, detail=type(fault).__name__) from fault
    return outcome


def as_text(state: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in state.items()}


def is_cancel_asked(operation: Operation) -> bool:
    return Operation.objects.filter(pk=operation.pk, cancel_requested_at__isnull=False).exists()


def spec_of(operation: Operation) -> Spec:
    """The project as it shall be when `operation` has succeeded."""
    project, wanted = operation.project, operation.parameters
    instance_type = str(wanted.get("instance_type", project.instance_type_id))
    return replace(
        catalog.spec_of(project),
        instance_type=instance_type,
        connection_limit=InstanceType.objects.get(pk=instance_type).connection_limit,
        volume_size_gib=int(wanted.get("volume_size_gib", project.volume_size_gib)),
        service_version=str(wanted.get("service_version", project.service_version_id)),
        api_key=project_keys.current(project),
        originator={
            "operation_id": str(operation.id),
            **{name: str(operation.actor[name]) for name in ("kind", "id", "request_id")},
        },
    )


def cancel(operation: Operation, *, actor: Actor, now: datetime) -> Operation:
    """Asks for the end of `operation`; canceled at once if no worker has it.

    Raises InvalidState (409) if it has ended, or is past the point where it could be left.
    """
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=operation.project_id)
        operation = Operation.objects.select_for_update().select_related("project").get(pk=operation.pk)
        rule = TRANSITIONS[Operation.Type(operation.type)]
        if not operation.is_open:
            raise InvalidState(gettext_noop("The operation has ended."))
        if operation.attempts and not rule.cancels_while_running:
            raise InvalidState(gettext_noop("The operation has begun and can no longer be canceled."))
        operation.cancel_requested_at = operation.due_at = now
        operation.actor = actor.as_json()
        operation.save(update_fields=["cancel_requested_at", "due_at", "actor"])
        if operation.attempts:
            wake("operations")
        else:
            operation_rows.settle(operation, CANCELED, now)
    operation.refresh_from_db()
    return operation
