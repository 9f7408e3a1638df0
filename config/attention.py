"""What staff should look at now: the first thing on the admin's home (pages.md, "Admin")."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import ngettext

from oauth_provider import registration_queue


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


# Each yields what the person who asks may see of its kind.
KINDS: tuple[Callable[[HttpRequest], Iterator[Item]], ...] = (registrations,)


def items(request: HttpRequest) -> list[Item]:
    return [item for kind in KINDS for item in kind(request)]
