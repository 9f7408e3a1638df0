"""What staff should look at now: the first thing on the admin's home (pages.md, "Admin")."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from oauth_provider import registration_queue
from partnership import recovery
from usage import self_check, waiting


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


# Each yields what the person who asks may see of its kind.
KINDS: tuple[Callable[[HttpRequest], Iterator[Item]], ...] = (
    registrations,
    usage_differences,
    events_waiting,
    purges,
)


def items(request: HttpRequest) -> list[Item]:
    return [item for kind in KINDS for item in kind(request)]
