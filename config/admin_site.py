"""The admin: what it shows, who acts in it, and the headers of its pages (pages.md, "Admin")."""

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from auditlog.context import set_actor
from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest
from django.db.models import ManyToManyField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.staff import StaffDoor
from config import attention, last_day, staff_search

View = TypeVar("View", bound=Any)  # as in Django's own: any callable view

# Pages that libraries register for themselves list tokens, secrets and digests (page-traps.md, M13):
# only what one of our own apps registers is shown, and groups.
OWN_APPS = frozenset({"oauth_provider", "accounts", "partnership", "usage"})

# Django keeps the names of permissions in rows, in English; the four that every model has are made up of these.
ACTIONS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}

# Words in the names of columns that no page shows.
HIDDEN = re.compile("password|secret|digest|encrypted|credentials")

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Group]
else:  # Django's own class takes no parameter
    ModelAdmin = admin.ModelAdmin


class GroupAdmin(ModelAdmin):
    """What a group of staff may do, in checkboxes: the two-box selector fails axe (page-traps.md, M7)."""

    search_fields = ("name",)
    ordering = ("name",)
    formfield_overrides = {ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "permissions":
            types = ContentType.objects.get_for_models(*self.admin_site._registry).values()
            options["queryset"] = Permission.objects.filter(content_type__in=types).select_related("content_type")
        field: Any = super().formfield_for_manytomany(db_field, request, **options)
        if db_field.name == "permissions":
            field.label_from_instance = permission_in_words
        return field


def permission_in_words(permission: Permission) -> str:
    """ "OAuth clients and tokens | client: change"."""
    action = permission.codename.partition("_")[0]
    return f"{permission.content_type}: {ACTIONS.get(action) or gettext(permission.name)}"


class GatehouseAdminSite(StaffDoor):
    site_header = site_title = settings.BRAND_NAME
    index_title = _("Staff")
    site_url = "/account"
    enable_nav_sidebar = False  # the list of clients needs the width
    empty_value_display = "–"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        shown = {
            "attention": attention.items(request),
            "may_search": staff_search.may(request, self),
            "last_day": last_day.numbers(request, timezone.now()),
        }
        return super().index(request, shown | (extra_context or {}))

    def get_urls(self) -> list[Any]:
        # Before the stock ones: those end with a pattern that takes every path.
        return [path("find/", self.admin_view(self.find), name="find"), *super().get_urls()]

    def find(self, request: HttpRequest) -> HttpResponse:
        return staff_search.search(request, self)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = model_or_iterable if isinstance(model_or_iterable, (list, tuple)) else [model_or_iterable]
        if Group in models:
            super().register(Group, GroupAdmin)
        super().register([model for model in models if model._meta.app_label in OWN_APPS], admin_class, **options)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        # Stock change forms set inline styles. Styles alone: never scripts (page-traps.md, M7).
        styled = csp_update({"style-src": [UNSAFE_INLINE]})
        return cast(View, styled(super().admin_view(no_nul(no_oracle(acting(view))), cacheable)))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        # One page changes passwords: it asks for a recent sign-in and sends the mails.
        return redirect("account_change_password")


def no_oracle(view: View) -> View:
    """Refuses (400) `?password__startswith=...`, by the list's own table or another: the number of rows would tell
    staff who may look, letter by letter, what nobody may read. Django lets lists filter by every column of their own.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if any(HIDDEN.search(name) for name in request.GET):
            raise DisallowedModelAdminLookup("a list filtered by a column that no page shows")
        response: HttpResponse = view(request, *args, **kwargs)
        return response

    return cast(View, inner)


def no_nul(view: View) -> View:
    """Refuses (400) a NUL in a query or a form: PostgreSQL takes none, and lists filter by what a query says."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        for name, values in (*request.GET.lists(), *request.POST.lists()):
            if any("\0" in text for text in (name, *values)):
                raise BadRequest(f"NUL in {name!r}")
        response: HttpResponse = view(request, *args, **kwargs)
        return response

    return cast(View, inner)


def acting(view: View) -> View:
    """Names the staff member in the history of what `view` changes."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with set_actor(request.user):
            response: HttpResponse = view(request, *args, **kwargs)
            return response

    return cast(View, inner)
