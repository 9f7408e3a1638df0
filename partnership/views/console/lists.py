"""Paged lists of the console: the API's own pages, and the address of the next one."""

from __future__ import annotations

from typing import TypeVar

from django import forms
from django.core.validators import RegexValidator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from oauth_provider.views.door import as_uuid
from partnership.paging import page

M = TypeVar("M", bound=Model)


def paged(request: HttpRequest, rows: QuerySet[M], *, time_field: str) -> tuple[list[M], dict[str, object]]:
    """The `rows` after the cursor of the query, newest first, and for the page where the others are.

    Raises Invalid (422) for a cursor or a limit that is none.
    """
    found, cursor = page(rows, request.GET, time_field=time_field)
    return found, {
        "older": link(request, cursor=cursor) if cursor else "",
        "newest": link(request),
        "is_first": not request.GET.get("cursor"),
    }


def link(request: HttpRequest, **more: str) -> str:
    """This list as it is narrowed now, from its beginning, with `more` in the query."""
    query = request.GET.copy()
    for name in ("cursor", "format"):
        query.pop(name, None)
    query.update(more)
    return f"?{query.urlencode()}"


class ProjectFilter(forms.Form):
    """By name, or by one of the ids that a partner has."""

    q = forms.CharField(label=gettext_lazy("Name or id"), max_length=255, required=False)

    def narrow(self, rows: QuerySet[M]) -> QuerySet[M]:
        wanted = self.cleaned_data["q"] if self.is_valid() else ""
        if not wanted:
            return rows
        is_named = Q(name__icontains=wanted) | Q(external_id=wanted) | Q(appkey=wanted)
        return rows.filter(is_named | Q(pk=as_uuid(wanted)))


class CallFilter(forms.Form):
    status = forms.CharField(
        label=gettext_lazy("Status"),
        max_length=3,
        required=False,
        validators=[RegexValidator(r"\A[1-5](\d\d|xx)\Z", gettext_lazy("A status such as 404, or 4xx."))],
        help_text=gettext_lazy("404, or 4xx for all of a kind"),
    )
    path = forms.CharField(
        label=gettext_lazy("Path"), max_length=500, required=False, help_text=gettext_lazy("A part of it")
    )
    request_id = forms.CharField(
        label=gettext_lazy("Request id"), max_length=128, required=False, help_text=gettext_lazy("The whole id")
    )

    def narrow(self, rows: QuerySet[M]) -> QuerySet[M]:
        """None of `rows` where the form has a fault: it says so, and all would look like an answer."""
        if not self.is_valid():
            return rows.none()
        given = self.cleaned_data
        if given["status"].endswith("xx"):
            hundreds = int(given["status"][0]) * 100
            rows = rows.filter(status__gte=hundreds, status__lt=hundreds + 100)
        elif given["status"]:
            rows = rows.filter(status=int(given["status"]))
        if given["path"]:
            rows = rows.filter(path__icontains=given["path"])
        return rows.filter(request_id=given["request_id"]) if given["request_id"] else rows
