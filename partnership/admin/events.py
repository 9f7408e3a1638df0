"""The audit log: who did what when, with the request.

It only grows: no page of it may look at all of its rows.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from oauth_provider.views.door import as_uuid
from partnership.admin.pages import FewCounted, RowAdmin, as_lines
from partnership.models import Event
from partnership.models.event import ACTOR_KINDS

NEWEST = 1_000


class Type(admin.SimpleListFilter):
    """Of the newest events: for all that there are each row would be looked at. Others work in the address."""

    title = _("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = Event.objects.order_by("-id").values_list("type", flat=True)[:NEWEST]
        return [(type_, type_) for type_ in sorted(set(newest))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class ActorKind(admin.SimpleListFilter):
    title = _("actor kind")
    parameter_name = "actor_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in ACTOR_KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


class EventAdmin(RowAdmin):
    list_display = (
        "occurred_at",
        "type",
        "environment_shown",
        "partner",
        "project",
        "actor_kind",
        "actor_name",
        "request_id",
    )
    list_filter = ("environment", ActorKind, Type, "partner")
    list_select_related = ("partner", "project")
    search_fields = ("request_id",)
    search_help_text = _("Request id, project, partner or person")
    ordering = ("-id",)
    paginator = FewCounted
    show_full_result_count = False
    fields = (
        "uuid",
        "type",
        "occurred_at",
        "environment_shown",
        "partner",
        "project",
        "actor_kind",
        "actor_id",
        "actor_name",
        "request_id",
        "told",
    )
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        return (queryset.filter(named(search_term.strip())) if search_term else queryset), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "project__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description=_("data"))
    def told(self, event: Event) -> str:
        return as_lines(event.data)


def named(term: str) -> Q:
    """Events with `term` as a whole id, or a person's address: an index finds each of them."""
    person = User.objects.filter(email__iexact=term).first() if "@" in term else None
    actor_id = str(person.pk) if person else term
    return Q(request_id=term) | Q(project=as_uuid(term)) | Q(partner=term) | Q(actor_id=actor_id)
