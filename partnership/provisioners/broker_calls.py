"""Requests to a service broker, and what comes back: the part of `osb.py` that speaks HTTP."""

import base64
import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from oauth_provider import safe_fetch
from partnership.provisioners.base import STEP_SECONDS, Driver, Spec
from partnership.provisioners.broker_answers import Offer, Orphaned, find_offer, refused

API_VERSION = "2.17"
MAX_ANSWER_BYTES = 1024 * 1024
Body = Mapping[str, object]
# Of a call that is about no project.
NOBODYS = Spec("", "", "", "", 0, 0, "", "", "")


class BrokerCalls(Driver):
    """`settings` as `osb.py` says."""

    def reach(self) -> None:
        """Also whether its catalog has the service."""
        answer = self.call("GET", "/v2/catalog", NOBODYS)
        find_offer(answer, self.settings["service"], "", any_plan=True)

    def offer(self, spec: Spec, *, any_plan: bool = False) -> Offer:
        """The plan of the project, from the broker's catalog.

        `any_plan`: what exists can be polled and deleted after its plan is no longer offered;
        the instance's id says which it is, the plan is a hint that the broker must be given.
        """
        answer = self.call("GET", "/v2/catalog", spec)
        return find_offer(answer, self.settings["service"], spec.instance_type, any_plan=any_plan)

    def path(self, spec: Spec, *more: str) -> str:
        id_ = quote(spec.project_id, safe="")
        return "/".join(["/v2/service_instances", id_, *(part.format(id_) for part in more)])

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
