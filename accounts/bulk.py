"""Actions on the selected rows of a list in the admin (docs/decisions/0184).

Each row is done by the process of its own page, which writes the audit trail, and in that process's own transaction:
one that is refused keeps no other from being done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.csv_file import csv_file
from accounts.errors import ApiError, NotFound, PageError

MOST = 200  # rows at once: each is a few statements, and a person waits for the answer
NAMED = 10  # rows that a message names

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Lazy

    BaseAdmin = admin.ModelAdmin[Any]
else:  # Django's own class takes no parameter
    BaseAdmin = admin.ModelAdmin

Act = Callable[[HttpRequest, Any], object]
Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]
Warn = Callable[[Sequence[Any]], str]
Refused = dict[str, list[Any]]


class NothingToDo(PageError):
    status, code = 409, "conflict"
    message = gettext_noop("There is nothing left to do.")


def on_each(name: str, label: Lazy, act: Act, *, permission: str, warn: Warn | None = None) -> Action:
    """The action `name`, which does `act` to each selected row; an ApiError of one is told with its row.

    With `warn` a page asks first, and says by it what the selected rows lose.
    """

    @admin.action(description=format_lazy("{}…", label) if warn else label, permissions=[permission])
    def action(page: BaseAdmin, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        chosen = list(rows.order_by("pk")[: MOST + 1])
        if len(chosen) > MOST:
            messages.error(request, _("At most %(count)d at once. Nothing was done.") % {"count": MOST})
        elif warn and chosen and "confirmed" not in request.POST:
            return ask(page, request, name, label, chosen, warn(chosen))
        else:
            tell(request, label, chosen, do_each(request, chosen, act))
        return None

    action.__name__ = name  # by which the list's form names it
    return action


def ask(page: BaseAdmin, request: HttpRequest, name: str, label: Lazy, chosen: list[Any], warning: str) -> HttpResponse:
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": f"{label}: {len(chosen)} {model_ngettext(page.opts, len(chosen))}",
        "label": label,
        "name": name,
        "rows": chosen,
        "warning": warning,
    }
    return TemplateResponse(request, "admin/bulk.html", context)


def do_each(request: HttpRequest, chosen: Sequence[Any], act: Act) -> Refused:
    """Which of `chosen` were refused, by the reason."""
    refused: Refused = defaultdict(list)
    for row in chosen:
        try:
            act(request, row)
        except ApiError as refusal:
            refused[_(refusal.message)].append(row)
        except ObjectDoesNotExist:  # deleted since the list was read
            refused[_(NotFound.message)].append(row)
    return refused


def tell(request: HttpRequest, label: Lazy, chosen: Sequence[Any], refused: Refused) -> None:
    done = len(chosen) - sum(map(len, refused.values()))
    # What a filter of the list hides since it was selected was not done either.
    is_all = request.POST.get("select_across") == "1"
    asked = len(chosen) if is_all else len(set(request.POST.getlist(ACTION_CHECKBOX_NAME)))
    text = _("%(action)s: %(done)d of %(all)d done.") % {"action": label, "done": done, "all": asked}
    messages.add_message(request, messages.SUCCESS if done == asked else messages.WARNING, text)
    for reason, rows in refused.items():
        more = len(rows) - NAMED
        names = ", ".join(map(str, rows[:NAMED])) + (f" +{more}" if more > 0 else "")
        messages.warning(request, f"{reason} ({names})")


def as_csv(name: str, columns: Mapping[str, Callable[[Any], object]]) -> Any:
    """The action that downloads the selected rows as `name`.csv; for whoever may look at the list."""

    @admin.action(description=gettext_lazy("Download as CSV"), permissions=["view"])
    def download_csv(page: BaseAdmin, request: HttpRequest, rows: QuerySet[Any]) -> StreamingHttpResponse:
        return csv_file(name, list(columns), lines(rows))

    def lines(rows: QuerySet[Any]) -> Iterator[Mapping[str, object]]:
        for row in rows.iterator(chunk_size=500):
            yield {column: as_text(value_of(row)) for column, value_of in columns.items()}

    return download_csv


def as_text(value: object) -> object:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value
