"""Webhook endpoints in the console: added, changed, switched, given a new secret; what was sent to them, and again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.digests import digest
from accounts.views.security import recently_signed_in
from partnership import webhooks
from partnership.errors import Invalid
from partnership.events import WEBHOOK_TYPES
from partnership.models import Delivery, Webhook
from partnership.views.console.door import Visit, act, page
from partnership.views.console.frame import OVERLAPS, done, show
from partnership.views.console.lists import paged
from partnership.views.webhooks import get_delivery, get_webhook

WEBHOOKS, WEBHOOK = "console_webhooks", "console_webhook"
SCOPE = "webhooks:write"  # for looking too, as in the API


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2000,
        widget=forms.URLInput,
        help_text=gettext_lazy("https, of a public host; without user name and fragment"),
    )
    description = forms.CharField(label=gettext_lazy("Description"), max_length=200, required=False)
    event_types = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        label_suffix="",
        choices=[(name, name) for name in WEBHOOK_TYPES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: all of them"),
    )

    def clean_url(self) -> str:
        """The process asks again; here it is asked in the person's language, at the field."""
        url = str(self.cleaned_data["url"])
        if not webhooks.is_deliverable(url):
            raise forms.ValidationError(_("Nothing would be sent there: an https address of a public host is needed."))
        return url


class ReplayForm(forms.Form):
    from_ = forms.DateTimeField(
        label=gettext_lazy("From (UTC)"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    to = forms.DateTimeField(
        label=gettext_lazy("To (UTC)"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "from_" in given and "to" in given and given["from_"] > given["to"]:
            self.add_error("to", _("This must not be before the other."))
        return given


@page(SCOPE)
def webhook_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    return show_list(request, visit, WebhookForm())


@act(SCOPE)
@recently_signed_in
def add(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The answer shows the signing secret, once."""
    form = WebhookForm(request.POST)
    if form.is_valid() and request.POST.get("seen") != str(endpoints(visit).count()):
        form.add_error(None, _("The endpoints changed since you opened the page. Nothing was done."))
    if form.is_valid():
        try:
            wanted = form.cleaned_data
            webhook, secret = webhooks.register(
                visit.partner, visit.environment, wanted, actor=visit.actor, now=visit.now
            )
            return show_secret(request, visit, webhook, secret)
        except Invalid as refused:
            form.add_error(None, refused.message)
    return show_list(request, visit, form)


@page(SCOPE)
def webhook(request: HttpRequest, visit: Visit, webhook_id: str) -> HttpResponse:
    return show_webhook(request, visit, get_webhook(visit, webhook_id))


@act(SCOPE)
def change(request: HttpRequest, visit: Visit, webhook_id: str) -> HttpResponse:
    found, form = get_webhook(visit, webhook_id), WebhookForm(request.POST)
    if not form.is_valid():
        return show_webhook(request, visit, found, form=form)
    webhooks.change(found, form.cleaned_data, actor=visit.actor, now=visit.now)
    messages.success(request, _("Saved."))
    return back(visit, found)


@act(SCOPE)
def switch(request: HttpRequest, visit: Visit, webhook_id: str) -> HttpResponse:
    """On or off, as the button said; on forgives what failed."""
    found, is_on = get_webhook(visit, webhook_id), request.POST.get("switch") == "on"
    webhooks.change(found, {"is_enabled": is_on}, actor=visit.actor, now=visit.now)
    messages.success(request, _("The endpoint is on.") if is_on else _("The endpoint is off: nothing is sent to it."))
    return back(visit, found)


@act(SCOPE)
@recently_signed_in
def rotate(request: HttpRequest, visit: Visit, webhook_id: str) -> HttpResponse:
    found, overlap = get_webhook(visit, webhook_id), request.POST.get("overlap", "")
    if overlap not in OVERLAPS or request.POST.get("seen") != secret_seen(found):
        messages.error(request, _("The secret changed since you opened the page. Nothing was done."))
        return back(visit, found)
    found, secret = webhooks.rotate_secret(found, overlap_seconds=int(overlap), actor=visit.actor, now=visit.now)
    return show_secret(request, visit, found, secret)


@act(SCOPE)
def remove(request: HttpRequest, visit: Visit, webhook_id: str) -> HttpResponse:
    webhooks.remove(get_webhook(visit, webhook_id), actor=visit.actor, now=visit.now)
    messages.success(request, _("The endpoint is deleted."))
    return redirect(visit.url(WEBHOOKS))


@act(SCOPE)
def replay(request: HttpRequest, visit: Visit, webhook_id: str) -> HttpResponse:
    found, form = get_webhook(visit, webhook_id), ReplayForm(request.POST)
    if not form.is_valid():
        return show_webhook(request, visit, found, replay_form=form)

    def send() -> str:
        span = {"from_": form.cleaned_data["from_"], "to": form.cleaned_data["to"]}
        sent = webhooks.replay_range(found, **span, actor=visit.actor, now=visit.now)
        return ngettext("%d event is sent again.", "%d events are sent again.", len(sent)) % len(sent)

    return done(request, visit, send, WEBHOOK, found.pk)


@act(SCOPE)
def replay_delivery(request: HttpRequest, visit: Visit, webhook_id: str, delivery_id: str) -> HttpResponse:
    delivery = get_delivery(visit, webhook_id, delivery_id)

    def send() -> str:
        webhooks.replay_delivery(delivery, actor=visit.actor, now=visit.now)
        return _("Queued to be sent again.")

    return done(request, visit, send, WEBHOOK, delivery.webhook_id)


def endpoints(visit: Visit) -> QuerySet[Webhook]:
    return visit.partner.webhooks.filter(environment=visit.environment).order_by("-created_at", "-pk")


def show_list(request: HttpRequest, visit: Visit, form: WebhookForm) -> HttpResponse:
    rows = list(endpoints(visit))
    return show(request, visit, "webhooks", WEBHOOKS, rows=rows, form=form)


def show_webhook(
    request: HttpRequest,
    visit: Visit,
    shown: Webhook,
    *,
    form: WebhookForm | None = None,
    replay_form: ReplayForm | None = None,
) -> HttpResponse:
    rows, more = paged(request, shown.deliveries.select_related("event"), time_field="created_at")
    now = {"url": shown.url, "description": shown.description, "event_types": shown.event_types}
    return show(
        request,
        visit,
        "webhook",
        WEBHOOKS,
        webhook=shown,
        form=form or WebhookForm(initial=now),
        replay_form=replay_form or ReplayForm(auto_id="replay_%s"),
        overlaps=OVERLAPS.items(),
        secret_seen=secret_seen(shown),
        rows=[{"delivery": each, "attempts": attempts(each)} for each in rows],
        **more,
    )


def secret_seen(shown: Webhook) -> str:
    """Which secret is the current one: the same form sent twice rotates once."""
    return digest(shown.encrypted_secret)[:8].hex()


def attempts(delivery: Delivery) -> list[dict[str, Any]]:
    """What each attempt met, in words."""
    return [
        {**met, "at": met["at"][:19].replace("T", " "), "outcome": Delivery.Outcome(met["outcome"]).label}
        for met in delivery.history
    ]


def show_secret(request: HttpRequest, visit: Visit, shown: Webhook, secret: str) -> HttpResponse:
    go_on = visit.url(WEBHOOK, shown.pk)
    return show(request, visit, "secret_once", WEBHOOKS, secret=secret, go_on=go_on)


def back(visit: Visit, shown: Webhook) -> HttpResponse:
    return redirect(visit.url(WEBHOOK, shown.pk))
