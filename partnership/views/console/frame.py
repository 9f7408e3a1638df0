"""What every page of the console has around it: its sections, the switch of environments, what was said."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext, gettext_lazy

from partnership import members
from partnership.errors import Invalid, InvalidState, OperationInProgress, ProvisionerUnavailable
from partnership.views.console.door import Visit

# Name of the address, title, and the scope without which it is not offered.
SECTIONS = (
    ("console", gettext_lazy("Overview"), "projects:read"),
    ("console_projects", gettext_lazy("Projects"), "projects:read"),
    ("console_operations", gettext_lazy("Operations"), "projects:read"),
    ("console_webhooks", gettext_lazy("Webhooks"), "webhooks:write"),
    ("console_events", gettext_lazy("Events"), "projects:read"),
    ("console_calls", gettext_lazy("Request log"), "projects:read"),
    # These three are usage's, named by their addresses (docs/decisions/0091).
    ("console_requests", gettext_lazy("Requests"), "projects:read"),
    ("console_usage", gettext_lazy("Usage"), "usage:read"),
    ("console_statements", gettext_lazy("Statements"), "usage:read"),
    ("console_secrets", gettext_lazy("Secrets"), "secrets:write"),
    ("console_members", gettext_lazy("Members"), "projects:read"),
)
# Seconds for which the old one goes on when an API key or a webhook's secret is rotated.
OVERLAPS = {"0": gettext_lazy("now"), "86400": gettext_lazy("in 24 hours"), "604800": gettext_lazy("in 7 days")}
STATES = (InvalidState, OperationInProgress, Invalid, ProvisionerUnavailable)


def show(request: HttpRequest, visit: Visit, template: str, section: str, **shown: object) -> HttpResponse:
    frame = {
        "partner": visit.partner,
        "environment": visit.environment,
        "is_test": visit.environment == "test",
        "section": section,
        "sections": list(sections(visit)),
        "environments": [
            ("live", gettext("Live"), reverse(section, args=[visit.partner.pk, "live"])),
            ("test", gettext("Test"), reverse(section, args=[visit.partner.pk, "test"])),
        ],
        "member": visit.member,
    }
    return render(request, f"partnership/console/{template}.html", frame | shown)


def sections(visit: Visit) -> Iterator[tuple[str, str, str]]:
    for name, title, scope in SECTIONS:
        if visit.may(scope):
            yield name, str(title), visit.url(name)


def done(request: HttpRequest, visit: Visit, change: Callable[[], str], then: str, *ids: object) -> HttpResponse:
    """Says what came of `change`, also that a state forbids it, on the page `then`."""
    try:
        messages.success(request, change())
    except STATES as refused:
        messages.error(request, gettext(refused.message))
    return redirect(visit.url(then, *ids))


def partner_console(request: HttpRequest) -> dict[str, object]:
    """For the navigation of the account: whether there is a console for this person. Asked where it is shown."""

    def is_somebodys() -> bool:
        user = getattr(request, "user", None)
        return bool(user and user.is_authenticated and members.of(user).exists())

    return {"has_partner_console": SimpleLazyObject(is_somebodys)}
