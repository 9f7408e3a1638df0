"""The registry of metrics: one entry each. Ingest, rollup, reads, CSV and charts read it.

Source: usage.md, "Metrics". A new metric is an entry here and a migration that adds its columns.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Of one event, in the metric's smallest unit; JSON numbers are exact up to here.
MAX_EVENT_AMOUNT = 2**53 - 1
# Of a project's day: two of them still fit the database's 64 bits.
MAX_DAY_AMOUNT = 2**62

Amounts = Mapping[str, int]  # metric name -> amount in its smallest unit


class Kind(StrEnum):
    PEAK = "peak"  # the highest sample counts
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Metric:
    """`places`: how many decimal places the unit has; an amount is a whole number of the last one."""

    name: str  # in events, in the daily rows of a project, and the column of both
    project_name: str  # in a project's summary
    total_name: str  # in the summary of a partnership or an organization
    kind: Kind
    unit: str | Promise
    title: str | Promise
    places: int = 0

    def shown(self, amount: int) -> int | Decimal:
        """`amount` in the unit, exactly, as JSON and CSV write it: no exponent, no zeros at the end."""
        if not self.places:
            return amount
        whole, part = divmod(abs(amount), 10**self.places)
        text = f"{whole}.{part:0{self.places}}".rstrip("0").rstrip(".")
        return Decimal(f"-{text}" if amount < 0 else text)


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "database_size_bytes",
            "max_database_size_bytes",
            "database_bytes",
            Kind.PEAK,
            _("bytes"),
            _("Database size"),
        ),
        Metric(
            "file_storage_bytes",
            "max_file_storage_bytes",
            "storage_bytes",
            Kind.PEAK,
            _("bytes"),
            _("File storage"),
        ),
        Metric("ai_tokens", "total_ai_tokens", "ai_tokens", Kind.SUM, _("tokens"), _("AI tokens")),
        Metric("mcp_calls", "total_mcp_calls", "mcp_calls", Kind.SUM, _("calls"), _("MCP calls")),
        Metric("egress_bytes", "total_egress_bytes", "egress_bytes", Kind.SUM, _("bytes"), _("Egress")),
        Metric("ai_credits", "total_ai_credits", "ai_credits", Kind.SUM, _("credits"), _("AI credits"), places=6),
        Metric("email_requests", "total_email_requests", "email_requests", Kind.SUM, _("e-mails"), _("E-mails")),
        Metric(
            "function_calls", "total_function_calls", "function_calls", Kind.SUM, _("invocations"), _("Function calls")
        ),
        Metric("ec2_compute", "total_ec2_compute", "ec2_compute", Kind.SUM, _("seconds"), _("Compute")),
    )
}
NAMES = tuple(METRICS)
PEAKS = tuple(name for name, metric in METRICS.items() if metric.kind is Kind.PEAK)
SUMS = tuple(name for name, metric in METRICS.items() if metric.kind is Kind.SUM)


def in_figures(amount: int, metric: Metric) -> str:
    """For people, with the marks of their language: 1,500.5."""
    return number_format(metric.shown(amount), use_l10n=True, force_grouping=True)


def with_unit(amount: int, metric: Metric) -> str:
    return f"{in_figures(amount, metric)} {metric.unit}"


def zero() -> dict[str, int]:
    return dict.fromkeys(NAMES, 0)


def fold(days: Iterable[Amounts]) -> dict[str, int]:
    """The amounts of a period from those of its days: sums added up, of peaks the highest."""
    total = zero()
    for day in days:
        for name in PEAKS:
            total[name] = max(total[name], day[name])
        for name in SUMS:
            total[name] += day[name]
    return total
