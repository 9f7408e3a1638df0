"""The osb driver against a broker that misbehaves on purpose (Open Service Broker 2.17)."""

import base64
import json
from dataclasses import replace

import pytest

from partnership.provisioners.base import Busy, Done, DriverError, Pending
from partnership.provisioners.osb import OsbDriver
from tests.partnership.provisioners.grounds import PROJECT_ID, SPEC, OsbGround

NO_STEP = lambda _name: None  # noqa: E731


def refusal_of(ground: OsbGround, verb: str, **more) -> DriverError:
    with pytest.raises(DriverError) as refusal:
        ground.call(verb, **more)
    return refusal.value


def test_a_creation_says_what_is_wanted_and_brings_back_how_to_get_in(on_broker):
    done = on_broker.call("create")
    (provision,) = [each for each in on_broker.broker.requests if each.kind == "provision"]
    assert (provision.body["service_id"], provision.body["plan_id"]) == ("service-1", "plan-nano")
    assert provision.body["parameters"] == {"region": "us-east", "volume_size_gib": 8, "service_version": "v2.2.1"}
    assert provision.query == {"accepts_incomplete": "true"}
    assert done == Done(host="https://7e570000.broker.example", credentials={"user": "u1", "password": "broker-secret"})


def test_an_asynchronous_creation_brings_back_the_same(on_slow_broker):
    done = on_slow_broker.call("create")
    assert done == Done(host="https://7e570000.broker.example", credentials={"user": "u1", "password": "broker-secret"})
    assert on_slow_broker.broker.kinds() == ["provision", *["last_operation"] * 3, "bind"]
    polls = [each for each in on_slow_broker.broker.requests if each.kind == "last_operation"]
    assert polls[0].query == {"service_id": "service-1", "plan_id": "plan-nano", "operation": f"op-{PROJECT_ID}"}


def test_every_request_says_version_credentials_and_who_asked(on_broker):
    on_broker.call("create")
    on_broker.call("delete")
    for request in on_broker.broker.requests:
        assert request.headers["x-broker-api-version"] == "2.17"
        assert request.headers["authorization"] == "Basic Z2F0ZWhvdXNlOmJyb2tlci1wYXNzd29yZA=="
        assert request.headers["x-broker-api-request-identity"] == "request-1"
        platform, value = request.headers["x-broker-api-originating-identity"].split(" ")
        assert (platform, json.loads(base64.b64decode(value))) == ("gatehouse", SPEC.originator)


def test_another_person_asking_again_asks_for_the_same_instance(on_broker):
    on_broker.call("create")
    on_broker.call("create", spec=replace(SPEC, originator={"kind": "staff", "id": "7", "operation_id": "op-2"}))
    assert len(on_broker.broker.instances) == 1


@pytest.mark.parametrize("trick", [500, 503, 408, 204, "half_done", "cut", "slow", "garbage", "list"])
def test_a_creation_that_may_have_happened_is_taken_back_before_the_next_try(on_broker, trick):
    on_broker.broker.tricks["provision"] = [trick]
    refusal = refusal_of(on_broker, "create")
    assert (refusal.code, refusal.is_retryable) == ("broker_failed", True)
    assert on_broker.broker.kinds() == ["provision", "unbind", "deprovision"]
    assert not on_broker.is_there()
    on_broker.call("create")
    on_broker.check("create")


@pytest.mark.parametrize("trick", [500, "half_done", "cut", "slow", "busy", 429])
def test_taking_back_goes_on_until_the_broker_says_it_is_gone(on_broker, trick):
    on_broker.broker.tricks = {"provision": ["half_done"], "deprovision": [trick, trick]}
    assert refusal_of(on_broker, "create").is_retryable
    assert not on_broker.is_there()
    assert on_broker.broker.kinds().count("deprovision") == 3


def test_an_asynchronous_creation_that_fails_is_taken_back_asynchronously(on_slow_broker):
    on_slow_broker.broker.tricks["last_operation"] = ["fails"]
    assert refusal_of(on_slow_broker, "create").code == "broker_failed"
    assert not on_slow_broker.is_there()
    assert "deprovision" in on_slow_broker.broker.kinds()


@pytest.mark.parametrize(
    ("trick", "code", "is_retryable"),
    [
        (400, "broker_refused", False),
        (401, "broker_refused", False),
        (404, "broker_refused", False),
        (409, "broker_refused", False),
        (410, "broker_refused", False),
        (422, "broker_refused", False),
    ],
)
def test_a_refused_creation_leaves_nothing_to_take_back(on_broker, trick, code, is_retryable):
    on_broker.broker.tricks["provision"] = [trick]
    refusal = refusal_of(on_broker, "create")
    assert (refusal.code, refusal.is_retryable) == (code, is_retryable)
    assert on_broker.broker.kinds() == ["provision"]


@pytest.mark.parametrize("trick", [500, "slow", "cut", "garbage", "list"])
def test_a_poll_without_a_usable_answer_says_nothing_and_is_asked_again(on_slow_broker, trick):
    on_slow_broker.broker.tricks["last_operation"] = [trick]
    on_slow_broker.call("create")
    assert on_slow_broker.broker.kinds().count("provision") == 1


def test_a_poll_while_the_catalog_is_down_is_asked_again(on_slow_broker):
    first = on_slow_broker.driver.create(SPEC, NO_STEP, {})
    on_slow_broker.broker.tricks["catalog"] = [503]
    again = on_slow_broker.driver.create(SPEC, NO_STEP, first.state)
    assert (type(again), again.state) == (Pending, first.state)


def test_a_broker_that_never_ends_is_polled_one_request_a_call(on_slow_broker):
    on_slow_broker.broker.polls = 10**9
    outcome = on_slow_broker.driver.create(SPEC, NO_STEP, {})
    for _ in range(5):
        outcome = on_slow_broker.driver.create(SPEC, NO_STEP, outcome.state)
        assert isinstance(outcome, Pending)
    assert on_slow_broker.broker.kinds() == ["provision", *["last_operation"] * 5]


def test_a_lie_about_a_creation_comes_out_at_the_binding(on_broker):
    on_broker.broker.tricks["provision"] = ["lies"]
    refusal = refusal_of(on_broker, "create")
    assert (refusal.code, refusal.is_retryable) == ("broker_refused", False)


@pytest.mark.parametrize("trick", [500, "half_done", "cut", "slow", "garbage"])
def test_a_binding_that_may_have_happened_is_asked_for_again(on_broker, trick):
    on_broker.broker.tricks["bind"] = [trick]
    assert refusal_of(on_broker, "create").is_retryable
    assert on_broker.call("create").credentials == {"user": "u1", "password": "broker-secret"}
    assert (len(on_broker.broker.instances), len(on_broker.broker.bindings)) == (1, 1)


def test_a_service_without_bindings_is_used_without_credentials(on_broker):
    on_broker.broker.service["bindable"] = False
    assert on_broker.call("create").credentials == {}
    on_broker.call("delete")
    assert on_broker.broker.kinds() == ["provision", "deprovision"]


@pytest.mark.parametrize("trick", [500, "half_done", "cut", "slow"])
@pytest.mark.parametrize("verb", ["pause", "resize", "restart", "delete"])
def test_a_change_that_may_have_happened_is_asked_for_again(on_broker, verb, trick):
    on_broker.prepare(verb)
    on_broker.broker.tricks["deprovision" if verb == "delete" else "update"] = [trick]
    assert refusal_of(on_broker, verb, spec=on_broker.wanted(verb)).is_retryable
    on_broker.call(verb, spec=on_broker.wanted(verb))
    on_broker.check(verb)


@pytest.mark.parametrize("trick", ["busy", 429])
@pytest.mark.parametrize("verb", ["create", "pause", "resize", "restart", "delete"])
def test_a_broker_that_asks_to_wait_is_waited_for(on_broker, verb, trick):
    on_broker.prepare(verb)
    on_broker.broker.tricks[{"create": "provision", "delete": "deprovision"}.get(verb, "update")] = [trick]
    with pytest.raises(Busy):
        getattr(on_broker.driver, verb)(on_broker.wanted(verb), NO_STEP, {})
    on_broker.call(verb, spec=on_broker.wanted(verb))
    on_broker.check(verb)


def test_what_is_gone_already_is_deleted(on_broker):
    on_broker.call("create")
    on_broker.broker.tricks = {"unbind": [410], "deprovision": [410]}
    assert on_broker.call("delete") == Done()


def test_a_project_whose_plan_is_no_longer_offered_can_be_deleted(on_slow_broker):
    on_slow_broker.call("create")
    on_slow_broker.broker.service["plans"] = [{"id": "plan-micro", "name": "micro"}]
    on_slow_broker.call("delete")
    assert not on_slow_broker.is_there()


def test_a_plan_that_is_not_offered_is_refused_before_anything_is_asked(on_broker):
    refusal = refusal_of(on_broker, "create", spec=replace(SPEC, instance_type="16xl"))
    assert (refusal.code, refusal.is_retryable) == ("plan_not_offered", False)
    assert on_broker.broker.kinds() == []


@pytest.mark.parametrize("services", ["x", [1], [{"name": "gatehouse-project", "plans": "x"}], None])
def test_a_catalog_of_any_shape_is_only_a_refusal(on_broker, services, monkeypatch):
    monkeypatch.setattr(on_broker.broker, "catalog", lambda _id, _body: (200, {"services": services}))
    assert refusal_of(on_broker, "create").code == "plan_not_offered"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://" + "x" * 300, "https://a b", 7, None])
def test_a_dashboard_that_is_no_web_address_is_no_host(on_broker, url, monkeypatch):
    kept = on_broker.broker.provision
    monkeypatch.setattr(on_broker.broker, "provision", lambda *given: (kept(*given)[0], {"dashboard_url": url}))
    assert on_broker.call("create").host == ""


@pytest.mark.parametrize("operation", ["\x00", "x" * 10_001, {"a": 1}, 7])
def test_an_operation_that_nothing_could_hold_is_taken_back(on_broker, operation, monkeypatch):
    kept = on_broker.broker.provision
    monkeypatch.setattr(on_broker.broker, "provision", lambda *given: (kept(*given) and 202, {"operation": operation}))
    assert refusal_of(on_broker, "create").code == "broker_failed"
    assert not on_broker.is_there()


def test_without_extra_verbs_a_broker_can_only_resize(on_broker):
    driver = OsbDriver({**on_broker.served.settings(), "extra_verbs": []})
    assert driver.can == {"resize"}
    assert OsbDriver({**on_broker.served.settings(), "extra_verbs": "pause"}).can == {"resize"}


def test_a_broker_that_is_not_there_is_retried_and_tells_no_secret(on_broker):
    driver = OsbDriver({**on_broker.served.settings(), "url": "http://127.0.0.1:1"})
    with pytest.raises(DriverError) as refusal:
        driver.delete(SPEC, NO_STEP, {})
    assert (refusal.value.code, refusal.value.is_retryable) == ("broker_unavailable", True)
    assert "broker-password" not in f"{refusal.value.message}{refusal.value.detail}"


def test_sizes_are_not_told(on_broker):
    on_broker.call("create")
    with pytest.raises(DriverError) as refusal:
        on_broker.driver.measure(SPEC)
    assert refusal.value.code == "not_measurable"


@pytest.mark.parametrize(("given", "seconds"), [("7", 7.0), ("0", 0.2), ("9999", 60.0), ("soon", 1.0), ("-1", 1.0)])
def test_the_brokers_wish_for_patience_is_kept_within_reason(on_slow_broker, given, seconds):
    on_slow_broker.broker.retry_after = given
    assert on_slow_broker.driver.create(SPEC, NO_STEP, {}).poll_seconds == seconds
