"""What staff should look at now: the first thing on the admin's home (pages.md, "Admin")."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config import heartbeat
from oauth_provider import registration_queue
from oauth_provider.models import Application, ClientSecret
from partnership import recovery
from partnership.models import Operation, Partner, PartnerSecret, Webhook
from usage import self_check, waiting

ENDING_DAYS = 14  # in which a secret's end is told
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Item:
    text: str
    url: str


def registrations(request: HttpRequest) -> Iterator[Item]:
    if not request.user.has_perm("oauth_provider.view_registration"):
        return
    count = registration_queue.waiting().count()
    if count:
        text = ngettext("%d client waits for approval", "%d clients wait for approval", count) % count
        yield Item(text, f"{reverse('admin:oauth_provider_registration_changelist')}?state__exact=pending")


def usage_differences(request: HttpRequest) -> Iterator[Item]:
    if not request.user.has_perm("usage.view_selfcheck"):
        return
    last = self_check.latest()
    if last is None or not (last.differences or last.broken_statements):
        return
    url = reverse("admin:usage_selfcheck_change", args=[last.pk])
    if last.differences:
        text = ngettext(
            "%d usage figure is not what its events add up to",
            "%d usage figures are not what their events add up to",
            last.differences,
        )
        yield Item(text % last.differences, url)
    if last.broken_statements:
        text = ngettext(
            "%d statement is not as it was closed", "%d statements are not as they were closed", last.broken_statements
        )
        yield Item(text % last.broken_statements, url)


def purges(request: HttpRequest) -> Iterator[Item]:
    if not request.user.has_perm("partnership.view_project"):
        return
    count = recovery.overdue(timezone.now()).count()
    if count:
        text = ngettext(
            "%d deleted project could not be purged so far", "%d deleted projects could not be purged so far", count
        )
        yield Item(text % count, f"{reverse('admin:partnership_project_changelist')}?deleted=overdue")


def events_waiting(request: HttpRequest) -> Iterator[Item]:
    if not request.user.has_perm("usage.view_selfcheck"):
        return
    minutes = int(waiting.longest_seconds(timezone.now()) // 60)
    if minutes >= waiting.LATE_MINUTES:
        text = ngettext(
            "Usage events have waited %d minute for ClickHouse",
            "Usage events have waited %d minutes for ClickHouse",
            minutes,
        )
        yield Item(text % minutes, reverse("admin:usage_selfcheck_changelist"))


def failed_operations(request: HttpRequest) -> Iterator[Item]:
    if not request.user.has_perm("partnership.view_operation"):
        return
    since = timezone.now() - timedelta(days=1)
    count = Operation.objects.filter(status=Operation.Status.FAILED, finished_at__gte=since).count()
    if count:
        text = ngettext(
            "%d operation has failed in the last 24 hours", "%d operations have failed in the last 24 hours", count
        )
        yield Item(text % count, f"{reverse('admin:partnership_operation_changelist')}?status__exact=failed")


def secrets_ending(request: HttpRequest) -> Iterator[Item]:
    """One for each owner of such: the page is where its secrets are rotated."""
    now = timezone.now()
    soon = {"expires_at__gt": now, "expires_at__lte": now + timedelta(days=ENDING_DAYS)}
    if request.user.has_perm("partnership.view_partner"):
        for partner in Partner.objects.filter(pk__in=PartnerSecret.objects.filter(**soon).values("partner"))[:SHOWN]:
            text = _("A secret of the partner %(name)s ends within %(days)d days")
            url = reverse("admin:partnership_partner_secrets", args=[partner.pk])
            yield Item(text % {"name": partner.name, "days": ENDING_DAYS}, url)
    if request.user.has_perm("oauth_provider.view_application"):
        for client in Application.objects.filter(pk__in=ClientSecret.objects.filter(**soon).values("application"))[
            :SHOWN
        ]:
            text = _("A secret of the client %(name)s ends within %(days)d days")
            url = reverse("admin:oauth_provider_application_secrets", args=[client.pk])
            yield Item(text % {"name": client.name, "days": ENDING_DAYS}, url)


def webhooks_failing(request: HttpRequest) -> Iterator[Item]:
    if not request.user.has_perm("partnership.view_webhook"):
        return
    count = Webhook.objects.filter(failing_since__isnull=False, is_enabled=True).count()
    if count:
        text = ngettext("%d webhook is failing", "%d webhooks are failing", count)
        yield Item(text % count, f"{reverse('admin:partnership_webhook_changelist')}?is_enabled__exact=1")


def worker(request: HttpRequest) -> Iterator[Item]:
    if request.user.has_perm("partnership.view_operation") and heartbeat.is_silent(timezone.now()):
        yield Item(_("No worker is running: nothing is provisioned, delivered, mailed or rotated"), reverse("status"))


# Each yields what the person who asks may see of its kind.
KINDS: tuple[Callable[[HttpRequest], Iterator[Item]], ...] = (
    worker,
    registrations,
    failed_operations,
    secrets_ending,
    webhooks_failing,
    usage_differences,
    events_waiting,
    purges,
)


def items(request: HttpRequest) -> list[Item]:
    return [item for kind in KINDS for item in kind(request)]
