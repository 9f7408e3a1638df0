"""What staff do to several clients at once: disable and enable them."""

from collections.abc import Sequence

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts import bulk
from accounts.errors import PageError
from oauth_provider import clients
from oauth_provider.admin.client_pages import ends, unapproved
from oauth_provider.models import Application


class Undecided(PageError):
    """409: enabling it would approve it, which is a decision of its own."""

    status, code = 409, "conflict"
    message = gettext_noop("Its registration waits or was refused. Approve it there.")


@transaction.atomic
def disable(request: HttpRequest, client: Application) -> None:
    if not clients.lock(client).is_enabled:
        raise bulk.NothingToDo
    clients.disable(client, timezone.now())


@transaction.atomic
def enable(request: HttpRequest, client: Application) -> None:
    if clients.lock(client).is_enabled:
        raise bulk.NothingToDo
    if unapproved(client):
        raise Undecided
    clients.enable(client, timezone.now())


def what_ends(chosen: Sequence[Application]) -> str:
    effects = clients.effects_on(chosen, timezone.now())
    return _(
        "In sum this %(ends)s, from the next request on. Enabling them later brings no token back: people sign in anew."
    ) % {"ends": ends(effects)}


ACTIONS = (
    bulk.on_each("disable_selected", gettext_lazy("Disable"), disable, permission="change", warn=what_ends),
    bulk.on_each("enable_selected", gettext_lazy("Enable"), enable, permission="change"),
)
