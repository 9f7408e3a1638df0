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

import base64
import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from oauth_provider import safe_fetch
from partnership.provisioners.base import (
    STEP_SECONDS,
    Busy,
    Done,
    Driver,
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
    Offer,
    Orphaned,
    answer_body,
    find_offer,
    host_of,
    polling,
    refused,
    retry_after,
)

API_VERSION = "2.17"
MAX_ANSWER_BYTES = 1024 * 1024
Body = Mapping[str, object]


class OsbDriver(Driver):
    can = frozenset({"resize"})

    def __init__(self, settings: Mapping[str, object]) -> None:
        super().__init__(settings)
        extra = settings.get("extra_verbs", [])
        names = {str(name) for name in extra} if isinstance(extra, list) else set()
        self.can = OsbDriver.can | (names & {"pause", "restore", "restart"})

    def create(self, spec: Spec, step: Step, state: State) -> Done | Pending:
        if state.get("phase") == "mitigate":
            return self.mitigate(spec, step, state)
        if state.get("phase") == "poll":
            try:
                going_on = self.poll(spec, step, state)
            except Failed as failure:
                return self.mitigate(spec, step, {"phase": "mitigate", "reason": failure.detail})
            return going_on or self.bind(spec, step, host=state.get("host", ""))
        return self.provision(spec, step)

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
        step("unbind")
        query, is_bindable = self.offer(spec, any_plan=True)
        if is_bindable:
            path = self.path(spec, "service_bindings", spec.project_id)
            self.call("DELETE", path, spec, query=query, good=(200, 410))
        step("deprovision")
        answer = self.call(
            "DELETE",
            self.path(spec),
            spec,
            query={**query, "accepts_incomplete": "true"},
            good=(200, 202, 410),
        )
        return Done() if answer.status in (200, 410) else polling(answer)

    def measure(self, spec: Spec) -> Measurement:
        raise DriverError("not_measurable", "A service broker tells no sizes.", is_retryable=False)

    def provision(self, spec: Spec, step: Step) -> Done | Pending:
        step("provision")
        body = {
            **self.offer(spec).ids,
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
            going_on = polling(answer) if answer.status == 202 else None
        except Orphaned as orphan:
            # It may have been made or not: only a deprovision that succeeds makes sure.
            return self.mitigate(spec, step, {"phase": "mitigate", "reason": orphan.reason})
        if going_on:
            return Pending({**going_on.state, "host": host}, going_on.poll_seconds)
        return self.bind(spec, step, host=host)

    def mitigate(self, spec: Spec, step: Step, state: State) -> Pending:
        """Orphan mitigation: deprovision until the broker says it is gone, then let a new try begin.

        Ends by DriverError, retryable, as nothing of the failed try is left.
        """
        inner = {"phase": "poll", "operation": state["operation"]} if "operation" in state else {}
        try:
            going_on = self.delete(spec, step, inner)
        except (Orphaned, Failed, Busy):
            return Pending({"phase": "mitigate", "reason": state["reason"]}, POLL_SECONDS)
        if isinstance(going_on, Pending):
            return Pending({**state, "operation": going_on.state["operation"]}, going_on.poll_seconds)
        raise Failed(f"orphan mitigated after {state['reason']}")

    def update(self, spec: Spec, step: Step, state: State, body: Body) -> Done | Pending:
        if state.get("phase") == "poll":
            return self.poll(spec, step, state) or Done()
        step("update")
        answer = self.call(
            "PATCH",
            self.path(spec),
            spec,
            {**self.offer(spec).ids, **body},
            query={"accepts_incomplete": "true"},
            good=(200, 202),
        )
        return Done() if answer.status == 200 else polling(answer)

    def bind(self, spec: Spec, step: Step, *, host: str = "") -> Done:
        """One binding, named as the project: its credentials are how the project is reached."""
        step("bind")
        ids, is_bindable = self.offer(spec)
        if not is_bindable:
            return Done(host=host)
        path = self.path(spec, "service_bindings", spec.project_id)
        answer = self.call("PUT", path, spec, ids, good=(200, 201))
        found = answer_body(answer).get("credentials")
        return Done(host=host, credentials=found if isinstance(found, dict) else {})

    def poll(self, spec: Spec, step: Step, state: State, *, gone_is_done: bool = False) -> Pending | None:
        """None when `last_operation` says succeeded. Raises DriverError when it says failed."""
        step("last_operation")
        named = {"operation": state["operation"]} if state.get("operation") else {}
        try:
            query = {**self.offer(spec, any_plan=True).ids, **named}
            answer = self.call("GET", self.path(spec, "last_operation"), spec, query=query, good=(200, 410))
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

    def offer(self, spec: Spec, *, any_plan: bool = False) -> Offer:
        """The plan of the project, from the broker's catalog.

        `any_plan`: what exists can be polled and deleted after its plan is no longer offered;
        the instance's id says which it is, the plan is a hint that the broker must be given.
        """
        answer = self.call("GET", "/v2/catalog", spec)
        return find_offer(answer, self.settings["service"], spec.instance_type, any_plan=any_plan)

    def path(self, spec: Spec, *more: str) -> str:
        return "/".join(["/v2/service_instances", quote(spec.project_id, safe=""), *more])

    def call(
        self,
        method: str,
        path: str,
        spec: Spec,
        body: Body | None = None,
        *,
        query: Mapping[str, str] | None = None,
        good: tuple[int, ...] = (200,),
    ) -> safe_fetch.Answer:
        """Raises DriverError; `Orphaned` of it where the request may have had its effect all the same."""
        url = str(self.settings["url"]).rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
        try:
            answer = safe_fetch.fetch(
                method,
                url,
                headers=self.headers(spec),
                body=None if body is None else json.dumps(body).encode(),
                timeout_seconds=STEP_SECONDS / 2,
                max_bytes=MAX_ANSWER_BYTES,
                reach=safe_fetch.Reach.ANYWHERE,  # the operator chose the broker's address
            )
        except safe_fetch.Refused as refusal:
            raise Orphaned(refusal.outcome) from None
        if answer.status not in good:
            raise refused(answer)
        return answer

    def headers(self, spec: Spec) -> dict[str, str]:
        pair = f"{self.settings.get('username', '')}:{self.settings.get('password', '')}"
        identity = base64.b64encode(json.dumps(dict(spec.originator)).encode()).decode()
        return {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/json",
            "X-Broker-API-Version": API_VERSION,
            "X-Broker-API-Originating-Identity": f"gatehouse {identity}",
            "X-Broker-API-Request-Identity": spec.originator.get("request_id", ""),
        }
