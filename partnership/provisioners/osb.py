"""Any Open Service Broker 2.17 service broker, over HTTP.

Settings: `url`, `username`, `password`; `service`, the name of the service in the broker's
catalog, whose plans are named as our instance types; `extra_verbs`, a list of what its
`update` understands beyond plans: `pause` and `restore` (parameter `paused`), `restart`
(parameter `restart`, a value that differs each time). The specification has no such verbs.

The instance's id is the project's, so that a request sent again finds what the first made.
Nothing waits: what the broker answers with 202 is polled by `last_operation`, one request a
call, and what it left half done is deprovisioned before a create fails ("Orphan mitigation").
Source: openservicebrokerapi/servicebroker, spec.md at v2.17.
"""

from collections.abc import Callable, Mapping

from partnership.provisioners.base import (
    Busy,
    Done,
    DriverError,
    Measurement,
    Pending,
    Spec,
    State,
    Step,
)
from partnership.provisioners.broker_answers import (
    POLL_SECONDS,
    Failed,
    Orphaned,
    answer_body,
    check_patience,
    credentials_of,
    host_of,
    polling,
    retry_after,
)
from partnership.provisioners.broker_calls import Body, BrokerCalls

BINDING = ("service_bindings", "{}")  # named as its instance


class OsbDriver(BrokerCalls):
    can = frozenset({"resize"})

    def __init__(self, settings: Mapping[str, object]) -> None:
        super().__init__(settings)
        extra = settings.get("extra_verbs", [])
        names = {str(name) for name in extra} if isinstance(extra, list) else set()
        self.can = OsbDriver.can | (names & {"pause", "restore", "restart"})

    def create(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        phases: dict[str, Callable[[Spec, Step, State], Done | Pending]] = {
            "poll": self.await_instance,
            "bind": self.await_binding,
            "fetch": self.fetch,
            "unmake": self.unmake,
            "mitigate": self.mitigate,
        }
        return phases.get(state.get("phase", ""), self.provision)(spec, step, state)

    def pause(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        return self.update(spec, step, state, {"parameters": {"paused": True}})

    def restore(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        return self.update(spec, step, state, {"parameters": {"paused": False}})

    def resize(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        return self.update(spec, step, state, {"parameters": {"volume_size_gib": spec.volume_size_gib}})

    def restart(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        parameters = {
            "restart": spec.originator.get("operation_id", ""),
            "service_version": spec.service_version,
        }
        return self.update(spec, step, state, {"parameters": parameters})

    def delete(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        """Bindings go first; 410 means that it was gone already."""
        if state.get("phase") == "poll":
            return self.poll(spec, step, state, gone_is_done=True) or Done()
        going_on = self.unbind(spec, step, state)
        if going_on:
            return going_on
        step("deprovision")
        offer = self.offer(spec, any_plan=True)
        answer = self.call(
            "DELETE",
            self.path(spec),
            spec,
            query={**offer.ids, "accepts_incomplete": "true"},
            good=(200, 202, 410),
        )
        return Done() if answer.status in (200, 410) else polling(answer, offer)

    def measure(self, spec: Spec) -> Measurement:
        raise DriverError("not_measurable", "A service broker tells no sizes.", is_retryable=False)

    def provision(self, spec: Spec, step: Step, _state: State) -> Done | Pending:
        step("provision")
        offer = self.offer(spec)
        body = {
            **offer.ids,
            # Not who asked: another person may ask again, and other attributes would be a 409.
            "organization_guid": spec.project_id,
            "space_guid": spec.project_id,
            "context": {"platform": "gatehouse", "instance_name": spec.appkey},
            "parameters": {
                "region": spec.region,
                "volume_size_gib": spec.volume_size_gib,
                "service_version": spec.service_version,
            },
        }
        try:
            answer = self.call(
                "PUT", self.path(spec), spec, body, query={"accepts_incomplete": "true"}, good=(200, 201, 202)
            )
            host = host_of(answer_body(answer))
            going_on = polling(answer, offer) if answer.status == 202 else None
        except Orphaned as orphan:
            # It may have been made or not: only a deprovision that succeeds makes sure.
            return self.mitigate(spec, step, {"phase": "mitigate", "reason": orphan.reason})
        if going_on:
            return Pending({**going_on.state, "host": host}, going_on.poll_seconds)
        return self.bind(spec, step, host=host)

    def await_instance(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        try:
            going_on = self.poll(spec, step, state)
        except Failed as failure:
            return self.mitigate(spec, step, {"phase": "mitigate", "reason": failure.detail})
        return going_on or self.bind(spec, step, host=state.get("host", ""))

    def await_binding(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        try:
            going_on = self.poll(spec, step, state, of=BINDING)
        except Failed as failure:
            return self.unmake(spec, step, {"reason": failure.detail})
        return going_on or self.fetch(spec, step, state)

    def mitigate(self, spec: Spec, step: Step, state: State) -> Pending:
        """Orphan mitigation: deprovision until the broker says it is gone, then let a new try begin.

        Ends by DriverError, retryable, as nothing of the failed try is left.
        """
        inner = {**state, "phase": state["then"]} if "then" in state else {}
        try:
            going_on = self.delete(spec, step, inner)
        except (Orphaned, Failed, Busy):
            return Pending({"phase": "mitigate", "reason": state["reason"]}, POLL_SECONDS)
        if isinstance(going_on, Pending):
            mine = {"phase": "mitigate", "reason": state["reason"], "then": going_on.state["phase"]}
            return Pending({**going_on.state, **mine}, going_on.poll_seconds)
        raise Failed(f"orphan mitigated after {state['reason']}")

    def update(self, spec: Spec, step: Step, state: State, body: Body) -> Done | Pending:
        if state.get("phase") == "poll":
            return self.poll(spec, step, state) or Done()
        step("update")
        offer = self.offer(spec)
        answer = self.call(
            "PATCH",
            self.path(spec),
            spec,
            {**offer.ids, **body},
            query={"accepts_incomplete": "true"},
            good=(200, 202),
        )
        return Done() if answer.status == 200 else polling(answer, offer)

    def bind(self, spec: Spec, step: Step, *, host: str) -> Done | Pending:
        """One binding, named as the project: its credentials are how the project is reached."""
        step("bind")
        offer = self.offer(spec)
        if not offer.is_bindable:
            return Done(host=host)
        query, good = ({"accepts_incomplete": "true"}, (200, 201, 202)) if offer.is_retrievable else ({}, (200, 201))
        try:
            answer = self.call("PUT", self.path(spec, *BINDING), spec, offer.ids, query=query, good=good)
            if answer.status == 202:
                going_on = polling(answer, offer, phase="bind")
                return Pending({**going_on.state, "host": host}, going_on.poll_seconds)
            return Done(host=host, credentials=credentials_of(answer))
        except Orphaned as orphan:
            return self.unmake(spec, step, {"reason": orphan.reason})

    def fetch(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        """The credentials of a binding that was made asynchronously: its 202 has none."""
        step("fetch")
        host = state.get("host", "")
        try:
            answer = self.call("GET", self.path(spec, *BINDING), spec, query=self.offer(spec, any_plan=True).ids)
            return Done(host=host, credentials=credentials_of(answer))
        except (Orphaned, Busy):
            return Pending({"phase": "fetch", "host": host}, POLL_SECONDS)

    def unbind(self, spec: Spec, step: Step, state: State) -> Pending | None:
        """None when the binding is gone; a `state` with an operation goes on with that one."""
        if "operation" in state:
            return self.poll(spec, step, state, of=BINDING, gone_is_done=True)
        step("unbind")
        offer = self.offer(spec, any_plan=True)
        if not offer.is_bindable:
            return None
        query = {**offer.ids, "accepts_incomplete": "true"}
        answer = self.call("DELETE", self.path(spec, *BINDING), spec, query=query, good=(200, 202, 410))
        return polling(answer, offer, phase="unbind") if answer.status == 202 else None

    def unmake(self, spec: Spec, step: Step, state: State) -> Pending:
        """Orphan mitigation of a binding: unbind until it is gone, then let a new try begin."""
        mine = {"phase": "unmake", "reason": state["reason"]}
        try:
            going_on = self.unbind(spec, step, state)
        except (Orphaned, Failed, Busy):
            return Pending(mine, POLL_SECONDS)
        if going_on:
            return Pending({**going_on.state, **mine}, going_on.poll_seconds)
        raise Failed(f"binding taken back after {state['reason']}")

    def poll(
        self, spec: Spec, step: Step, state: State, *, of: tuple[str, ...] = (), gone_is_done: bool = False
    ) -> Pending | None:
        """None when `last_operation` says succeeded. Raises DriverError when it says failed."""
        step("last_operation")
        check_patience(state)
        named = {"operation": state["operation"]} if state.get("operation") else {}
        try:
            query = {**self.offer(spec, any_plan=True).ids, **named}
            answer = self.call("GET", self.path(spec, *of, "last_operation"), spec, query=query, good=(200, 410))
            found = answer_body(answer)
        except Orphaned:  # says nothing about the operation: ask again, until our own deadline
            return Pending(dict(state), POLL_SECONDS)
        if answer.status == 410:
            if gone_is_done:
                return None
            raise DriverError("instance_gone", "The service broker has lost the project.", is_retryable=True)
        match found.get("state"):
            case "in progress":
                return Pending(dict(state), retry_after(answer))
            case "succeeded":
                return None
            case "failed":
                raise Failed("last_operation says failed")
        raise Failed("last_operation has no known state")
