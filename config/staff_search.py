"""/admin/find/: one field for whatever a caller names: a client, a partner, a project, a person, a request id.

Each kind is looked for as its own list does, by those who may see that list.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from oauth_provider.models import Application
from partnership.models import LoggedCall, Partner, Project

KINDS: tuple[type[Model], ...] = (LoggedCall, Application, Partner, Project, User, Organization)
SHOWN = 10  # of a kind; its own list has the rest
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Found:
    title: str
    rows: list[tuple[str, str]]
    more_url: str


def may(request: HttpRequest, site: admin.AdminSite) -> bool:
    """Whether there is anything that who asks may look for."""
    return any(site.get_model_admin(model).has_view_permission(request) for model in KINDS)


def search(request: HttpRequest, site: admin.AdminSite) -> HttpResponse:
    """What is found, by kind; where it is one thing alone, its page at once."""
    words = request.GET.get("q", "").strip()[:LONGEST]
    kinds = [kind for model in KINDS if (kind := find(request, site.get_model_admin(model), words))] if words else []
    urls = [url for kind in kinds for _text, url in kind.rows]
    if len(urls) == 1:
        return redirect(urls[0])
    context = {**site.each_context(request), "title": _("Found"), "words": words, "kinds": kinds}
    return TemplateResponse(request, "admin/found.html", context)


def find(request: HttpRequest, of_kind: Any, words: str) -> Found | None:
    if not of_kind.has_view_permission(request):
        return None
    rows, _may_repeat = of_kind.get_search_results(request, of_kind.get_queryset(request), words)
    name = f"{of_kind.opts.app_label}_{of_kind.opts.model_name}"
    shown = [(str(row), reverse(f"admin:{name}_change", args=[quote(row.pk)])) for row in rows.distinct()[: SHOWN + 1]]
    if not shown:
        return None
    more = f"{reverse(f'admin:{name}_changelist')}?{urlencode({'q': words})}" if len(shown) > SHOWN else ""
    return Found(str(of_kind.opts.verbose_name_plural), shown[:SHOWN], more)
