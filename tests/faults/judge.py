"""What clients were told beside what is in the database: nothing lost, nothing doubled, nothing half done."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any
from uuid import UUID

from partnership.transitions import TRANSITIONS
from tests.faults.house import House
from tests.faults.load import Book
from usage import event_ids

ENDS = (*(rule.event for rule in TRANSITIONS.values()), "project.failed", "operation.canceled")
HALVES = {
    "codes used without their tokens": (
        "SELECT count(*) FROM oauth_provider_code c LEFT JOIN oauth_provider_tokenfamily f ON f.id = c.family_id "
        "WHERE c.used_at IS NOT NULL AND f.id IS NULL"
    ),
    "families without a token": (
        "SELECT count(*) FROM oauth_provider_tokenfamily f "
        "LEFT JOIN oauth_provider_accesstoken t ON t.family_id = f.id WHERE t.digest IS NULL"
    ),
    "open operations": "SELECT count(*) FROM partnership_operation WHERE finished_at IS NULL",
    "unsettled projects": (
        "SELECT count(*) FROM partnership_project WHERE operation_status <> '' "
        "OR status NOT IN ('active', 'paused', 'failed', 'deleted')"
    ),
}
TOKENS = "SELECT digest, ended_at FROM oauth_provider_accesstoken"
STORED = "SELECT e.event_id FROM usage_event e JOIN usage_source s ON s.id = e.source_id WHERE s.name = '/faults'"
TWICE = "SELECT sync_name FROM partnership_project WHERE sync_name LIKE 'Shop %' GROUP BY sync_name HAVING count(*) > 1"
DIFFERING = """SELECT e.project_id FROM usage_event e JOIN usage_source s ON s.id = e.source_id
WHERE s.name = '/faults' GROUP BY e.project_id
HAVING sum(e.mcp_calls) <> (SELECT sum(d.mcp_calls) FROM usage_daily d WHERE d.project_id = e.project_id)"""


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def judge(house: House, *books: Book) -> dict[str, Any]:
    """The figures of a fault; waits until every operation has ended."""
    house.wait_until_settled()
    ended = {bytes(row[0]): row[1] for row in house.rows(TOKENS)}
    tokens = [digest(token) for book in books for token in book.access_tokens]
    codes = [digest(code) for book in books for code in book.codes]
    redeemed = Counter(
        bytes(row[0]) for row in house.rows("SELECT digest FROM oauth_provider_code WHERE used_at IS NOT NULL")
    )
    stored = Counter(event_ids.unpack(bytes(row[0])) for row in house.rows(STORED))
    told_events = [each for book in books for each in book.events]
    projects = {UUID(str(row[0])) for row in house.rows("SELECT id FROM partnership_project")}
    told_projects = [UUID(each) for book in books for each in book.projects]
    lost = {
        "tokens": sum(each not in ended or ended[each] is not None for each in tokens),
        "codes": sum(each not in redeemed for each in codes),
        "events": sum(each not in stored for each in told_events),
        "projects": sum(each not in projects for each in told_projects),
    }
    doubled = {
        "tokens": len(tokens) - len(set(tokens)),
        "codes": len(codes) - len(set(codes)),
        "events": stored.total() - len(stored),
        "projects": len(told_projects) - len(set(told_projects)) + len(house.rows(TWICE)),
        "events of operations": told_twice_or_never(house),
        "usage": differences_of_usage(house),
    }
    halves = {name: house.rows(statement)[0][0] for name, statement in HALVES.items()}
    return {
        "requests": sum(len(book.calls) for book in books),
        "failed": dict(sum((book.failed() for book in books), Counter())),
        "longest outage": round(max(book.longest_outage() for book in books), 1),
        "slowest": round(max(book.slowest() for book in books), 1),
        "lost": {name: number for name, number in lost.items() if number},
        "doubled": {name: number for name, number in doubled.items() if number},
        "half done": {name: number for name, number in halves.items() if number},
        "odd": [each for book in books for each in book.odd][:5],
        "told": {
            "tokens": len(tokens),
            "codes": len(codes),
            "events": len(told_events),
            "projects": len(told_projects),
        },
    }


def told_twice_or_never(house: House) -> int:
    """Ended operations of this load that the log of events does not have exactly once."""
    operations = {
        UUID(str(row[0])) for row in house.rows("SELECT id FROM partnership_operation WHERE finished_at IS NOT NULL")
    }
    ends = ", ".join(f"'{type_}'" for type_ in ENDS)
    told: Counter[UUID] = Counter()
    for (data,) in house.rows(f"SELECT data FROM partnership_event WHERE type IN ({ends})"):
        found = (data if isinstance(data, dict) else json.loads(data)).get("operation")
        if found:
            told[UUID(found["id"])] += 1
    return sum(told[each] != 1 for each in operations)


def differences_of_usage(house: House) -> int:
    """Of how many metered projects the days are not what the stored events add up to."""
    return len(house.rows(DIFFERING))


def is_whole(found: dict[str, Any]) -> bool:
    return not (found["lost"] or found["doubled"] or found["half done"] or found["odd"])
