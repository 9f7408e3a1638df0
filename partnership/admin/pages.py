"""What the pages on partners have in common: rows to look at, actions by POST, the badge of test data."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import ApiError
from accounts.models import User
from partnership.events import Actor

M = TypeVar("M", bound=Model)
Action = Callable[[HttpRequest, Any], str]
MOST_COUNTED = 10_000

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
    BasePaginator = Paginator[Any]
else:  # Django's own classes take no parameter
    BaseAdmin = admin.ModelAdmin
    BasePaginator = Paginator


def staff_actor(request: HttpRequest) -> Actor:
    assert isinstance(request.user, User)
    request_id = request.META["gatehouse.request_id"]
    return Actor("staff", str(request.user.pk), request.user.email, request_id)


def environment_badge(environment: str) -> str:
    """Test data is in no live total, and is never to be taken for live."""
    if environment == "test":
        return format_html('<span class="badge">{}</span>', _("Test data"))
    return str(_("live"))


class FewCounted(BasePaginator):
    """Pages of the newest rows of a table that is too long to count; the filters lead to older ones."""

    @cached_property
    def count(self) -> int:
        return cast("QuerySet[Any]", self.object_list)[:MOST_COUNTED].count()


class RowAdmin(BaseAdmin):
    """Rows that processes write: looked at and acted upon, never edited.

    `acts` names what may be done to one row: route -> the method that does it and says so. `reasons`: the
    routes for which staff have to say why, in the field `reason`.
    """

    class Media:
        css = {"all": ["admin-partners.css"]}

    acts: dict[str, str] = {}
    reasons: frozenset[str] = frozenset()
    list_per_page = 50
    view_on_site = False
    change_form_template = "admin/partnership/row.html"

    @admin.display(description=gettext_lazy("environment"))
    def environment_shown(self, row: Any) -> str:
        return environment_badge(row.environment)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """The right to change, which `has_change_permission` denies to the stock form alone; actions call it "act"."""
        return super().has_change_permission(request)

    def get_urls(self) -> list[URLPattern]:
        # Before the stock ones: those end with a pattern that takes every path.
        return [self.act_url(name, method) for name, method in self.acts.items()] + super().get_urls()

    def act_url(self, name: str, method: str) -> URLPattern:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            return self.act(request, object_id, getattr(self, method))

        route = f"<path:object_id>/{name}/"
        return path(route, self.admin_site.admin_view(view), name=self.route_name(name))

    def act(self, request: HttpRequest, object_id: str, action: Action) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_act_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        try:
            messages.success(request, action(request, row))
        except ApiError as refused:
            messages.error(request, refused.message)
        return redirect(f"admin:{self.route_name('change')}", object_id)

    def route_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def offered(self, row: Any) -> list[tuple[str, Any]]:
        """What may be done to `row` now: route and the button's text."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        offered = self.offered(row) if row is not None and self.has_act_permission(request) else []
        buttons = [
            {
                "url": reverse(f"admin:{self.route_name(name)}", args=[object_id]),
                "label": label,
                "asks_why": name in self.reasons,
            }
            for name, label in offered
        ]
        context = {"buttons": buttons, "is_test": getattr(row, "environment", "") == "test", **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)


def link(url_name: str, pk: object, text: object) -> str:
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{url_name}", args=[pk]), text)


def listed(url_name: str, text: object, **filters: object) -> str:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return format_html('<a href="{}?{}">{}</a>', reverse(f"admin:{url_name}"), query, text)


def as_lines(data: dict[str, Any]) -> str:
    """A JSON column for people to read."""
    return format_html('<pre class="curl" tabindex="0">{}</pre>', json.dumps(data, indent=2, ensure_ascii=False))
