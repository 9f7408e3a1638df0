"""/livez: the process answers. /readyz: it can also do its work.

Answered before sessions, hosts and databases are looked at: a probe comes by address, and
`/livez` must stay true while the database is down, or the platform restarts what is fine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from config import metrics
from config.checks import unapplied_migrations

GetResponse = Callable[[HttpRequest], HttpResponse]

log = structlog.get_logger("gatehouse.health")


class HealthMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = {"/livez": livez, "/readyz": readyz}.get(request.path)
        # Prometheus asks every pod by its address too; strangers go on, to the answer of any unknown page.
        if request.path == "/metrics" and metrics.may_read(request):
            view = metrics.metrics
        return view(request) if view else self.get_response(request)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    return answer({}, 200)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    states = {name: state(name, check) for name, check in CHECKS.items()}
    failed = [name for name, said in states.items() if said != "ok"]
    is_ready = not failed or (failed == ["cache"] and CACHE.has_answered)
    return answer(states, 200 if is_ready else 503)


def answer(states: dict[str, str], status: int) -> HttpResponse:
    body = {"status": "ok" if status == 200 else "unavailable", "checks": states}
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})


def state(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as failure:
        # Not the failure's own words: a driver's message may quote the connection string.
        log.warning("not ready", check=name, failure=type(failure).__name__)
        return "failed"
    return "ok"


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


class NotMigrated(Exception):
    pass


class Migrations:
    """Looks until everything is applied once: applied migrations don't come undone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.are_applied = False

    def check(self) -> None:
        with self.lock:
            if not self.are_applied and unapplied_migrations():
                raise NotMigrated
            self.are_applied = True


class CacheSilent(Exception):
    pass


class Cache:
    """Has to answer a new process once. Afterwards reads go on without it: a balancer that took every
    process away would stop them too (docs/decisions/0150).
    """

    def __init__(self) -> None:
        self.has_answered = False

    def check(self) -> None:
        cache.set("readyz", "ok", timeout=10)
        if cache.get("readyz") != "ok":
            raise CacheSilent
        self.has_answered = True


CACHE = Cache()
CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": Migrations().check,
    "cache": CACHE.check,
}
