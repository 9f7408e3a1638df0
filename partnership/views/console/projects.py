"""What the partner made: the list, one project, and what may be done to it now."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.views.security import recently_signed_in
from partnership import catalog, lifecycle
from partnership.models import Operation, Project
from partnership.views.console.door import Visit, act, page
from partnership.views.console.frame import OVERLAPS, done, show
from partnership.views.console.lists import ProjectFilter, paged
from partnership.views.operations import visible
from partnership.views.projects import get_reachable, reachable, rotate_key
from partnership.views.shapes import settled
from partnership.views.white_label import get_project
from partnership.waiting import SHORT_SECONDS

PROJECTS, PROJECT = "console_projects", "console_project"
SHOWN = 10
WHITE_LABEL = Project.Mode.WHITE_LABEL
Type = Operation.Type


class UpgradeForm(forms.Form):
    instance_type = forms.ChoiceField(label=gettext_lazy("Instance type"))

    def __init__(self, project: Project, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"instance_type": project.instance_type_id})
        self.fields["volume_size_gib"] = forms.IntegerField(
            label=_("Volume in GiB"),
            required=False,
            min_value=project.volume_size_gib + 1,
            max_value=settings.PROJECT_MAX_VOLUME_GIB,
            help_text=_("Empty: as it is. A volume only grows."),
        )
        offered = [each["name"] for each in catalog.describe()["instance_types"]]
        names = dict.fromkeys([project.instance_type_id, *offered])
        self.fields["instance_type"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class RestartForm(forms.Form):
    version = forms.ChoiceField(label=gettext_lazy("Version"))

    def __init__(self, project: Project, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"version": project.service_version_id})
        offered = [each["name"] for each in catalog.describe()["versions"]]
        names = dict.fromkeys([project.service_version_id, *offered])
        self.fields["version"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


@page("projects:read")
def project_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = ProjectFilter(request.GET)
    rows, shown = paged(request, form.narrow(reachable(visit)), time_field="created_at")
    return show(request, visit, "projects", PROJECTS, form=form, rows=rows, **shown)


@page("projects:read")
def project(request: HttpRequest, visit: Visit, project_id: str) -> HttpResponse:
    return show_project(request, visit, get_reachable(visit, project_id))


def show_project(request: HttpRequest, visit: Visit, shown: Project, **forms_: forms.Form) -> HttpResponse:
    acts = allowed(visit, shown)
    upgrade_form = forms_.get("upgrade") or UpgradeForm(shown)
    restart_form = forms_.get("restart") or RestartForm(shown)
    return show(
        request,
        visit,
        "project",
        PROJECTS,
        project=shown,
        acts=acts,
        may_change=visit.may("projects:write"),
        upgrade_form=upgrade_form,
        restart_form=restart_form,
        overlaps=OVERLAPS.items(),
        key_seen=key_id(shown),
        operations=visible(visit).filter(project=shown).select_related("project").order_by("-created_at")[:SHOWN],
    )


def allowed(visit: Visit, shown: Project) -> set[str]:
    """What the partner may do now: people's own projects are theirs to change."""
    if shown.mode != WHITE_LABEL or not visit.may("projects:write"):
        return set()
    return {type_ for type_ in Type.values if type_ != Type.CREATE and lifecycle.is_allowed(shown, Type(type_))}


def changing(type_: Operation.Type) -> Callable[..., HttpResponse]:
    """Pause, restore or delete, as the API does it. A deleted project has no page to go back to."""

    @act("projects:write", WHITE_LABEL)
    def change(request: HttpRequest, visit: Visit, project_id: str) -> HttpResponse:
        found = get_project(visit, project_id)
        then = (PROJECTS,) if type_ == Type.DELETE else (PROJECT, found.pk)
        return done(
            request, visit, lambda: told(lifecycle.change(found, type_, actor=visit.actor, now=visit.now)), *then
        )

    return change  # type: ignore[return-value]


pause, restore, delete = changing(Type.PAUSE), changing(Type.RESTORE), changing(Type.DELETE)


@act("projects:write", WHITE_LABEL)
def upgrade(request: HttpRequest, visit: Visit, project_id: str) -> HttpResponse:
    found = get_project(visit, project_id)
    form = UpgradeForm(found, request.POST)
    if not form.is_valid():
        return show_project(request, visit, found, upgrade=form)
    type_, size = form.cleaned_data["instance_type"], form.cleaned_data["volume_size_gib"]

    def change() -> str:
        return told(lifecycle.upgrade(found, type_, size, actor=visit.actor, now=visit.now).operation)

    return done(request, visit, change, PROJECT, found.pk)


@act("projects:write", WHITE_LABEL)
def restart(request: HttpRequest, visit: Visit, project_id: str) -> HttpResponse:
    found = get_project(visit, project_id)
    form = RestartForm(found, request.POST)
    if not form.is_valid():
        return show_project(request, visit, found, restart=form)
    version = form.cleaned_data["version"]

    def change() -> str:
        return told(lifecycle.restart(found, version, actor=visit.actor, now=visit.now)[1])

    return done(request, visit, change, PROJECT, found.pk)


@act("projects:write")
@recently_signed_in
def rotate(request: HttpRequest, visit: Visit, project_id: str) -> HttpResponse:
    """The answer shows the new API key, once."""
    found, overlap = get_reachable(visit, project_id), request.POST.get("overlap", "")
    go_on = visit.url(PROJECT, found.pk)
    if overlap not in OVERLAPS or request.POST.get("seen") != key_id(found):
        messages.error(request, _("The API key changed since you opened the page. Nothing was done."))
        return redirect(go_on)
    key, _ends_at = rotate_key(found, overlap_seconds=int(overlap), actor=visit.actor, now=visit.now)
    return show(request, visit, "secret_once", PROJECTS, secret=key, go_on=go_on)


def key_id(shown: Project) -> str:
    """Which key is the current one: the same form sent twice rotates once."""
    return str(shown.keys.filter(expires_at=None).values_list("pk", flat=True).first())


def told(operation: Operation | None) -> str:
    """What came of it within the second that a caller of the API waits too. Raises what `settled` raises."""
    operation = settled(operation, seconds=SHORT_SECONDS)
    if operation is None:
        return _("There was nothing to do.")
    return _("It is under way. Open the page again to see how it goes.") if operation.is_open else _("Done.")
