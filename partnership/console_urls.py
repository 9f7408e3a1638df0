"""The routes of the partner console. What stands in it of usage is usage's (docs/decisions/0091)."""

from django.urls import include, path

from partnership.views.console import calls, events, members, operations, overview, projects, secrets, webhooks

console_patterns = [
    path("", overview.overview, name="console"),
    path("/projects", projects.project_list, name="console_projects"),
    path("/projects/<str:project_id>", projects.project, name="console_project"),
    path("/projects/<str:project_id>/pause", projects.pause, name="console_pause"),
    path("/projects/<str:project_id>/restore", projects.restore, name="console_restore"),
    path("/projects/<str:project_id>/upgrade", projects.upgrade, name="console_upgrade"),
    path("/projects/<str:project_id>/restart", projects.restart, name="console_restart"),
    path("/projects/<str:project_id>/delete", projects.delete, name="console_delete"),
    path("/projects/<str:project_id>/rotate-api-key", projects.rotate, name="console_rotate_api_key"),
    path("/operations", operations.operation_list, name="console_operations"),
    path("/operations/<str:operation_id>", operations.operation, name="console_operation"),
    path("/operations/<str:operation_id>/cancel", operations.cancel, name="console_cancel_operation"),
    path("/operations/<str:operation_id>/retry", operations.retry, name="console_retry_operation"),
    path("/webhooks", webhooks.webhook_list, name="console_webhooks"),
    path("/webhooks/add", webhooks.add, name="console_add_webhook"),
    path("/webhooks/<str:webhook_id>", webhooks.webhook, name="console_webhook"),
    path("/webhooks/<str:webhook_id>/change", webhooks.change, name="console_change_webhook"),
    path("/webhooks/<str:webhook_id>/switch", webhooks.switch, name="console_switch_webhook"),
    path("/webhooks/<str:webhook_id>/rotate-secret", webhooks.rotate, name="console_rotate_webhook"),
    path("/webhooks/<str:webhook_id>/delete", webhooks.remove, name="console_delete_webhook"),
    path("/webhooks/<str:webhook_id>/replay", webhooks.replay, name="console_replay"),
    path(
        "/webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/replay",
        webhooks.replay_delivery,
        name="console_replay_delivery",
    ),
    path("/events", events.event_list, name="console_events"),
    path("/calls", calls.call_list, name="console_calls"),
    path("/secrets", secrets.secret_list, name="console_secrets"),
    path("/secrets/<int:secret_id>/rotate", secrets.rotate, name="console_rotate_secret"),
    path("/secrets/<int:secret_id>/end", secrets.end, name="console_end_secret"),
    path("/members", members.member_list, name="console_members"),
    path("/members/invite", members.invite, name="console_invite"),
    path("/members/<int:member_id>/remove", members.remove, name="console_remove_member"),
    path("/members/<int:member_id>/role", members.change_role, name="console_change_role"),
    path("/invitations/<int:invitation_id>/withdraw", members.withdraw, name="console_withdraw_invitation"),
]

urlpatterns = [
    path("partners", members.partner_list, name="console_partners"),
    path("partners/invitations/<str:token>", members.invitation, name="console_invitation"),
    path("partners/<str:partner_id>", overview.entrance),
    path("partners/<str:partner_id>/<str:environment>", include(console_patterns)),
]
