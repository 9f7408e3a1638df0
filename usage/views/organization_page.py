"""/account/organizations/:id/usage: the charts of an organization, for its members.

The page stands here, in the lowest app that sees all it shows; the organization's own is accounts'.
Its figures are those of GET /usage/v1/organizations/:id. Source: pages.md, "Account".
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from accounts.views.organizations import membership
from usage import charts
from usage.chosen_store import store
from usage.store import Owner
from usage.views import chart_page


@gzip_page  # a year of charts with their tables; nothing of the caller's is repeated in it
@never_cache
@login_required
@require_safe
def organization_usage(request: HttpRequest, organization_id: UUID) -> HttpResponseBase:
    organization = membership(request, organization_id).organization
    asked, owner = chart_page.read(request.GET, store.clock().date()), Owner("organization", str(organization.pk))
    if request.GET.get("format") == "csv":
        days = store.owner_days(owner, asked.period.first, asked.period.last)
        return chart_page.as_csv(request.GET, f"usage-{organization.pk}", days)
    days = charts.days_of(owner, asked.period)
    top = chart_page.top(asked, owner, charts.read_metric(request.GET, days))
    shown = {"section": "organizations", "organization": organization, **chart_page.figures(asked, days), **top}
    return render(request, "usage/organization.html", shown)
