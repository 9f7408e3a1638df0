"""An alert is reached: the row, the event that webhooks are told, and the letters; all in the ingest's transaction."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from accounts import mail
from partnership import events
from partnership.events import SYSTEM
from usage.letters import threshold_reached
from usage.metrics import METRICS
from usage.models import Alert, Firing
from usage.period import Period
from usage.store import Recorded

TYPE = "usage.threshold_reached"


def fire(alert: Alert, period: Period, event: Recorded, *, before: int, after: int, now: datetime) -> Firing:
    """Once for `period`, under the lock of the alert's row; a constraint holds it too."""
    firing = Firing.objects.create(
        alert=alert,
        period_first=period.first,
        source=event.source,
        event_id=event.id,
        project_id=event.project,
        amounts={"before": before, "after": after},
        fired_at=now,
    )
    events.record(
        TYPE, alert.partner, alert.environment, actor=SYSTEM, now=now, data=told(firing), project=alert.project
    )
    letter = threshold_reached(firing)
    mail.post(alert.partner.contact_email, letter, None, now)
    if alert.staff:
        mail.post(alert.staff.email if alert.staff.is_active else "", letter, None, now)
    return firing


def told(firing: Firing) -> dict[str, object]:
    alert = firing.alert
    return {
        "alert": {
            "id": str(alert.pk),
            "project_id": str(alert.project_id) if alert.project_id else None,
            "metric": alert.metric,
            "threshold": written(alert.metric, alert.threshold),
            "period": alert.period,
        },
        "period": period_text(firing),
        "amount_before": written(alert.metric, firing.amounts["before"]),
        "amount_after": written(alert.metric, firing.amounts["after"]),
        "usage_event": {"source": firing.source, "id": firing.event_id, "project_id": str(firing.project_id)},
    }


def written(metric: str, amount: int) -> int | str:
    """In the metric's unit; decimals as a string, so that no reader on the way makes a float of them."""
    shown = METRICS[metric].shown(amount)
    return str(shown) if isinstance(shown, Decimal) else shown


def period_text(firing: Firing) -> str:
    """`2026-01` or `2026-01-31`."""
    pattern = "%Y-%m" if firing.alert.period == Alert.Period.MONTH else "%Y-%m-%d"
    return firing.period_first.strftime(pattern)
