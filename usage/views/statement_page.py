"""What the page of a closed month shows, for staff and for partners alike, and its files."""

from __future__ import annotations

from django.http import Http404, HttpResponseBase

from partnership.models import Partner
from usage import charts, reports, statements
from usage.metrics import METRICS, SUMS, Amounts, Metric
from usage.models import Statement
from usage.views.answers import exact_json
from usage.views.statements import as_month, csv_of

SHOWN = 24

Context = dict[str, object]


def find(partner: Partner, environment: str, month: str) -> Statement:
    """Raises Http404."""
    first = as_month(month)
    mine = Statement.objects.filter(partner=partner, environment=environment)
    found = mine.filter(month=first).first() if first else None
    if found is None:
        raise Http404
    return found


def file_of(statement: Statement, format_: str | None) -> HttpResponseBase | None:
    """As CSV by project and adjustment, or as JSON; None where the page is asked for."""
    name = f"statement-{statement.partner_id}-{statement.environment}-{statement.month:%Y-%m}"
    if format_ == "csv":
        return csv_of(statement, name)
    if format_ == "json":
        answer = exact_json(statements.whole(statement))
        answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
        return answer
    return None


def figures(statement: Statement) -> Context:
    return {
        "statement": statement,
        "is_intact": statements.is_intact(statement),
        "totals": written_totals(statement.amounts),
        "adjustments": [(row, written_sums(row)) for row in statements.adjustments_of(statement)],
        "projects": statement.lines.count(),
    }


def written_totals(amounts: Amounts) -> list[tuple[Metric, str, str]]:
    shown = ((metric, charts.shown(metric)) for metric in METRICS.values())
    return [(metric, charts.written(amounts[metric.name], how), how.unit) for metric, how in shown]


def written_sums(row: reports.Body) -> str:
    """The sums of an adjustment that are not zero."""
    return ", ".join(f"{METRICS[name].title}: {row[name]} {METRICS[name].unit}" for name in SUMS if row[name])
