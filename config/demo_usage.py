"""Five weeks of made-up usage of the demo's white-label partner, so that its charts are alive.

The same on every machine and at every start: amounts come from the day alone and ids from project and day, so a
start only adds the days that came since.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from partnership import creation
from partnership.creation import Owner, Wanted
from partnership.events import SYSTEM
from partnership.models import Partner, Project
from usage.chosen_store import store
from usage.metrics import Amounts
from usage.store import Recorded, Sender

DAYS = 34  # the oldest event is younger than MAX_LATE at any time of the day
SOURCE = "/demo"
GIB = 2**30


def seed(partner: Partner, client: int, now: datetime) -> None:
    """`client`: the demo's machine client, by primary key."""
    for environment, names in (("live", ("Bookshop", "Newsletter")), ("test", ("Trial",))):
        events = [
            event
            for size, name in enumerate(names, 1)
            for event in history(ensure_project(partner, name, environment, now), size, now.date())
        ]
        store.record(Sender(client, environment), events, now)


def ensure_project(partner: Partner, name: str, environment: str, now: datetime) -> Project:
    """Made once; its life begins before the usage that it is said to have had."""
    found = Project.objects.filter(partner=partner, environment=environment, sync_name=name).first()
    if found:
        return found
    owner = Owner(Project.Mode.WHITE_LABEL, environment=environment, partner=partner)
    project, _ = creation.sync(owner, Wanted(name), actor=SYSTEM, now=now)
    Project.objects.filter(pk=project.pk).update(created_at=now - timedelta(days=DAYS))
    return project


def history(project: Project, size: int, today: date) -> Iterator[Recorded]:
    """An event of each day, and a sample of sizes on most."""
    for number in range(DAYS):
        day = today - timedelta(days=number)
        at = datetime.combine(day, time(), UTC)
        yield Recorded(SOURCE, f"{project.pk}/{day}", project.pk, at, amounts(day, size))
        if day.toordinal() % 9:
            yield Recorded(SOURCE, f"{project.pk}/{day}/sizes", project.pk, at, sizes(day, size))


def amounts(day: date, size: int) -> Amounts:
    """Working days are busy, the end of the week is not."""
    busy = (5 if day.weekday() < 5 else 2) * 100 + day.toordinal() * 37 % 190
    return {
        "ai_tokens": busy * 240 // size,
        "ai_credits": busy * 2_400 // size,
        "mcp_calls": busy // size,
        "egress_bytes": busy * GIB // 400 * size,
        "email_requests": busy * size // 6,
        "function_calls": busy * 31 // size,
        "ec2_compute": min(busy * 60, 86_400),
    }


def sizes(day: date, size: int) -> Amounts:
    """They grow, day by day, and never shrink but once in three months."""
    grown = day.toordinal() % 90
    return {"database_size_bytes": (60 + grown) * GIB // 100 * size, "file_storage_bytes": (90 + 3 * grown) * GIB // 50}
