"""Which event took which amount to an alert's threshold: exactly that one, in a batch of thousands too.

Called within the transaction of an ingest, after its rollup. An alert's row is locked before
anything is added up, in one order by everybody, so of two ingests the second sees what the first
counted. Alerts are made and changed while nothing is recorded (`alerts.py`): what is under way
knows them as they are. Voids and rebuilds come by no way here: they fire nothing and take nothing back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from uuid import UUID

from partnership.models import Project
from usage import firings, peak_totals
from usage.chosen_store import store
from usage.metrics import PEAKS
from usage.models import Alert, Firing
from usage.period import Period
from usage.sql_store.sql import among, as_uuid, fetch
from usage.statements import first_of, month_period
from usage.store import Counted, Owner, Recorded, Sender, UsageEvent, Verdict


@dataclass(frozen=True, slots=True)
class Crossing:
    """`before` and `after`: what the period had come to without and with the event."""

    event: Recorded
    before: int
    after: int


Due = tuple[Alert, Period, Sequence[Recorded]]


def record(sender: Sender, events: Sequence[UsageEvent], now: datetime) -> list[Verdict]:
    """`UsageStore.record` with an eye on the alerts: all that meters comes this way."""
    return store.record(sender, events, now, partial(watch, now=now))


def watch(counted: Counted, now: datetime) -> None:
    """Fires what the events of a batch have reached."""
    ids = find_alerts(counted)
    if not ids:
        return
    partners = find_partners(counted)
    waiting = {alert.pk for alert, _, _ in due(list(Alert.objects.filter(pk__in=ids)), counted, partners)}
    locked = Alert.objects.select_for_update(of=("self",), no_key=True).select_related("partner", "project", "staff")
    # By partner first: a firing locks the partner's webhooks, and two ingests must not do so crosswise.
    ordered = locked.filter(pk__in=waiting, is_enabled=True).order_by("partner_id", "pk")
    for alert, period, events in list(due(list(ordered), counted, partners)) if waiting else []:
        crossing = find_crossing(alert, period, events, now)
        if crossing:
            firings.fire(alert, period, crossing.event, before=crossing.before, after=crossing.after, now=now)


def find_alerts(counted: Counted) -> list[UUID]:
    """The one look-up that everybody pays for: the alerts of the partners whose projects are in the batch."""
    condition, parameters = among("p.id", list({event.project for event in counted.events}))
    rows = fetch(
        "SELECT id FROM usage_alert WHERE environment = %s AND is_enabled "
        f"AND partner_id IN (SELECT p.partner_id FROM partnership_project p WHERE {condition})",
        [counted.environment, *parameters],
    )
    return [as_uuid(id_) for (id_,) in rows]


def find_partners(counted: Counted) -> dict[UUID, str | None]:
    projects = {event.project for event in counted.events}
    return dict(Project.objects.filter(pk__in=projects).values_list("pk", "partner_id"))


def due(alerts: Sequence[Alert], counted: Counted, partners: Mapping[UUID, str | None]) -> Iterator[Due]:
    """Each alert with each period that it has events of and was not reached in; the oldest period first."""
    found = {
        (alert, period): events for alert in alerts for period, events in by_period(alert, counted, partners).items()
    }
    firsts = {period.first for _, period in found}
    fired = set(
        Firing.objects.filter(alert__in=alerts, period_first__in=firsts).values_list("alert_id", "period_first")
    )
    for (alert, period), events in found.items():
        if (alert.pk, period.first) not in fired:
            yield alert, period, events


def by_period(
    alert: Alert, counted: Counted, partners: Mapping[UUID, str | None]
) -> Mapping[Period, Sequence[Recorded]]:
    found: dict[Period, list[Recorded]] = defaultdict(list)
    for event in counted.events:
        is_meant = event.project == alert.project_id if alert.project_id else True
        if is_meant and alert.metric in event.amounts and partners.get(event.project) == alert.partner_id:
            found[period_of(alert, event.at)].append(event)
    return {period: found[period] for period in sorted(found, key=lambda period: period.first)}


def period_of(alert: Alert, at: datetime) -> Period:
    """By the event's own UTC day, not by that of its arrival."""
    day = at.astimezone(UTC).date()
    return month_period(first_of(day)) if alert.period == Alert.Period.MONTH else Period(day, day)


def find_crossing(alert: Alert, period: Period, events: Sequence[Recorded], now: datetime) -> Crossing | None:
    if alert.metric not in PEAKS:
        return of_sum(alert, period, events)
    if alert.project_id:
        return of_peak(alert, period, events)
    return of_peak_total(alert, period, events, now)


def of_sum(alert: Alert, period: Period, events: Sequence[Recorded]) -> Crossing | None:
    """The event before which the sum is below the threshold, and with which it no longer is."""
    projects = alert.project_id or Owner("partner", alert.partner_id, alert.environment)
    before = store.sum_of(projects, alert.metric, period.first, period.last)
    before -= sum(event.amounts[alert.metric] for event in events)
    for event in events:
        after = before + event.amounts[alert.metric]
        if before < alert.threshold <= after:
            return Crossing(event, before, after)
        before = after
    return None


def of_peak(alert: Alert, period: Period, events: Sequence[Recorded]) -> Crossing | None:
    """The first sample at or over the threshold since the alert is there."""
    for index, event in enumerate(events):
        if event.amounts[alert.metric] >= alert.threshold:
            days = store.samples([event.project], alert.metric, period.first, period.last, without=events)
            earlier = [sample for day, sample in days[event.project].items() if day >= period.first]
            before = max([*earlier, *(each.amounts[alert.metric] for each in events[:index])], default=0)
            return Crossing(event, before, max(before, event.amounts[alert.metric]))
    return None


def of_peak_total(alert: Alert, period: Period, events: Sequence[Recorded], now: datetime) -> Crossing | None:
    """The first sample with which its own day, or one that it is carried on to, is at or over the threshold."""
    today = now.date()
    so_far = Period(period.first, min(period.last, max(today, *map(day_of, events), date.min)))
    owner = Owner("partner", alert.partner_id, alert.environment)
    totals = peak_totals.find(owner, alert.metric, so_far, events, at_least=alert.threshold, today=today)
    if totals is None:
        return None
    for event in events:
        before = totals.highest()
        totals.add(event)
        if totals.highest(since=day_of(event)) >= alert.threshold:
            return Crossing(event, before, totals.highest())
    return None


def day_of(event: Recorded) -> date:
    return event.at.astimezone(UTC).date()
