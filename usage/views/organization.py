"""GET /usage/v1/organizations/:id (platform.md)."""

from django.http import HttpRequest, HttpResponse

from oauth_provider.errors import OrganizationNotFound
from oauth_provider.views.call import Call
from oauth_provider.views.door import Access, PlatformView, as_uuid
from partnership.errors import Invalid
from partnership.views.shapes import stamp
from usage import reports
from usage.period import check_parameters, read_period
from usage.views.answers import exact_json
from usage.views.shapes import OrganizationUsageBody, PeriodQuery


class OrganizationUsage(PlatformView):
    doors = {"GET": Access("projects:read")}
    calls = {
        "GET": Call(
            "The organization's figures over its projects",
            {200: OrganizationUsageBody},
            query=PeriodQuery,
            refusals=(OrganizationNotFound, Invalid),
        )
    }

    def get(self, request: HttpRequest, organization_id: str) -> HttpResponse:
        organization = self.get_organization(as_uuid(organization_id))
        check_parameters(request.GET, ("start_date", "end_date"))
        period = read_period(request.GET, self.now.date())
        about = {"id": str(organization.pk), "name": organization.name, "price_plan": organization.plan}
        report = reports.of_organization(organization, period, self.now)
        return exact_json({"organization": about, **report, "_meta": {"requested_at": stamp(self.now)}})
