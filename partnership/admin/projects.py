"""Projects, of partners and of people: what they are, and what was done to them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from partnership.admin.pages import RowAdmin, listed
from partnership.models import Project


class ProjectAdmin(RowAdmin):
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
    list_filter = ("environment", "status", "mode", "region", ("partner", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "id", "external_id", "appkey", "customized_domain")
    search_help_text = _("Name, id, external id, app key or domain")
    ordering = ("-created_at",)
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
        "last_activity_at",
        "operations_link",
        "events_link",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("partner", "region", "organization")

    @admin.display(description=_("address"))
    def access_host(self, project: Project) -> str:
        return project.access_host

    @admin.display(description=_("operations"))
    def operations_link(self, project: Project) -> str:
        return listed("partnership_operation_changelist", project.operations.count(), project__id__exact=project.pk)

    @admin.display(description=_("events"))
    def events_link(self, project: Project) -> str:
        return listed("partnership_event_changelist", project.events.count(), project__id__exact=project.pk)
