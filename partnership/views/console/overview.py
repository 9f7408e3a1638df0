"""The first page of the console: what is there, what runs, what failed, and what ends soon."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from partnership import events, partners
from partnership.models import LoggedCall, Operation
from partnership.models.operation import OPEN
from partnership.views.console.door import Visit, page
from partnership.views.console.frame import show
from partnership.views.operations import visible
from partnership.views.projects import reachable

SHOWN = 5
SOON = timedelta(days=14)


@login_required
def entrance(request: HttpRequest, partner_id: str) -> HttpResponse:
    """The address without an environment, as people type it. The page behind it asks who they are."""
    return redirect("console", partner_id, "live")


@page("projects:read")
def overview(request: HttpRequest, visit: Visit) -> HttpResponse:
    operations = visible(visit).select_related("project").order_by("-created_at")
    since = visit.now - timedelta(hours=24)
    calls = LoggedCall.objects.filter(partner=visit.partner, environment=visit.environment, answered_at__gte=since)
    return show(
        request,
        visit,
        "overview",
        "console",
        projects=reachable(visit).count(),
        running=operations.filter(OPEN)[:SHOWN],
        failed=operations.filter(status=Operation.Status.FAILED, created_at__gte=since)[:SHOWN],
        refused=calls.filter(status__gte=400).order_by("-answered_at", "-id")[:SHOWN],
        events=events.visible_to(visit.partner, visit.environment).select_related("project").order_by("-id")[:SHOWN],
        webhooks=unwell(visit),
        ending=ending(visit),
    )


def unwell(visit: Visit) -> list[object]:
    """Endpoints that get nothing; of no use to who may not change them."""
    if not visit.may("webhooks:write"):
        return []
    mine = visit.partner.webhooks.filter(environment=visit.environment)
    return [*mine.exclude(is_enabled=True, failing_since=None).order_by("created_at")]


def ending(visit: Visit) -> list[object]:
    if not visit.may("secrets:write"):
        return []
    live = partners.live(visit.partner, visit.now)
    return [
        secret
        for secret in live
        if secret.environment == visit.environment and secret.expires_at and secret.expires_at < visit.now + SOON
    ]
