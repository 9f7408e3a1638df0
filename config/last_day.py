"""What happened in the last 24 hours, in numbers: the second thing on the admin's home (pages.md, "Admin").

Live data alone. Each kind is shown to those who may look at its rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from partnership.models import LoggedCall, Operation, Project


@dataclass(frozen=True, slots=True)
class Number:
    label: str
    count: int
    url: str


def numbers(request: HttpRequest, now: datetime) -> list[Number]:
    since = now - timedelta(days=1)
    found = []
    if request.user.has_perm("partnership.view_loggedcall"):
        found += calls(since)
    if request.user.has_perm("partnership.view_operation"):
        found += operations(since)
    if request.user.has_perm("partnership.view_project"):
        made = Project.objects.filter(environment="live", created_at__gte=since).count()
        found.append(Number(_("New projects"), made, reverse("admin:partnership_project_changelist")))
    if request.user.has_perm("accounts.view_user"):
        came = User.objects.filter(created_at__gte=since).count()
        found.append(Number(_("New people"), came, reverse("admin:accounts_user_changelist")))
    return found


def calls(since: datetime) -> list[Number]:
    refused = Count("pk", filter=Q(status__gte=400, status__lt=500))
    counted = LoggedCall.objects.filter(answered_at__gte=since, environment="live").aggregate(
        all=Count("pk"), refused=refused, failed=Count("pk", filter=Q(status__gte=500))
    )
    url = reverse("admin:partnership_loggedcall_changelist")
    labels = {"all": _("API calls"), "refused": _("Calls refused (4xx)"), "failed": _("Calls failed (5xx)")}
    return [Number(label, counted[name], f"{url}?environment__exact=live") for name, label in labels.items()]


def operations(since: datetime) -> list[Number]:
    ended = Operation.objects.filter(finished_at__gte=since, project__environment="live")
    counted = ended.aggregate(
        succeeded=Count("pk", filter=Q(status="succeeded")), failed=Count("pk", filter=Q(status="failed"))
    )
    url = reverse("admin:partnership_operation_changelist")
    labels = {"succeeded": _("Operations done"), "failed": _("Operations failed")}
    return [Number(label, counted[name], f"{url}?status__exact={name}") for name, label in labels.items()]
