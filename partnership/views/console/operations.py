"""Operations of the partner's projects: how they go, again, and no more."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnership import lifecycle, operations
from partnership.models import Operation
from partnership.views.console.door import Visit, act, page
from partnership.views.console.frame import done, show
from partnership.views.console.lists import paged
from partnership.views.operations import get_operation, visible

OPERATIONS, OPERATION = "console_operations", "console_operation"
Status = Operation.Status


class OperationFilter(forms.Form):
    status = forms.ChoiceField(
        label=gettext_lazy("Status"), choices=[("", gettext_lazy("all")), *Status.choices], required=False
    )


@page("projects:read")
def operation_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = OperationFilter(request.GET)
    rows = visible(visit).select_related("project")
    if form.is_valid() and form.cleaned_data["status"]:
        rows = rows.filter(status=form.cleaned_data["status"])
    found, shown = paged(request, rows, time_field="created_at")
    return show(request, visit, "operations", OPERATIONS, form=form, rows=found, **shown)


@page("projects:read")
def operation(request: HttpRequest, visit: Visit, operation_id: str) -> HttpResponse:
    found = get_operation(visit, operation_id)
    may_change = visit.may("projects:write")
    return show(
        request,
        visit,
        "operation",
        OPERATIONS,
        operation=found,
        may_cancel=may_change and found.is_open,
        may_retry=may_change and found.status in (Status.FAILED, Status.CANCELED),
    )


@act("projects:write")
def cancel(request: HttpRequest, visit: Visit, operation_id: str) -> HttpResponse:
    found = get_operation(visit, operation_id)

    def change() -> str:
        after = operations.cancel(found, actor=visit.actor, now=visit.now)
        return _("It is asked to end, and ends at its next step.") if after.is_open else _("Canceled.")

    return done(request, visit, change, OPERATION, found.pk)


@act("projects:write")
def retry(request: HttpRequest, visit: Visit, operation_id: str) -> HttpResponse:
    """A new operation; the failed one stays as it ended."""
    found = get_operation(visit, operation_id)

    def change() -> str:
        again = lifecycle.retry(found, actor=visit.actor, now=visit.now)
        return _("Operation %(id)s tries again.") % {"id": again.pk}

    return done(request, visit, change, OPERATION, found.pk)
