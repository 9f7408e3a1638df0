"""/docs/limits: what this server allows at most, from the tables that hold it."""

from __future__ import annotations

from django.conf import settings

from accounts.plans import PLANS
from config.rate_limits import MEANINGS
from partnership import idempotency, paging, webhooks
from partnership.models import Partner
from usage import alerts, cloud_events, period, request_body

INTRODUCTION = """\
# Limits

What this server allows. Over a limit the answer is 429: [`rate_limited`](/docs/errors#rate_limited), at OAuth
endpoints [`temporarily_unavailable`](/docs/errors#temporarily_unavailable). Wait for as many seconds as
`Retry-After` says. Answers of a limited call that are not refused tell what is left, in `RateLimit` and
`RateLimit-Policy`. Windows are fixed, and count across all processes and hosts.

## Requests

| what is counted | at most | by |
|---|---|---|
"""
MIB = 1024 * 1024


def as_markdown() -> str:
    requests = "".join(
        f"| {what} | {rate(*settings.RATE_LIMITS[name])} | {key} |\n" for name, (what, key) in MEANINGS.items()
    )
    return f"{INTRODUCTION}{requests}{partners_row()}\n{sizes()}\n{plans()}"


def rate(count: int, seconds: int) -> str:
    spans = {60: "a minute", 3600: "an hour"}
    return f"{count:,} {spans.get(seconds, f'in {seconds} s')}"


def partners_row() -> str:
    usual = Partner._meta.get_field("requests_per_minute").default
    return f"| Partnership API | {rate(usual, 60)}, or as agreed | partner |\n"


def sizes() -> str:
    rows = {
        **{f"body of a request to {path or 'any other path'}": f"{size // MIB} MiB" for path, size in bodies()},
        "time in which a request has to arrive": f"{settings.RECEIVE_SECONDS} s",
        "events in a batch": f"{request_body.MAX_EVENTS:,}",
        "values in a batch": f"{request_body.MAX_VALUES:,}",
        "letters of an event's id or source": f"{cloud_events.MAX_NAME_LETTERS}",
        "entries of a page of a list": f"{paging.MAX_LIMIT}, without `limit` {paging.DEFAULT_LIMIT}",
        "days of a period that is read": f"{period.MAX_DAYS}",
        "characters of an `Idempotency-Key`": f"{idempotency.MAX_LENGTH}",
        "webhooks of a partner in an environment": f"{webhooks.MAX_ENDPOINTS}",
        "alerts of a partner in an environment": f"{alerts.MAX_ALERTS}",
    }
    return "## Sizes\n\n| what | at most |\n|---|---|\n" + "".join(
        f"| {what} | {most} |\n" for what, most in rows.items()
    )


def bodies() -> list[tuple[str, int]]:
    return [(path, size) for path, size in settings.BODY_LIMITS_BYTES if not path.startswith("/admin")]


def plans() -> str:
    rows = "".join(f"| {plan.name} | {plan.active_projects:,} |\n" for plan in PLANS.values())
    return f"## Plans\n\n| plan of the organization | active projects |\n|---|---|\n{rows}"
