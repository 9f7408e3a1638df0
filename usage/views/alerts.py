"""GET, POST alerts; GET, PATCH, DELETE alerts/:id: thresholds on a metric of a project or of all."""

from typing import Annotated, Any, TypedDict

from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from oauth_provider.views.call import Call, Id, Stamp, says
from oauth_provider.views.door import as_uuid
from partnership.authentication import Door
from partnership.errors import Fault, Invalid, InvalidJson
from partnership.paging import page
from partnership.views.door import PartnerView, checked
from partnership.views.fields import Flag, PageQuery, Text
from partnership.views.shapes import stamp
from usage import alerts
from usage.alerts import Wanted
from usage.amounts import InvalidValue, read_amount
from usage.errors import AlertNotFound, AlertOfStaff
from usage.firings import period_text
from usage.literals import NotJSON, parse
from usage.metrics import METRICS, NAMES
from usage.models import Alert, Firing
from usage.period import check_parameters
from usage.views.answers import exact_json
from usage.views.shapes import Number

READ = Door("usage:read", changes=False)
# As webhooks: an alert speaks to the same receivers.
WRITE = Door("webhooks:write")
FIRINGS_SHOWN = 31
MetricName = Annotated[str, says(enum=NAMES)]
PeriodName = Annotated[str, says(enum=tuple(Alert.Period.values))]


@extend_schema_field({"anyOf": [{"type": "number"}, {"type": "string"}]})
class Threshold(serializers.Field[Any, Any, Any, Any]):
    """A number as it is written, whole or with decimals, or the same as a string: no float is made of it."""

    def to_internal_value(self, data: Any) -> object:
        return data if type(data) is int else str(data) if isinstance(data, str) else self.refuse()

    def refuse(self) -> object:
        raise serializers.ValidationError([ErrorDetail("must be a number.", "invalid")])


class AlertBody(serializers.Serializer[Any]):
    metric = serializers.ChoiceField(NAMES)
    threshold = Threshold()
    period = serializers.ChoiceField(Alert.Period.values, required=False)
    project_id = Text(required=False, allow_null=True, max_length=64)
    is_enabled = Flag(required=False)


class AlertChange(serializers.Serializer[Any]):
    threshold = Threshold(required=False)
    is_enabled = Flag(required=False)


class AlertShape(TypedDict):
    id: Id
    project_id: Id | None
    metric: MetricName
    threshold: Number
    period: PeriodName
    is_enabled: bool
    made_by: Annotated[str, says(enum=tuple(Alert.MadeBy.values))]
    created_at: Stamp | None
    last_reached_at: Stamp | None


class UsageEventKey(TypedDict):
    source: str
    id: str
    project_id: Id


class FiringShape(TypedDict):
    period: str
    reached_at: Stamp | None
    amount_before: Number
    amount_after: Number
    usage_event: UsageEventKey


class AlertWithFirings(AlertShape):
    reached: list[FiringShape]


class OneAlert(TypedDict):
    alert: AlertWithFirings


class Alerts(TypedDict):
    alerts: list[AlertShape]
    next_cursor: str | None


class AlertDeleted(TypedDict):
    message: str
    requestId: str


class AlertView(PartnerView):
    @property
    def mine(self) -> QuerySet[Alert]:
        """Staff's too: the partner is told of those as of its own."""
        rows = Alert.objects.filter(partner=self.caller.partner, environment=self.caller.environment)
        return rows.annotate(last_reached_at=Max("firings__fired_at"))

    def get_alert(self, alert_id: str) -> Alert:
        found = self.mine.filter(pk=as_uuid(alert_id)).first()
        if found is None:
            raise AlertNotFound
        return found

    def read_body(self) -> dict[str, Any]:
        """As the door's, with numbers as they are written."""
        try:
            found = parse(self.request.body.decode()) if self.request.body.strip() else {}
        except (UnicodeDecodeError, NotJSON):
            raise InvalidJson from None
        if not isinstance(found, dict):
            raise InvalidJson
        return checked(found, self.calls[str(self.request.method)].body)

    def one(self, alert: Alert, status: int = 200) -> HttpResponse:
        response = exact_json({"alert": with_firings(self.mine.get(pk=alert.pk))})
        response.status_code = status
        return response


class AlertList(AlertView):
    doors = {"GET": READ, "POST": WRITE}
    calls = {
        "GET": Call("The alerts, newest first", {200: Alerts}, query=PageQuery),
        "POST": Call("Set an alert", {201: OneAlert}, body=AlertBody),
    }

    def get(self, request: HttpRequest) -> HttpResponse:
        check_parameters(request.GET, ("limit", "cursor"))
        rows, cursor = page(self.mine, request.GET, time_field="created_at")
        return exact_json(Alerts(alerts=[alert_body(each) for each in rows], next_cursor=cursor))

    def post(self, request: HttpRequest) -> HttpResponse:
        caller, wanted = self.caller, read_wanted(self.read_body())
        made = alerts.make(caller.partner, caller.environment, wanted, actor=caller.actor, now=self.now)
        return self.one(made, 201)


class AlertDetail(AlertView):
    doors = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    calls = {
        "GET": Call("An alert, and when it was reached last", {200: OneAlert}, refusals=(AlertNotFound,)),
        "PATCH": Call("Change an alert", {200: OneAlert}, body=AlertChange, refusals=(AlertNotFound, AlertOfStaff)),
        "DELETE": Call("Delete an alert", {200: AlertDeleted}, refusals=(AlertNotFound, AlertOfStaff)),
    }

    def get(self, request: HttpRequest, alert_id: str) -> HttpResponse:
        check_parameters(request.GET, ())
        return self.one(self.get_alert(alert_id))

    def patch(self, request: HttpRequest, alert_id: str) -> HttpResponse:
        body = self.read_body()
        alert = self.get_alert(alert_id)
        if "threshold" in body:
            body["threshold"] = read_threshold(alert.metric, body["threshold"])
        return self.one(alerts.change(alert, body, actor=self.caller.actor, now=self.now))

    def delete(self, request: HttpRequest, alert_id: str) -> HttpResponse:
        alerts.remove(self.get_alert(alert_id), actor=self.caller.actor, now=self.now)
        return exact_json(AlertDeleted(message="Alert deleted successfully", requestId=self.caller.request_id))


def read_wanted(body: dict[str, Any]) -> Wanted:
    project = body.get("project_id")
    return Wanted(
        body["metric"],
        read_threshold(body["metric"], body["threshold"]),
        body.get("period", Alert.Period.MONTH),
        as_uuid(project) if project is not None else None,
        body.get("is_enabled", True),
    )


def read_threshold(metric: str, value: object) -> int:
    """In the metric's smallest unit. Raises Invalid (422)."""
    try:
        amount = read_amount(value, METRICS[metric].places)
    except InvalidValue as why:
        raise Invalid(Fault("threshold", "invalid", f"threshold: {why}")) from None
    if amount == 0:
        raise Invalid(Fault("threshold", "min_value", "threshold must be above 0."))
    return amount


def alert_body(alert: Alert) -> AlertShape:
    return {
        "id": str(alert.pk),
        "project_id": str(alert.project_id) if alert.project_id else None,
        "metric": alert.metric,
        "threshold": METRICS[alert.metric].shown(alert.threshold),
        "period": alert.period,
        "is_enabled": alert.is_enabled,
        "made_by": alert.made_by,
        "created_at": stamp(alert.created_at),
        "last_reached_at": stamp(getattr(alert, "last_reached_at", None)),
    }


def with_firings(alert: Alert) -> AlertWithFirings:
    newest = alert.firings.order_by("-period_first")[:FIRINGS_SHOWN]
    return {**alert_body(alert), "reached": [firing_body(each) for each in newest]}


def firing_body(firing: Firing) -> FiringShape:
    metric = METRICS[firing.alert.metric]
    return {
        "period": period_text(firing),
        "reached_at": stamp(firing.fired_at),
        "amount_before": metric.shown(firing.amounts["before"]),
        "amount_after": metric.shown(firing.amounts["after"]),
        "usage_event": {"source": firing.source, "id": firing.event_id, "project_id": str(firing.project_id)},
    }
