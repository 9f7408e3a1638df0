"""What staff do to several partners, projects, operations, endpoints or deliveries at once; the lists as CSV."""

from collections.abc import Callable, Sequence

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.bulk import NothingToDo, as_csv, on_each
from partnership import lifecycle, operations, partners, webhooks
from partnership.admin.pages import staff_actor
from partnership.models import Delivery, Operation, Partner, Project, Webhook

Type = Operation.Type


def switch_partner(*, is_enabled: bool) -> Callable[[HttpRequest, Partner], None]:
    def act(request: HttpRequest, partner: Partner) -> None:
        if not partners.switch(partner, is_enabled=is_enabled, actor=staff_actor(request), now=timezone.now()):
            raise NothingToDo

    return act


def begin(type_: Operation.Type) -> Callable[[HttpRequest, Project], None]:
    def act(request: HttpRequest, project: Project) -> None:
        if lifecycle.change(project, type_, actor=staff_actor(request), now=timezone.now()) is None:
            raise NothingToDo

    return act


def retry(request: HttpRequest, operation: Operation) -> None:
    lifecycle.retry(operation, actor=staff_actor(request), now=timezone.now())


def cancel(request: HttpRequest, operation: Operation) -> None:
    operations.cancel(operation, actor=staff_actor(request), now=timezone.now())


def switch_webhook(*, is_enabled: bool) -> Callable[[HttpRequest, Webhook], None]:
    def act(request: HttpRequest, webhook: Webhook) -> None:
        if webhook.is_enabled == is_enabled:
            raise NothingToDo
        webhooks.change(webhook, {"is_enabled": is_enabled}, actor=staff_actor(request), now=timezone.now())

    return act


def replay(request: HttpRequest, delivery: Delivery) -> None:
    if delivery.status == Delivery.Status.PENDING:
        raise NothingToDo
    webhooks.replay_delivery(delivery, actor=staff_actor(request), now=timezone.now())


def partners_lose(chosen: Sequence[Partner]) -> str:
    return _(
        "Their calls are refused from the next request on, and nothing is sent to their endpoints. Projects run on."
    )


def projects_lose(chosen: Sequence[Project]) -> str:
    return _("Nobody reaches them until they are restored. Their data stays.")


def operations_lose(chosen: Sequence[Operation]) -> str:
    return _("What has not begun ends at once. What can no longer be left goes on, and is named.")


def webhooks_lose(chosen: Sequence[Webhook]) -> str:
    waiting = Delivery.objects.filter(webhook__in=chosen, status=Delivery.Status.PENDING).count()
    return ngettext(
        "%d delivery that waits is given up, and nothing more is sent. Sending again brings it back.",
        "%d deliveries that wait are given up, and nothing more is sent. Sending again brings them back.",
        waiting,
    ) % (waiting,)


PARTNERS = (
    on_each(
        "disable_selected",
        gettext_lazy("Disable"),
        switch_partner(is_enabled=False),
        permission="change",
        warn=partners_lose,
    ),
    on_each("enable_selected", gettext_lazy("Enable"), switch_partner(is_enabled=True), permission="change"),
    as_csv(
        "partners",
        {
            "name": lambda row: row.name,
            "id": lambda row: row.pk,
            "co_branded": lambda row: row.is_co_branded,
            "white_label": lambda row: row.is_white_label,
            "enabled": lambda row: row.is_enabled,
            "in_maintenance": lambda row: row.is_in_maintenance,
            "live_projects": lambda row: row.live,
            "requests_per_minute": lambda row: row.requests_per_minute,
            "created_at": lambda row: row.created_at,
        },
    ),
)
PROJECTS = (
    on_each("pause_selected", gettext_lazy("Pause"), begin(Type.PAUSE), permission="act", warn=projects_lose),
    on_each("restore_selected", gettext_lazy("Restore"), begin(Type.RESTORE), permission="act"),
    as_csv(
        "projects",
        {
            "name": lambda row: row.name,
            "id": lambda row: row.pk,
            "environment": lambda row: row.environment,
            "status": lambda row: row.status,
            "operation_status": lambda row: row.operation_status,
            "mode": lambda row: row.mode,
            "partner_id": lambda row: row.partner_id,
            "partner": lambda row: row.partner.name if row.partner else None,
            "external_id": lambda row: row.external_id,
            "region": lambda row: row.region_id,
            "created_at": lambda row: row.created_at,
            "deleted_at": lambda row: row.deleted_at,
        },
    ),
)
OPERATIONS = (
    on_each("retry_selected", gettext_lazy("Try again"), retry, permission="act"),
    on_each("cancel_selected", gettext_lazy("Cancel"), cancel, permission="act", warn=operations_lose),
    as_csv(
        "operations",
        {
            "id": lambda row: row.pk,
            "type": lambda row: row.type,
            "status": lambda row: row.status,
            "environment": lambda row: row.project.environment,
            "project_id": lambda row: row.project_id,
            "project": lambda row: row.project.name,
            "attempts": lambda row: row.attempts,
            "error_code": lambda row: row.error_code,
            "created_at": lambda row: row.created_at,
            "deadline_at": lambda row: row.deadline_at,
            "finished_at": lambda row: row.finished_at,
        },
    ),
)
WEBHOOKS = (
    on_each(
        "disable_selected",
        gettext_lazy("Switch off"),
        switch_webhook(is_enabled=False),
        permission="act",
        warn=webhooks_lose,
    ),
    on_each("enable_selected", gettext_lazy("Switch on"), switch_webhook(is_enabled=True), permission="act"),
)
DELIVERIES = (on_each("replay_selected", gettext_lazy("Send again"), replay, permission="act"),)
