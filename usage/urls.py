"""The routes of usage.md, the organization's of platform.md, and its page of charts.

`usage`, `statements` and `alerts` stand before the partnership's `:projectId`, which they could never equal.
"""

from django.urls import include, path

from usage.views import alerts, console, ingest, organization, organization_page, partner, statements

partner_patterns = [
    path("usage", partner.PartnerUsage.as_view()),
    path("statements", statements.StatementList.as_view()),
    path("statements/<str:month>", statements.StatementDetail.as_view()),
    path("alerts", alerts.AlertList.as_view()),
    path("alerts/<str:alert_id>", alerts.AlertDetail.as_view()),
    path("<str:project_id>/usage", partner.ProjectUsage.as_view()),
    path("<str:project_id>/usage/events", partner.UsageEvents.as_view()),
]

console_patterns = [
    path("usage", console.usage, name="console_usage"),
    path("usage/<str:day>/<str:metric>", console.usage_day, name="console_usage_day"),
    path("projects/<str:project_id>/usage", console.project_usage, name="console_project_usage"),
    path("requests", console.requests, name="console_requests"),
    path("statements", console.statement_list, name="console_statements"),
    path("statements/<str:month>", console.statement, name="console_statement"),
]

urlpatterns = [
    path("partnership/v1/<str:partner_id>/", include(partner_patterns)),
    path("partners/<str:partner_id>/<str:environment>/", include(console_patterns)),
    path("usage/v1/events", ingest.Events.as_view(), name="usage_events"),
    path("usage/v1/organizations/<str:organization_id>", organization.OrganizationUsage.as_view()),
    path(
        "account/organizations/<uuid:organization_id>/usage",
        organization_page.organization_usage,
        name="organization_usage",
    ),
]
