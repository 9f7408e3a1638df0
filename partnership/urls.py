"""The routes of partnership.md and of platform.md's projects, in their order.

What has a fixed first word stands before `:projectId` and `:userId`, which it could never
equal: those are UUIDs. Ids are taken as text, so that what is none gets the contract's 404.
"""

from django.urls import include, path

from partnership import console_urls
from partnership.views import (
    catalog,
    co_branded,
    connected_apps,
    events,
    operations,
    platform,
    platform_news,
    project_keys,
    projects,
    webhooks,
    white_label,
)

partner_patterns = [
    path("connect-user", co_branded.ConnectUser.as_view()),
    path("sync-embedded-project", white_label.SyncEmbeddedProject.as_view()),
    path("projects", projects.ProjectList.as_view()),
    path("catalog", catalog.Catalog.as_view()),
    path("events", events.EventList.as_view()),
    path("operations/<str:operation_id>", operations.OperationDetail.as_view()),
    path("operations/<str:operation_id>/cancel", operations.OperationCancel.as_view()),
    path("operations/<str:operation_id>/retry", operations.OperationRetry.as_view()),
    path("webhooks", webhooks.WebhookList.as_view()),
    path("webhooks/<str:webhook_id>", webhooks.WebhookDetail.as_view()),
    path("webhooks/<str:webhook_id>/rotate-secret", webhooks.WebhookRotateSecret.as_view()),
    path("webhooks/<str:webhook_id>/replay", webhooks.WebhookReplay.as_view()),
    path("webhooks/<str:webhook_id>/deliveries", webhooks.DeliveryList.as_view()),
    path("webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/replay", webhooks.DeliveryReplay.as_view()),
    path("<str:project_id>", white_label.Delete.as_view()),
    path("<str:project_id>/metadata", white_label.Metadata.as_view()),
    path("<str:project_id>/pause", white_label.Pause.as_view()),
    path("<str:project_id>/restore", white_label.Restore.as_view()),
    path("<str:project_id>/upgrade", white_label.Upgrade.as_view()),
    path("<str:project_id>/restart", white_label.Restart.as_view()),
    path("<str:project_id>/authorization", white_label.Authorization.as_view()),
    path("<str:project_id>/rotate-api-key", projects.RotateApiKey.as_view()),
    path("<str:user_id>/sync-project", co_branded.SyncProject.as_view()),
    path("<str:user_id>/<str:project_id>/metadata", co_branded.Metadata.as_view()),
]

project_patterns = [
    path("", platform.ProjectDetail.as_view()),
    path("/access-api-key", platform.AccessApiKey.as_view()),
    path("/pause", platform.Pause.as_view()),
    path("/restore", platform.Restore.as_view()),
    path("/restart", platform.Restart.as_view()),
    path("/upgrade-instance", platform.UpgradeInstance.as_view()),
    path("/transfer", platform.Transfer.as_view()),
]

urlpatterns = [
    path(".well-known/jwks.json", project_keys.jwks, name="project_jwks"),
    path("partnership/v1/<str:partner_id>/", include(partner_patterns)),
    path("organizations/v1/<str:organization_id>/projects", platform.OrganizationProjects.as_view()),
    path("projects/v1/<str:project_id>", include(project_patterns)),
    path("tracking/v1/agent-connected", platform_news.AgentConnected.as_view()),
    path("platform/insforge/latest-version", platform_news.latest_version),
    path("", include(console_urls)),
    path("account/apps", connected_apps.connected_apps, name="connected_apps"),
    path("account/apps/partners/<str:partner_id>/cut", connected_apps.cut, name="cut_partner"),
    path("account/apps/agree/<str:token>", connected_apps.agree, name="agree_to_partner"),
]
