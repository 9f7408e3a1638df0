"""/status: whether it works, for people. Names and states alone: no address, no version, no failure's own words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import condition, health

LEVELS = ("ok", "warn", "fail")


@require_safe
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """GET /status: 503 where something does not work, as /readyz tells it to machines."""
    now = timezone.now()
    parts = [(label, look(now)) for label, look in PARTS]
    worst = max((level for _label, level in parts), key=LEVELS.index)
    return render(request, "status.html", {"parts": parts, "worst": worst}, status=503 if worst == "fail" else 200)


def checked(*names: str) -> Callable[[datetime], str]:
    def look(now: datetime) -> str:
        states = {health.state(name, health.CHECKS[name]) for name in names}
        return "ok" if states == {"ok"} else "fail"

    return look


def keys(now: datetime) -> str:
    return condition.guarded("keys", condition.keys, now).level


def worker(now: datetime) -> str:
    return condition.guarded("worker", condition.worker, now).level


PARTS = (
    (_("Accounts and projects"), checked("database", "migrations")),
    (_("Limits"), checked("cache")),
    (_("Signing keys"), keys),
    (_("Work in the background: mail, projects, webhooks"), worker),
)
