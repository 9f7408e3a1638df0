"""Which deliveries are due: one of each endpoint, so that none holds up another (docs/decisions/0190). Reads alone."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from partnership.models import Delivery, Webhook

PENDING = Q(status=Delivery.Status.PENDING)


def find_due(now: datetime) -> QuerySet[Delivery]:
    """Of each endpoint that may be spoken to, the delivery whose turn it is; first who has waited longest.

    Whose turn it is has been read when this returns: in one statement with the rest PostgreSQL would rather read all
    that wait.
    """
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Delivery.objects.filter(PENDING, free, due_at__lte=now, pk__in=[turn for turn in turns(now) if turn])
    return due.order_by(Greatest("due_at", Coalesce("webhook__rests_until", "due_at")), "pk")


def turns(now: datetime) -> QuerySet[Webhook, int | None]:
    """For each endpoint that is neither spoken to nor at rest, the delivery that is due longest and has no forerunner
    of its project, or None.
    """
    waiting = Delivery.objects.filter(PENDING, webhook=OuterRef("pk"))
    of_project = Delivery.objects.filter(PENDING, webhook=OuterRef("webhook"), project_id=OuterRef("project_id"))
    forerunner = of_project.filter(pk__lt=OuterRef("pk"))
    turn = waiting.filter(~Exists(forerunner), due_at__lte=now).order_by("due_at", "pk").values("pk")[:1]
    rested = Q(rests_until__isnull=True) | Q(rests_until__lte=now)
    found = Webhook.objects.filter(rested, is_enabled=True, partner__is_enabled=True)
    quiet = found.exclude(Exists(waiting.filter(lease_until__gt=now)))
    return quiet.annotate(turn=Subquery(turn)).values_list("turn", flat=True)
