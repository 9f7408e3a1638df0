"""The pages around one partner: secrets, and an overview of what it made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from oauth_provider.client_secrets import DEFAULT_OVERLAP, OVERLAPS, SecretRefused
from partnership import partners
from partnership.admin.pages import BaseAdmin, staff_actor
from partnership.admin.partner_form import SecretForm
from partnership.first_call import first_call
from partnership.models import Operation, Partner, PartnerSecret
from partnership.operation_rows import OPEN
from partnership.views.console.secrets import seen_ids

EVENTS_SHOWN = 10


class PartnerPages(BaseAdmin):
    """Views of `PartnerAdmin`; each asks for the permission first, then finds the partner."""

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "secrets": ("<str:pk>/secrets/", self.secrets_view),
            "add_secret": ("<str:pk>/secrets/add/", self.add_secret_view),
            "rotate": ("<str:pk>/secrets/<int:secret_id>/rotate/", self.rotate_view),
            "end_secret": ("<str:pk>/secrets/<int:secret_id>/end/", self.end_secret_view),
            "overview": ("<str:pk>/overview/", self.overview),
        }
        # Before the stock ones: those end with a pattern that takes every path.
        return [
            path(route, self.admin_site.admin_view(view), name=f"partnership_partner_{name}")
            for name, (route, view) in pages.items()
        ] + super().get_urls()

    def get_partner(self, request: HttpRequest, pk: str, *, may: str = "change") -> Partner:
        """Raises PermissionDenied, Http404."""
        has_permission = self.has_view_permission if may == "view" else self.has_change_permission
        if not has_permission(request):
            raise PermissionDenied
        partner = Partner.objects.filter(pk=pk).first()
        if partner is None:
            raise Http404
        return partner

    def show(self, request: HttpRequest, name: str, partner: Partner, **context: Any) -> HttpResponse:
        everything = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": partner,
            "title": partner.name,
            "may_change": self.has_change_permission(request),
            **context,
        }
        return TemplateResponse(request, f"admin/partnership/{name}.html", everything)

    def show_secret(
        self, request: HttpRequest, partner: Partner, secret: str, *, title: str, environment: str
    ) -> HttpResponse:
        call = first_call(partner, secret)
        is_test = environment == "test"
        return self.show(request, "secret_once", partner, title=title, secret=secret, call=call, is_test=is_test)

    def secrets_view(self, request: HttpRequest, pk: str, form: SecretForm | None = None) -> HttpResponse:
        partner = self.get_partner(request, pk, may="view")
        now = timezone.now()
        live = partners.live(partner, now)
        rows = partner.secrets.order_by("-created_at", "-pk")
        return self.show(
            request,
            "secrets",
            partner,
            tab="secrets",
            rows=[{"secret": row, "is_live": row in live, "is_last": live == [row]} for row in rows],
            live=live,
            now=now,
            form=form or SecretForm(),
            overlaps=[
                {"value": value, "label": label, "is_default": value == DEFAULT_OVERLAP}
                for value, (_overlap, label) in OVERLAPS.items()
            ],
        )

    def add_secret_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The answer shows the new secret, once: sent again, the form adds nothing."""
        partner = self.get_partner(request, pk)
        if request.method != "POST":
            return redirect("admin:partnership_partner_secrets", pk)
        form, now = SecretForm(request.POST), timezone.now()
        if not form.is_valid():
            return self.secrets_view(request, pk, form)
        if seen_ids(request) != sorted(row.pk for row in partners.live(partner, now)):
            return self.refuse(request, pk, _("The secrets changed since you opened the page. Nothing was done."))
        wanted = form.wanted()
        secret = partners.issue(partner, wanted, actor=staff_actor(request), now=now)
        title = _("%(name)s has a new secret") % {"name": partner.name}
        return self.show_secret(request, partner, secret, title=title, environment=wanted.environment)

    def rotate_view(self, request: HttpRequest, pk: str, secret_id: int) -> HttpResponse:
        partner = self.get_partner(request, pk)
        if request.method != "POST":
            return redirect("admin:partnership_partner_secrets", pk)
        old = get_secret(partner, secret_id)
        overlap, _label = OVERLAPS.get(request.POST.get("overlap", ""), (None, None))
        if overlap is None:
            return self.refuse(request, pk, _("Choose when the old secret ends."))
        now, actor = timezone.now(), staff_actor(request)
        try:
            secret = partners.rotate(old, overlap=overlap, seen=seen_ids(request), actor=actor, now=now)
        except SecretRefused as refused:
            return self.refuse(request, pk, refused.message)
        title = _("%(name)s has a new secret") % {"name": partner.name}
        return self.show_secret(request, partner, secret, title=title, environment=old.environment)

    def refuse(self, request: HttpRequest, pk: str, reason: str) -> HttpResponse:
        messages.error(request, reason)
        return redirect("admin:partnership_partner_secrets", pk)

    def end_secret_view(self, request: HttpRequest, pk: str, secret_id: int) -> HttpResponse:
        partner = self.get_partner(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if partners.end(get_secret(partner, secret_id), actor=staff_actor(request), now=timezone.now()):
            messages.success(request, _("The secret has ended."))
        else:
            messages.warning(request, _("The secret had ended before."))
        return redirect("admin:partnership_partner_secrets", pk)

    def overview(self, request: HttpRequest, pk: str) -> HttpResponse:
        partner = self.get_partner(request, pk, may="view")
        mine = partner.projects.filter(deleted_at__isnull=True)
        operations = Operation.objects.filter(project__partner=partner)
        return self.show(
            request,
            "overview",
            partner,
            tab="overview",
            counts=[
                (environment, mine.filter(environment=environment).count(), environment == "test")
                for environment in ("live", "test")
            ],
            running=operations.filter(status__in=OPEN).select_related("project").order_by("-created_at")[:EVENTS_SHOWN],
            failed=operations.filter(status="failed").select_related("project").order_by("-created_at")[:EVENTS_SHOWN],
            webhooks=partner.webhooks.order_by("-created_at"),
            events=partner.events.select_related("project").order_by("-id")[:EVENTS_SHOWN],
        )


def get_secret(partner: Partner, secret_id: int) -> PartnerSecret:
    secret = partner.secrets.filter(pk=secret_id).first()
    if secret is None:
        raise Http404
    return secret
