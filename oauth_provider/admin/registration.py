"""The queue of clients that registered themselves, and the hosts of their documents (pages.md, "Admin")."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.errors import PageError
from accounts.models import User
from oauth_provider import redirect_uris, registration_queue
from oauth_provider.admin import client_list
from oauth_provider.models import DocumentHost, Registration
from oauth_provider.registration_queue import MAX_REASON, ReasonNeeded

CHANGELIST = "admin:oauth_provider_registration_changelist"
CHANGE = "admin:oauth_provider_registration_change"
TEMPLATES = "admin/oauth_provider/registration/"
State = Registration.State

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
    HostModelForm = forms.ModelForm[DocumentHost]
else:  # Django's own classes take no parameter
    BaseAdmin = admin.ModelAdmin
    HostModelForm = forms.ModelForm


class RegistrationAdmin(BaseAdmin):
    """Rows to look at and decide; what a client is like is changed on its own page."""

    list_display = ("client_name", "state", "source", "who", "asked_at", "redirect_hosts", "scopes_shown")
    list_filter = ("state", "application__registration_source")
    list_select_related = ("application", "asked_by")
    search_fields = (
        "application__name",
        "application__client_id",
        "application__redirect_uris",
        "asked_by__email",
        "document_host",
    )
    ordering = ("-asked_at", "-pk")
    list_per_page = 50
    actions = ("approve_selected", "refuse_selected")
    change_form_template = f"{TEMPLATES}change_form.html"
    fields = ()
    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The list asks without a row, and shows its actions by the answer; the stock form is for nobody.
        return obj is None and super().has_change_permission(request)

    def may_decide(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    def get_urls(self) -> list[URLPattern]:
        # Before the stock ones: those end with a pattern that takes every path.
        acts = {"approve": self.approve_view, "refuse": self.refuse_view}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"oauth_provider_registration_{name}")
            for name, view in acts.items()
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        registration = self.get_object(request, object_id)
        context = {
            "may_decide": self.may_decide(request),
            "max_reason": MAX_REASON,
            "hosts": client_list.hosts(registration.application) if registration else [],
            "said": said(registration) if registration else [],
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def approve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.decide(request, pk, lambda one: registration_queue.approve(one, staff(request), timezone.now()))

    def refuse_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        reason = request.POST.get("reason", "")
        act = registration_queue.refuse
        return self.decide(request, pk, lambda one: act(one, reason, staff(request), timezone.now()))

    def decide(self, request: HttpRequest, pk: int, act: registration_queue.Act) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.may_decide(request):
            raise PermissionDenied
        registration = self.get_object(request, str(pk))
        if registration is None:
            raise Http404
        try:
            act(registration)
            messages.success(request, _("Decided. The applicant can read it."))
        except PageError as refused:
            messages.error(request, refused.message)
        return redirect(CHANGE, pk)

    @admin.action(description=gettext_lazy("Approve"), permissions=["change"])
    def approve_selected(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        now = timezone.now()
        done = registration_queue.each(rows, lambda one: registration_queue.approve(one, staff(request), now))
        self.tell(request, *done)

    @admin.action(description=gettext_lazy("Refuse…"), permissions=["change"])
    def refuse_selected(self, request: HttpRequest, rows: QuerySet[Registration]) -> HttpResponse | None:
        """Asks for the reason first; the page sends the same action again, with it."""
        if "reason" not in request.POST:
            return self.ask_for_reason(request, rows)
        reason, now = request.POST["reason"], timezone.now()
        act = registration_queue.refuse
        try:
            done = registration_queue.each(rows, lambda one: act(one, reason, staff(request), now))
        except ReasonNeeded as needed:
            messages.error(request, needed.message)
            return self.ask_for_reason(request, rows)
        self.tell(request, *done)
        return None

    def ask_for_reason(self, request: HttpRequest, rows: QuerySet[Registration]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Refuse these registrations?"),
            "rows": rows.select_related("application"),
            "max_reason": MAX_REASON,
        }
        return TemplateResponse(request, f"{TEMPLATES}refuse.html", context)

    def tell(self, request: HttpRequest, done: int, late: int) -> None:
        messages.success(request, ngettext("%d registration decided.", "%d registrations decided.", done) % done)
        if late:
            text = ngettext("%d did not wait any more.", "%d did not wait any more.", late) % late
            messages.warning(request, text)

    @admin.display(description=gettext_lazy("client"), ordering="application__name")
    def client_name(self, row: Registration) -> str:
        return str(row.application.name)

    @admin.display(description=gettext_lazy("came by"), ordering="application__registration_source")
    def source(self, row: Registration) -> str:
        return row.document_host or str(_("registration"))

    @admin.display(description=gettext_lazy("who asked"), ordering="asked_by__email")
    def who(self, row: Registration) -> str:
        return f"{row.asked_by.email if row.asked_by else _('nobody known')} ({row.asked_from})"

    @admin.display(description=gettext_lazy("redirect hosts"))
    def redirect_hosts(self, row: Registration) -> str:
        return client_list.redirect_hosts(row.application)

    @admin.display(description=gettext_lazy("scopes"))
    def scopes_shown(self, row: Registration) -> str:
        return str(row.application.allowed_scopes)


class HostForm(HostModelForm):
    class Meta:
        model = DocumentHost
        fields = ("host", "policy", "note")

    def clean_host(self) -> str:
        host: str = self.cleaned_data["host"].strip().lower()
        fault = redirect_uris.fault_of_host(host)
        if fault:
            raise ValidationError(fault)
        return host


class DocumentHostAdmin(BaseAdmin):
    form = HostForm
    list_display = ("host", "policy", "clients", "note")
    list_filter = ("policy",)
    search_fields = ("host", "note")
    ordering = ("host",)
    actions = None
    view_on_site = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[DocumentHost]:
        hosts: QuerySet[DocumentHost] = super().get_queryset(request)
        named = Registration.objects.filter(document_host=OuterRef("host")).order_by()
        count = named.values("document_host").values(count=Count("pk"))
        return hosts.annotate(clients_counted=Coalesce(Subquery(count), 0))

    def get_readonly_fields(self, request: HttpRequest, obj: DocumentHost | None = None) -> tuple[str, ...]:
        return ("host",) if obj else ()

    def save_model(self, request: HttpRequest, obj: DocumentHost, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = registration_queue.follow_policy(obj, staff(request), timezone.now())
        if changed:
            text = ngettext("%d client of it changed with it.", "%d clients of it changed with it.", changed)
            messages.warning(request, text % changed)

    @admin.display(description=gettext_lazy("clients"))
    def clients(self, host: Any) -> str:
        return format_html('<a href="{}?document_host={}">{}</a>', reverse(CHANGELIST), host.host, host.clients_counted)


def said(registration: Registration) -> list[tuple[str, str]]:
    """The rest of what the client says of itself, in RFC 7591's words."""
    client, given = registration.application, registration.given
    links = {"client_uri": client.homepage_url, "policy_uri": client.privacy_url, "tos_uri": client.terms_url}
    shown = {**links, **{name: ", ".join(v) if isinstance(v, list) else v for name, v in given.items()}}
    return [(name, value) for name, value in shown.items() if value]


def staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
