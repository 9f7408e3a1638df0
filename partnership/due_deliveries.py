"""Which deliveries are due: one of each endpoint, so that none holds up another (docs/decisions/0190).

What is read grows with the endpoints that have a backlog, and with the projects that wait for one, not
with the deliveries that wait. Reads alone; `deliveries.py` writes.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from accounts.statements import fetch
from partnership.models import Delivery

# The endpoints with a backlog, a step in the index for each; of those that may be spoken to now, the delivery that is
# due longest and has no forerunner. Mostly it is among the first. Where those wait behind others, a step for each
# project. Each LIMIT 1 is ordered as a whole index is, and its column compared by more than =: else PostgreSQL may take
# an index that has all that was ever sent.
TURNS = """
WITH RECURSIVE backlog(webhook_id) AS (
    SELECT (
        SELECT first.webhook_id FROM partnership_delivery first
        WHERE first.status = 'pending' ORDER BY first.webhook_id, first.due_at, first.id LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT later.webhook_id FROM partnership_delivery later
        WHERE later.status = 'pending' AND later.webhook_id > backlog.webhook_id
        ORDER BY later.webhook_id, later.due_at, later.id LIMIT 1
    )
    FROM backlog WHERE backlog.webhook_id IS NOT NULL
),
awake(id) AS (
    SELECT webhook.id FROM backlog
    JOIN partnership_webhook webhook ON webhook.id = backlog.webhook_id
    JOIN partnership_partner partner ON partner.id = webhook.partner_id
    WHERE webhook.is_enabled AND partner.is_enabled
    AND (webhook.rests_until IS NULL OR webhook.rests_until <= %s)
    AND NOT EXISTS (
        SELECT 1 FROM partnership_delivery leased
        WHERE leased.webhook_id = webhook.id AND leased.status = 'pending' AND leased.lease_until > %s
    )
)
SELECT COALESCE(
    (
        SELECT early.id FROM (
            SELECT due.id, due.project_id, due.due_at FROM partnership_delivery due
            WHERE due.webhook_id = awake.id AND due.status = 'pending' AND due.due_at <= %s
            ORDER BY due.due_at, due.id LIMIT 100
        ) early
        WHERE NOT EXISTS (
            SELECT 1 FROM partnership_delivery forerunner
            WHERE forerunner.webhook_id = awake.id AND forerunner.status = 'pending'
            AND forerunner.project_id = early.project_id AND forerunner.id < early.id
        )
        ORDER BY early.due_at, early.id LIMIT 1
    ),
    (
        WITH RECURSIVE of_project(id) AS (
            SELECT (
                SELECT first.id FROM partnership_delivery first
                WHERE first.webhook_id = awake.id AND first.status = 'pending' AND first.project_id IS NOT NULL
                ORDER BY first.project_id, first.id LIMIT 1
            )
            UNION ALL
            SELECT (
                SELECT later.id FROM partnership_delivery later
                WHERE later.webhook_id = awake.id AND later.status = 'pending' AND later.project_id > (
                    SELECT known.project_id FROM partnership_delivery known WHERE known.id = of_project.id
                )
                ORDER BY later.project_id, later.id LIMIT 1
            )
            FROM of_project WHERE of_project.id IS NOT NULL
        )
        SELECT head.id FROM (
            SELECT each.id, (SELECT due.due_at FROM partnership_delivery due WHERE due.id = each.id) AS due_at FROM (
                SELECT of_project.id FROM of_project
                UNION ALL
                SELECT alone.id FROM partnership_delivery alone
                WHERE alone.webhook_id = awake.id AND alone.status = 'pending' AND alone.project_id IS NULL
            ) each
        ) head
        WHERE head.due_at <= %s
        AND EXISTS (
            SELECT 1 FROM partnership_delivery more
            WHERE more.webhook_id = awake.id AND more.status = 'pending' AND more.due_at <= %s
            ORDER BY more.due_at, more.id LIMIT 1 OFFSET 100
        )
        ORDER BY head.due_at, head.id LIMIT 1
    )
)
FROM awake
"""


def find_due(now: datetime) -> QuerySet[Delivery]:
    """Of each endpoint that may be spoken to, the delivery whose turn it is; first who has waited longest.

    An endpoint may not while it is being spoken to, or rests. Whose turn it is has been read when this returns: in
    one statement with the rest PostgreSQL would rather read all that wait.
    """
    turns = [turn for (turn,) in fetch(TURNS, [now] * TURNS.count("%s")) if turn is not None]
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Delivery.objects.filter(free, status=Delivery.Status.PENDING, due_at__lte=now, pk__in=turns)
    return due.order_by(Greatest("due_at", Coalesce("webhook__rests_until", "due_at")), "pk")
