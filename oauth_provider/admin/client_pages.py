"""The pages around one client: secrets, use, history, disable and enable."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from auditlog.models import LogEntry
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oauth_provider import client_secrets, clients
from oauth_provider.admin.client_list import last_used
from oauth_provider.admin.first_steps import first_steps
from oauth_provider.client_secrets import OVERLAPS, SecretRefused
from oauth_provider.clients import Effects
from oauth_provider.models import AccessToken, Application, Consent, Registration, TokenFamily

PERIODS = (
    (gettext_lazy("24 hours"), timedelta(hours=24)),
    (gettext_lazy("7 days"), timedelta(days=7)),
    (gettext_lazy("30 days"), timedelta(days=30)),
)
CHANGES_PER_PAGE = 50
TEMPLATES = "admin/oauth_provider/application/"
# What is recorded beside the columns of a client.
RECORDED = {
    "secret": gettext_lazy("Secret"),
    "tokens": gettext_lazy("Live tokens"),
    "registration": gettext_lazy("Registration"),
}


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Application]
else:  # Django's own class takes no parameter
    ModelAdmin = admin.ModelAdmin


class ClientPages(ModelAdmin):
    """Views of `ClientAdmin`; each asks for the permission first, then finds the client."""

    def page_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "secrets": ("<int:pk>/secrets/", self.secrets_view),
            "rotate": ("<int:pk>/secrets/rotate/", self.rotate_view),
            "end_secret": ("<int:pk>/secrets/<int:secret_id>/end/", self.end_secret_view),
            "use": ("<int:pk>/use/", self.use_view),
            "disable": ("<int:pk>/disable/", self.disable_view),
            "enable": ("<int:pk>/enable/", self.enable_view),
        }
        return [
            path(route, self.admin_site.admin_view(view), name=f"oauth_provider_application_{name}")
            for name, (route, view) in pages.items()
        ]

    def get_client(self, request: HttpRequest, pk: int | str, *, may: str = "change") -> Application:
        """Raises PermissionDenied, Http404."""
        has_permission = self.has_view_permission if may == "view" else self.has_change_permission
        client = self.get_object(request, str(pk)) if has_permission(request) else None
        if not has_permission(request, client):
            raise PermissionDenied
        if client is None:
            raise Http404
        return client

    def show(self, request: HttpRequest, name: str, client: Application, **context: Any) -> HttpResponse:
        everything = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": client,
            "title": client.name,
            "may_change": self.has_change_permission(request, client),
            **context,
        }
        return TemplateResponse(request, f"{TEMPLATES}{name}.html", everything)

    def secrets_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        client = self.get_client(request, pk, may="view")
        now = timezone.now()
        rows = list(client.secrets.order_by("-created_at", "-pk"))
        live = client_secrets.live(client, now)
        return self.show(
            request,
            "secrets",
            client,
            tab="secrets",
            rows=[{"secret": row, "is_live": row in live, "is_last": live == [row]} for row in rows],
            live=live,
            now=now,
            overlaps=[
                {"value": value, "label": label, "is_default": value == client_secrets.DEFAULT_OVERLAP}
                for value, (_overlap, label) in OVERLAPS.items()
            ],
        )

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The answer shows the new secret, once: sent again, the form rotates nothing."""
        client = self.get_client(request, pk)
        if request.method != "POST":
            return redirect("admin:oauth_provider_application_secrets", pk)
        overlap, _label = OVERLAPS.get(request.POST.get("overlap", ""), (None, None))
        seen = [int(text) for text in request.POST.getlist("seen") if text.isdecimal() and len(text) < 19]
        if overlap is None:
            return self.refuse(request, pk, _("Choose when the old secret ends."))
        try:
            secret = client_secrets.rotate(client, overlap=overlap, seen=seen, now=timezone.now())
        except SecretRefused as refused:
            return self.refuse(request, pk, refused.message)
        title = _("%(name)s has a new secret") % {"name": client.name}
        steps = first_steps(client, secret)
        return self.show(request, "registered", client, title=title, secret=secret, steps=steps)

    def refuse(self, request: HttpRequest, pk: int, reason: str) -> HttpResponse:
        messages.error(request, reason)
        return redirect("admin:oauth_provider_application_secrets", pk)

    def end_secret_view(self, request: HttpRequest, pk: int, secret_id: int) -> HttpResponse:
        client = self.get_client(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if client_secrets.end(client, secret_id, timezone.now()):
            messages.success(request, _("The secret has ended."))
        else:
            messages.warning(request, _("The secret had ended before."))
        return redirect("admin:oauth_provider_application_secrets", pk)

    def use_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        client = self.get_client(request, pk, may="view")
        now = timezone.now()
        return self.show(
            request,
            "use",
            client,
            tab="use",
            live=clients.effects(client, now),
            allowed_by=Consent.objects.filter(application=client).count(),
            last_used=last_used(client),
            periods=[
                {
                    "label": label,
                    **TokenFamily.objects.filter(application=client, created_at__gt=now - period).aggregate(
                        grants=Count("pk"), users=Count("user", distinct=True)
                    ),
                    "access_tokens": AccessToken.objects.filter(
                        application=client, created_at__gt=now - period
                    ).count(),
                }
                for label, period in PERIODS
            ],
        )

    def disable_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        client = self.get_client(request, pk)
        now = timezone.now()
        if request.method == "POST":
            messages.success(request, _("Disabled. It %(ends)s.") % {"ends": ended(clients.disable(client, now))})
            return redirect("admin:oauth_provider_application_change", pk)
        return self.show(request, "disable", client, tab="settings", effects=ends(clients.effects(client, now)))

    def enable_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        client = self.get_client(request, pk)
        waiting = unapproved(client)
        if waiting is not None:  # approving it is a decision of its own
            return redirect("admin:oauth_provider_registration_change", waiting.pk)
        if request.method == "POST":
            clients.enable(client, timezone.now())
            messages.success(request, _("Enabled. People have to sign in to it anew."))
            return redirect("admin:oauth_provider_application_change", pk)
        return self.show(request, "enable", client, tab="settings")

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        client = self.get_client(request, object_id, may="view")
        entries = LogEntry.objects.get_for_object(client).select_related("actor").order_by("-timestamp", "-pk")
        page = Paginator(entries, CHANGES_PER_PAGE).get_page(request.GET.get("p"))
        changes = [{"entry": entry, "changes": lines(entry)} for entry in page]
        return self.show(request, "history", client, tab="history", page=page, changes=changes)


def unapproved(client: Application) -> Registration | None:
    """The registration that staff have not decided, or have refused."""
    return Registration.objects.filter(application=client, state__in=["pending", "refused"]).first()


def ends(effects: Effects) -> str:
    """ "ends 14 tokens of 9 users" """
    return _("ends %(tokens)s of %(users)s") % counted(effects)


def ended(effects: Effects) -> str:
    return _("ended %(tokens)s of %(users)s") % counted(effects)


def counted(effects: Effects) -> dict[str, str]:
    return {
        "tokens": ngettext("%d token", "%d tokens", effects.tokens) % effects.tokens,
        "users": ngettext("%d user", "%d users", effects.users) % effects.users,
    }


def lines(entry: LogEntry) -> list[dict[str, str]]:
    """Each change of `entry`: the name of the field, its old and its new value."""
    return [
        {"field": field_name(field), "old": shown(values[0]), "new": shown(values[1])}
        for field, values in entry.changes_display_dict.items()
    ]


def field_name(field: str) -> str:
    return capfirst(str(RECORDED.get(field, field)))


def shown(value: str) -> str:
    return "" if value == "None" else value
