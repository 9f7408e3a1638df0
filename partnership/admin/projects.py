"""Projects, of partners and of people: what they are, and what was done to them."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partnership import recovery
from partnership.admin import bulk
from partnership.admin.pages import RowAdmin, listed, staff_actor
from partnership.errors import InvalidState
from partnership.models import Project

REASON_LENGTH = 500


class Deleted(admin.SimpleListFilter):
    """What is left of deleted projects."""

    title = _("deleted")
    parameter_name = "deleted"
    kinds = {"recoverable": recovery.recoverable, "overdue": recovery.overdue}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("recoverable", _("can be brought back")), ("overdue", _("should have been purged"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Project]) -> QuerySet[Project]:
        chosen = self.kinds.get(self.value() or "")
        return queryset.filter(pk__in=chosen(timezone.now()).values("pk")) if chosen else queryset


class ProjectAdmin(RowAdmin):
    acts = {"recover": "recover"}
    reasons = frozenset({"recover"})
    list_display = (
        "name",
        "id",
        "environment_shown",
        "status",
        "operation_status",
        "mode",
        "partner",
        "region",
        "created_at",
    )
    list_filter = (Deleted, "environment", "status", "mode", "region", ("partner", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "id", "external_id", "appkey", "customized_domain")
    search_help_text = _("Name, id, external id, app key or domain")
    ordering = ("-created_at",)
    actions = bulk.PROJECTS
    fields = (
        "id",
        "environment_shown",
        "mode",
        "partner",
        "user",
        "organization",
        "external_id",
        "status",
        "operation_status",
        "access_host",
        "region",
        "provisioner",
        "instance_type",
        "volume_size_gib",
        "service_version",
        "created_at",
        "updated_at",
        "deleted_at",
        "purge_at",
        "recovered_at",
        "last_activity_at",
        "operations_link",
        "events_link",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("partner", "region", "organization")

    def offered(self, row: Project) -> list[tuple[str, Any]]:
        is_there = recovery.recoverable(timezone.now()).filter(pk=row.pk).exists()
        return [("recover", gettext("Bring it back"))] if is_there else []

    def recover(self, request: HttpRequest, project: Project) -> str:
        """Raises InvalidState without a reason: the log would not tell why."""
        reason = request.POST.get("reason", "").strip()[:REASON_LENGTH]
        if not reason:
            raise InvalidState(gettext("Say why."))
        with transaction.atomic():
            operation = recovery.begin(project, reason=reason, actor=staff_actor(request), now=timezone.now())
            self.log_change(request, project, gettext("Brought back: %(reason)s") % {"reason": reason})
        return gettext("It is on its way back, by operation %(id)s.") % {"id": operation.pk}

    @admin.display(description=_("address"))
    def access_host(self, project: Project) -> str:
        return project.access_host

    @admin.display(description=_("operations"))
    def operations_link(self, project: Project) -> str:
        return listed("partnership_operation_changelist", project.operations.count(), project__id__exact=project.pk)

    @admin.display(description=_("events"))
    def events_link(self, project: Project) -> str:
        return listed("partnership_event_changelist", project.events.count(), project__id__exact=project.pk)
