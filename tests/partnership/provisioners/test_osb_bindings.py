"""Bindings made asynchronously, and polling for as long as the plan says (Open Service Broker 2.17)."""

import pytest

from partnership.provisioners import broker_answers
from partnership.provisioners.base import Done
from tests.partnership.provisioners.grounds import PROJECT_ID
from tests.partnership.provisioners.test_osb import NO_STEP, SPEC, refusal_of

CREDENTIALS = {"user": "u1", "password": "broker-secret"}


def test_a_binding_is_polled_and_then_fetched(on_slow_binder):
    done = on_slow_binder.call("create")
    assert done == Done(host="https://7e570000.broker.example", credentials=CREDENTIALS)
    broker = on_slow_binder.broker
    assert broker.kinds() == [
        "provision",
        *["last_operation"] * 3,
        "bind",
        *["binding_operation"] * 3,
        "fetch",
    ]
    sent = {request.kind: request.query for request in broker.requests}
    assert sent["bind"] == {"accepts_incomplete": "true"}
    assert sent["binding_operation"]["operation"] == f"bind-{PROJECT_ID}"


def test_an_unbinding_is_polled_before_the_instance_goes(on_slow_binder):
    on_slow_binder.call("create")
    on_slow_binder.broker.requests.clear()
    on_slow_binder.call("delete")
    kinds = on_slow_binder.broker.kinds()
    assert kinds[:5] == ["unbind", *["binding_operation"] * 3, "deprovision"]
    assert not on_slow_binder.is_there()


def test_a_broker_whose_bindings_cannot_be_fetched_is_not_asked_for_patience(on_broker):
    on_broker.call("create")
    (bind,) = [request for request in on_broker.broker.requests if request.kind == "bind"]
    assert bind.query == {}


@pytest.mark.parametrize("trick", [500, "cut", "slow", "half_done", "garbage"])
def test_a_binding_that_may_have_happened_is_taken_back(on_slow_binder, trick):
    on_slow_binder.broker.tricks["bind"] = [trick]
    assert refusal_of(on_slow_binder, "create").is_retryable
    assert on_slow_binder.broker.kinds()[4:6] == ["bind", "unbind"]
    assert not on_slow_binder.broker.bindings
    assert on_slow_binder.call("create").credentials == CREDENTIALS


def test_a_binding_that_fails_is_taken_back_before_the_next_try(on_slow_binder):
    on_slow_binder.broker.tricks["binding_operation"] = ["fails"]
    assert refusal_of(on_slow_binder, "create").code == "broker_failed"
    assert not on_slow_binder.broker.bindings
    assert on_slow_binder.call("create").credentials == CREDENTIALS


@pytest.mark.parametrize("trick", [500, "cut", "busy", 429])
def test_taking_a_binding_back_goes_on_until_it_is_gone(on_slow_binder, trick):
    on_slow_binder.broker.tricks = {"bind": ["half_done"], "unbind": [trick, trick]}
    assert refusal_of(on_slow_binder, "create").is_retryable
    assert on_slow_binder.broker.kinds().count("unbind") == 3
    assert not on_slow_binder.broker.bindings


@pytest.mark.parametrize("trick", [500, "cut", "slow", "garbage", 429])
def test_credentials_that_do_not_come_are_fetched_again(on_slow_binder, trick):
    on_slow_binder.broker.tricks["fetch"] = [trick]
    assert on_slow_binder.call("create").credentials == CREDENTIALS
    assert on_slow_binder.broker.kinds().count("bind") == 1


def test_polling_ends_where_the_plan_says_and_the_creation_is_taken_back(on_slow_broker, monkeypatch):
    broker = on_slow_broker.broker
    broker.service["plans"][0]["maximum_polling_duration"] = 60
    broker.polls = 10**9
    first = on_slow_broker.driver.create(SPEC, NO_STEP, {})
    later = float(first.state["until"])
    monkeypatch.setattr(broker_answers, "clock", lambda: later + 1)

    outcome = on_slow_broker.driver.create(SPEC, NO_STEP, first.state)

    assert outcome.state["phase"] == "mitigate"
    assert "deprovision" in broker.kinds()


@pytest.mark.parametrize("most", [0, -1, "60", None, 1e9, 10**12])
def test_a_maximum_that_is_none_leaves_our_own_deadline(on_slow_broker, most):
    on_slow_broker.broker.service["plans"][0]["maximum_polling_duration"] = most
    assert "until" not in on_slow_broker.driver.create(SPEC, NO_STEP, {}).state
