"""Closing: a month's figures become a statement, and never change again.

First the store closes the month: from then on late sums are adjustments of the open one. Then
each partner's statement is written from what no longer moves, so a crash between the two, or
two workers at once, only means that the missing ones are written later.
Source: usage.md, "Metering in", Closing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import simplejson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Min

from accounts.stamps import stamp
from partnership import events
from partnership.connections import names_for
from partnership.constraints import is_broken
from partnership.events import SYSTEM
from partnership.models import Partner, Project
from usage.chosen_store import store
from usage.metrics import Amounts
from usage.models import Statement, StatementLine
from usage.period import Period
from usage.reports import Body, adjustment_rows, by_total_name, counted_in
from usage.store import MAX_LATE, Owner

Missing = tuple[Partner, str, date]  # a partner's environment, and the first day of the month
CHUNK = 500


def first_of(day: date) -> date:
    return day.replace(day=1)


def next_month(month: date) -> date:
    return first_of(month + timedelta(days=31))


def month_period(month: date) -> Period:
    return Period(month, next_month(month) - timedelta(days=1))


def first_day_left_open(now: datetime) -> date:
    """The first day of the oldest month that is not due to be closed: they close days after they end."""
    return first_of((now - timedelta(days=settings.USAGE_CLOSE_AFTER_DAYS)).date())


def close_due(now: datetime, *, shown: Callable[[list[Missing]], Iterable[Missing]] = list) -> int:
    """Closes what is due and writes the missing statements, which `shown` goes through. How many it wrote."""
    due = first_day_left_open(now)
    if store.first_open_day() < due:
        store.close_before(due, now)
    return sum(write(*each, now) for each in shown(list(missing())))


def missing() -> Iterator[Missing]:
    """Closed months in which a partner had projects, or usage of some, but has no statement; the oldest first."""
    first_open_day = store.first_open_day()
    written = set(Statement.objects.values_list("partner_id", "environment", "month"))
    begun = Project.objects.filter(partner__isnull=False).values("partner", "environment").annotate(Min("created_at"))
    rows = list(begun.order_by("partner", "environment"))
    partners = Partner.objects.in_bulk({row["partner"] for row in rows})
    for row in rows:
        partner, environment, born_on = partners[row["partner"]], row["environment"], row["created_at__min"].date()
        month = first_of(born_on)
        if (partner.pk, environment, month) not in written:
            month = first_month(Owner("partner", partner.pk, environment), born_on)
        for each in months_between(month, first_open_day):
            if (partner.pk, environment, each) not in written:
                yield partner, environment, each


def first_month(owner: Owner, born_on: date) -> date:
    """That in which the owner got its first project, or one before it that has usage nevertheless."""
    for month in months_between(first_of(born_on - MAX_LATE), first_of(born_on)):
        period = month_period(month)
        if store.used_before_made(owner, period.first, period.last):
            return month
    return first_of(born_on)


def months_between(first: date, end: date) -> Iterator[date]:
    while first < end:
        yield first
        first = next_month(first)


def write(partner: Partner, environment: str, month: date, now: datetime) -> bool:
    """The partner's statement of the closed `month`, and the event that tells of it. False: it is there already."""
    lines = list(lines_of(partner, environment, month))
    owner, period = Owner("partner", partner.pk, environment), month_period(month)
    statement = Statement(
        partner=partner,
        partner_name=partner.name,
        environment=environment,
        month=month,
        closed_at=now,
        amounts=store.owner_total(owner, period.first, period.last),
    )
    statement.digest = digest(public(statement, lines))
    try:
        with transaction.atomic():
            statement.save(force_insert=True)
            for line in lines:
                line.statement = statement
            StatementLine.objects.bulk_create(lines, batch_size=CHUNK)
            told: dict[str, object] = {"month": f"{month:%Y-%m}", "digest": statement.digest}
            events.record("statement.closed", partner, environment, actor=SYSTEM, now=now, data={"statement": told})
    except IntegrityError as clash:
        if not is_broken(clash, Statement, "statement_once_a_month"):
            raise
        return False
    return True


def lines_of(partner: Partner, environment: str, month: date) -> Iterator[StatementLine]:
    """A line for each project that was there in `month` or has usage in it, in the order of creation."""
    owner, period = Owner("partner", partner.pk, environment), month_period(month)
    mine = Project.objects.filter(counted_in(owner, period), partner=partner, environment=environment)
    names = names_for(partner, mine.order_by("created_at", "pk").only("pk", "name", "sync_name", "user"))
    ids = list(names)
    for start in range(0, len(ids), CHUNK):
        chunk: list[UUID] = ids[start : start + CHUNK]
        totals = store.project_totals(owner, chunk, period.first, period.last)
        for project in chunk:
            yield StatementLine(project_id=project, name=names[project], amounts=dict(totals[project]))


def public(statement: Statement, lines: list[StatementLine]) -> Body:
    """All of a statement but its digest, which is over this."""
    return {
        "partnership": {"id": statement.partner_id, "name": statement.partner_name},
        "environment": statement.environment,
        "month": f"{statement.month:%Y-%m}",
        "closed_at": stamp(statement.closed_at),
        "period": month_period(statement.month).public(),
        "summary": by_total_name(statement.amounts),
        "projects": [line_body(line) for line in lines],
        "adjustments": list(adjustments_of(statement)),
    }


def line_body(line: StatementLine) -> Body:
    amounts: Amounts = line.amounts
    return {"id": str(line.project_id), "name": line.name, **by_total_name(amounts)}


def adjustments_of(statement: Statement) -> Iterator[Body]:
    """What was posted in the month, by project: no more can be posted in a month that is closed."""
    owner, period = Owner("partner", statement.partner_id, statement.environment), month_period(statement.month)
    of_project = attrgetter("project")
    posted = sorted(store.adjustments(owner, period.first, period.last), key=of_project)
    for project, adjustments in groupby(posted, key=of_project):
        for row in adjustment_rows(adjustments):
            yield {"project_id": str(project), **row}


def digest(body: Body) -> str:
    """SHA-256, in hex, of `body` as JSON with sorted keys, without spaces, in UTF-8."""
    text = simplejson.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, use_decimal=True)
    return hashlib.sha256(text.encode()).hexdigest()


def whole(statement: Statement) -> Body:
    lines = list(statement.lines.order_by("pk"))
    return {**public(statement, lines), "digest": statement.digest}


def is_intact(statement: Statement) -> bool:
    """Whether the stored figures still have the digest that they were closed with."""
    return digest(public(statement, list(statement.lines.order_by("pk")))) == statement.digest
