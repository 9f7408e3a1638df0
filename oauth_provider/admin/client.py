"""Clients in the admin: list, add, change and the pages around a client (pages.md, "Admin")."""

from typing import Any

from django.contrib import messages
from django.core.signing import BadSignature
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from oauth_provider import client_names, clients
from oauth_provider.admin import client_actions, client_fieldsets, client_form, client_list, client_pages
from oauth_provider.admin.client_form import ClientForm
from oauth_provider.admin.first_steps import first_steps
from oauth_provider.models import Application

Kind = Application.Kind
REGISTERED = "gatehouse.registered"


class ClientAdmin(client_pages.ClientPages):
    form = ClientForm
    list_display = (
        "name",
        "client_id",
        "kind",
        client_list.verified,
        "is_enabled",
        client_list.redirect_hosts,
        client_list.users,
        client_list.last_used_column,
    )
    list_filter = ("kind", "client_type", "is_verified", "is_enabled", "registration_source")
    search_fields = ("name", "client_id", "redirect_uris")
    ordering = ("name", "pk")
    list_per_page = 50
    actions = (*client_actions.ACTIONS, client_list.download_csv)
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        return client_list.with_use(super().get_queryset(request), timezone.now())

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)  # one at a time, and only one that was never used
        return actions

    def has_delete_permission(self, request: HttpRequest, obj: Application | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not clients.is_used(obj))

    def get_fieldsets(self, request: HttpRequest, obj: Application | None = None) -> Any:
        kind = str(obj.kind) if obj else asked_kind(request)
        shown = client_fieldsets.fieldsets(kind, is_change=obj is not None)
        return [*((title, {"fields": names}) for title, names in shown), *([] if obj else [HIDDEN])]

    def get_urls(self) -> list[URLPattern]:
        # Before the stock ones: those end with a pattern that takes every path.
        return [*self.page_urls(), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        made_before = find_made_before(request)
        if made_before is not None:
            messages.warning(request, _("This form was sent before. Nobody can show the secret again."))
            return redirect("admin:oauth_provider_application_change", made_before)
        kinds = [
            {"value": value, "label": label, "is_current": value == asked_kind(request)}
            for value, label in Kind.choices
        ]
        try:
            return super().add_view(request, form_url, {"kinds": kinds, **(extra_context or {})})
        except IntegrityError:  # the same form, or the same existing id, a moment earlier
            messages.warning(request, _("This client was just registered."))
            return redirect("admin:oauth_provider_application_changelist")

    def save_model(self, request: HttpRequest, obj: Application, form: Any, change: bool) -> None:
        now = timezone.now()
        if form.details.is_verified:
            self.warn_of_namesakes(request, form.details.name, obj.pk)
        if change:
            clients.change(obj, form.details, logo=form.cleaned_data["logo"], now=now)
            return
        given = form.cleaned_data
        registered = clients.register(
            form.details, now=now, client_id=given["existing_id"] or given["new_client_id"], logo=given["logo"]
        )
        obj.pk = registered.application.pk
        obj.refresh_from_db()
        request.META[REGISTERED] = registered

    def warn_of_namesakes(self, request: HttpRequest, name: str, pk: int | None) -> None:
        for client_id in client_names.find_unverified_namesakes(name, besides=pk):
            messages.warning(request, _("An unverified client looks like this one: %(id)s") % {"id": client_id})

    def response_add(
        self, request: HttpRequest, obj: Application, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The one answer with the secret in it. Not a redirect: the secret would have to wait
        somewhere. Sent again by a reload, the form is known to have been used (`add_view`).
        """
        registered = request.META.pop(REGISTERED)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("%(name)s is registered") % {"name": obj.name},
            "original": obj,
            "secret": registered.secret,
            "steps": first_steps(obj, registered.secret),
        }
        return TemplateResponse(request, "admin/oauth_provider/application/registered.html", context)

    def response_change(self, request: HttpRequest, obj: Application) -> HttpResponse:
        messages.success(request, _("Saved."))
        return redirect(reverse("admin:oauth_provider_application_change", args=[obj.pk]))


HIDDEN = (None, {"fields": client_fieldsets.ALWAYS})


def asked_kind(request: HttpRequest) -> str:
    kind = request.POST.get("kind") or request.GET.get("kind")
    return kind if kind in Kind.values else Kind.WEB.value


def find_made_before(request: HttpRequest) -> int | None:
    """The client that this very add form has made already."""
    try:
        client_id = client_form.read_new_client_id(request.POST.get("new_client_id", ""))
    except BadSignature:
        return None
    made: int | None = Application.objects.filter(client_id=client_id).values_list("pk", flat=True).first()
    return made
