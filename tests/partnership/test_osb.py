"""Open Service Broker 2.17: what its answers mean, against a broker that misbehaves on purpose."""

import base64
import json
from dataclasses import replace

import pytest

from partnership.provisioners import osb
from partnership.provisioners.base import Done, DriverError, Pending
from tests.partnership import broker as brokers
from tests.partnership.test_provisioners import SPEC


@pytest.fixture
def broker(monkeypatch):
    monkeypatch.setattr(osb, "STEP_SECONDS", 0.4)
    with brokers.running() as running:
        yield running


@pytest.fixture
def driver(broker):
    return osb.OsbDriver(broker.settings())


def run(driver, verb, spec=SPEC):
    """The verb with its polls, none of which waits."""
    outcome = getattr(driver, verb)(spec, lambda _name: None, {})
    for _ in range(20):
        if isinstance(outcome, Done):
            return outcome
        outcome = getattr(driver, verb)(spec, lambda _name: None, outcome.state)
    return outcome


def test_a_project_has_its_whole_life_on_a_broker(driver, broker):
    assert run(driver, "create").credentials == {"uri": f"db://{SPEC.project_id}"}
    run(driver, "pause")
    assert broker.instances[SPEC.project_id]["paused"] is True
    run(driver, "restore")
    run(driver, "resize", replace(SPEC, instance_type="small", volume_size_gib=20))
    assert broker.instances[SPEC.project_id]["plan_id"] == "plan-small"
    assert broker.instances[SPEC.project_id]["volume_size_gib"] == 20
    run(driver, "restart", replace(SPEC, instance_type="small"))
    run(driver, "delete", replace(SPEC, instance_type="small"))
    assert (broker.instances, broker.bindings) == ({}, {})


def test_every_request_says_version_login_and_who_asked(driver, broker):
    run(driver, "create")
    for _method, _path, headers, _query in broker.requests:
        assert headers["X-Broker-API-Version"] == "2.17"
        assert base64.b64decode(headers["Authorization"].split()[1]) == b"gatehouse:b:roker"
        platform, identity = headers["X-Broker-API-Originating-Identity"].split()
        assert (platform, json.loads(base64.b64decode(identity))["id"]) == ("gatehouse", "ps_globex000001")


@pytest.mark.parametrize("verb", ["create", "pause", "delete"])
def test_what_takes_long_is_polled(driver, broker, verb):
    if verb != "create":
        run(driver, "create")
    method = {"create": "PUT", "pause": "PATCH", "delete": "DELETE"}[verb]
    broker.whims[f"{method} service_instances"] = ["slow"]
    broker.polls_left = 3

    assert isinstance(run(driver, verb), Done)

    polls = [query for _, path, _, query in broker.requests if path.endswith("last_operation")]
    assert len(polls) == 4
    assert {query["operation"] for query in polls} == {"op-1"}


@pytest.mark.parametrize("whim", ["hang", "garbage", "done-but-500", (500, {}), (408, {}), (201, "[]"), (204, "")])
def test_a_provision_that_proves_nothing_leaves_no_orphan(driver, broker, whim):
    broker.whims["PUT service_instances"] = [whim]

    with pytest.raises(DriverError) as failed:
        run(driver, "create")

    assert failed.value.is_retryable
    assert broker.instances == {}
    assert any(method == "DELETE" for method, *_ in broker.requests)
    assert isinstance(run(driver, "create"), Done)


def test_mitigation_goes_on_until_the_broker_says_gone(driver, broker):
    broker.whims["PUT service_instances"] = ["done-but-500"]
    broker.whims["DELETE service_instances"] = [(500, {}), "hang", (503, {})]
    with pytest.raises(DriverError):
        run(driver, "create")
    assert broker.instances == {}


def test_a_provision_that_failed_in_the_end_is_taken_back(driver, broker):
    broker.whims["PUT service_instances"] = ["slow"]
    broker.poll_fails = True
    with pytest.raises(DriverError) as failed:
        run(driver, "create")
    assert failed.value.is_retryable
    assert "DELETE" in [method for method, *_ in broker.requests]


@pytest.mark.parametrize(
    ("said", "is_retryable"),
    [
        ((400, {}), False),
        ((401, {}), False),
        ((409, {}), False),
        ((422, {"error": "AsyncRequired"}), False),
        ((422, {"error": "ConcurrencyError"}), True),
        ((429, {}), True),
        ((302, {}), False),
    ],
)
def test_refusals_are_final_or_come_again(driver, broker, said, is_retryable):
    broker.whims["PUT service_instances"] = [said]
    with pytest.raises(DriverError) as refused:
        run(driver, "create")
    assert refused.value.is_retryable is is_retryable
    assert "DELETE" not in [method for method, *_ in broker.requests]


def test_an_instance_with_another_plan_is_a_conflict(driver, broker):
    run(driver, "create")
    with pytest.raises(DriverError) as refused:
        run(driver, "create", replace(SPEC, instance_type="small"))
    assert not refused.value.is_retryable


@pytest.mark.parametrize("whim", [(410, {}), (200, {})])
def test_gone_is_deleted(driver, broker, whim):
    broker.whims["DELETE service_instances"] = [whim]
    assert isinstance(run(driver, "delete"), Done)


def test_last_operation_that_stumbles_is_asked_again(driver, broker):
    broker.whims["PUT service_instances"] = ["slow"]
    broker.whims["GET last_operation"] = [(500, {}), "hang", (200, {"state": "in progress"})]
    assert isinstance(run(driver, "create"), Done)


def test_a_broker_that_is_away_is_retryable(broker):
    away = osb.OsbDriver({**broker.settings(), "url": "http://127.0.0.1:1"})
    with pytest.raises(DriverError) as failed:
        run(away, "pause")
    assert failed.value.is_retryable


def test_a_plan_that_the_broker_lacks_is_final(driver):
    with pytest.raises(DriverError) as refused:
        run(driver, "create", replace(SPEC, instance_type="16xl"))
    assert (refused.value.code, refused.value.is_retryable) == ("plan_not_offered", False)


def test_a_broker_can_what_its_settings_say(broker):
    assert osb.OsbDriver({**broker.settings(), "extra_verbs": ["restart", "fly"]}).can == {"resize", "restart"}


def test_the_brokers_wish_for_patience_is_kept(driver, broker):
    broker.whims["PUT service_instances"] = ["slow"]
    outcome = driver.create(SPEC, lambda _name: None, {})
    assert isinstance(outcome, Pending)
    assert outcome.poll_seconds == 1.0
