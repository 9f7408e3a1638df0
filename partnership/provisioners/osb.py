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
    Done,
    Driver,
    DriverError,
    Measurement,
    Pending,
    Spec,
    State,
    Step,
)

API_VERSION = "2.17"
POLL_SECONDS = 1.0
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
            return going_on or self.bind(spec, step)
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
        query = self.ids(spec)
        step("unbind")
        self.call("DELETE", self.path(spec, "service_bindings", spec.project_id), spec, query=query, good=(200, 410))
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
            **self.ids(spec),
            "organization_guid": spec.originator.get("id") or spec.project_id,
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
            reading = answer_body(answer)
        except Orphaned as orphan:
            # It may have been made or not: only a deprovision that succeeds makes sure.
            return self.mitigate(spec, step, {"phase": "mitigate", "reason": orphan.reason})
        if answer.status == 202:
            return polling(answer)
        host = reading.get("dashboard_url")
        return self.bind(spec, step, host=host if isinstance(host, str) else "")

    def mitigate(self, spec: Spec, step: Step, state: State) -> Pending:
        """Orphan mitigation: deprovision until the broker says it is gone, then let a new try begin.

        Ends by DriverError, retryable, as nothing of the failed try is left.
        """
        inner = {"phase": "poll", "operation": state["operation"]} if "operation" in state else {}
        try:
            going_on = self.delete(spec, step, inner)
        except (Orphaned, Failed):
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
            {**self.ids(spec), **body},
            query={"accepts_incomplete": "true"},
            good=(200, 202),
        )
        return Done() if answer.status == 200 else polling(answer)

    def bind(self, spec: Spec, step: Step, *, host: str = "") -> Done:
        """One binding, named as the project: its credentials are how the project is reached."""
        step("bind")
        path = self.path(spec, "service_bindings", spec.project_id)
        answer = self.call("PUT", path, spec, self.ids(spec), good=(200, 201))
        found = answer_body(answer).get("credentials")
        return Done(host=host, credentials=found if isinstance(found, dict) else {})

    def poll(self, spec: Spec, step: Step, state: State, *, gone_is_done: bool = False) -> Pending | None:
        """None when `last_operation` says succeeded. Raises DriverError when it says failed."""
        step("last_operation")
        query = {**self.ids(spec), **({"operation": state["operation"]} if state.get("operation") else {})}
        try:
            answer = self.call("GET", self.path(spec, "last_operation"), spec, query=query, good=(200, 410))
        except Orphaned:  # says nothing about the operation: ask again, until our own deadline
            return Pending(dict(state), POLL_SECONDS)
        if answer.status == 410:
            if gone_is_done:
                return None
            raise DriverError("instance_gone", "The service broker has lost the project.", is_retryable=True)
        match answer_body(answer).get("state"):
            case "in progress":
                return Pending(dict(state), retry_after(answer))
            case "succeeded":
                return None
            case "failed":
                raise Failed("last_operation says failed")
        raise Failed("last_operation has no known state")

    def ids(self, spec: Spec) -> dict[str, str]:
        """Service and plan ids, from the broker's catalog."""
        for service in rows(answer_body(self.call("GET", "/v2/catalog", spec)).get("services")):
            if service.get("name") == self.settings["service"]:
                for plan in rows(service.get("plans")):
                    if plan.get("name") == spec.instance_type:
                        return {"service_id": str(service["id"]), "plan_id": str(plan["id"])}
        message = "The service broker does not offer this instance type."
        raise DriverError("plan_not_offered", message, is_retryable=False)

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
                allow_private=True,  # the operator chose the broker's address
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


class Orphaned(DriverError):
    """No answer, or one that proves nothing: the request may have been done or not."""

    def __init__(self, reason: str) -> None:
        message = "The service broker did not answer as it must."
        super().__init__("broker_unavailable", message, is_retryable=True, detail=reason)
        self.reason = reason


class Failed(DriverError):
    """The broker says that it did not get there."""

    def __init__(self, detail: str) -> None:
        message = "The service broker could not do it."
        super().__init__("broker_failed", message, is_retryable=True, detail=detail)


def refused(answer: safe_fetch.Answer) -> DriverError:
    """The specification's table: which statuses are final, which come again, which leave orphans."""
    code = str(lenient_body(answer).get("error", ""))
    if answer.status == 422 and code == "ConcurrencyError":
        return DriverError("broker_busy", "The service broker is busy with this project.", is_retryable=True)
    if answer.status == 429:
        return DriverError("broker_busy", "The service broker asks to wait.", is_retryable=True)
    if answer.status == 408 or answer.status >= 500 or 200 <= answer.status < 300:
        return Orphaned(f"status {answer.status}")
    message = "The service broker refused the request."
    return DriverError("broker_refused", message, is_retryable=False, detail=f"status {answer.status} {code}")


def polling(answer: safe_fetch.Answer) -> Pending:
    operation = answer_body(answer).get("operation", "")
    return Pending({"phase": "poll", "operation": str(operation)}, retry_after(answer))


def retry_after(answer: safe_fetch.Answer) -> float:
    given = answer.headers.get("retry-after", "")
    return min(max(float(given), 0.2), 60.0) if given.isdecimal() else POLL_SECONDS


def answer_body(answer: safe_fetch.Answer) -> dict[str, object]:
    """Raises Orphaned for what is no JSON object: a success that does not prove itself."""
    try:
        found = json.loads(answer.body or b"{}")
    except (ValueError, RecursionError):
        raise Orphaned("malformed answer") from None
    if not isinstance(found, dict):
        raise Orphaned("malformed answer")
    return found


def lenient_body(answer: safe_fetch.Answer) -> dict[str, object]:
    try:
        return answer_body(answer)
    except Orphaned:
        return {}


def rows(found: object) -> list[dict[str, object]]:
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
