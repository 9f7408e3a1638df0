"""What the reads of usage give, for the API reference. The registry of metrics names their figures."""

from decimal import Decimal
from typing import Annotated, NotRequired, TypedDict

from oauth_provider.views.call import Id, Stamp, says
from partnership.views.fields import PageQuery
from usage.metrics import METRICS, NAMES, SUMS

Number = int | Decimal
Figures = Annotated[dict[str, Number], says(required=tuple(metric.total_name for metric in METRICS.values()))]
ProjectFigures = Annotated[dict[str, Number], says(required=tuple(metric.project_name for metric in METRICS.values()))]
DailyRow = Annotated[dict[str, object], says(required=("usage_date", *NAMES))]
AdjustmentRow = Annotated[dict[str, object], says(required=("posted_on", "usage_date", *SUMS))]
ProjectRow = Annotated[
    dict[str, object], says(required=("id", "name", "status", *(metric.total_name for metric in METRICS.values())))
]
Day = Annotated[str, says(format="date")]
Format = Annotated[str, says(enum=("json", "csv"))]


class PeriodQuery(TypedDict, total=False):
    start_date: Day
    end_date: Day


class FormatQuery(TypedDict, total=False):
    format: Format


class ReadQuery(PeriodQuery, FormatQuery, total=False):
    pass


class PartnerQuery(ReadQuery, PageQuery, total=False):
    group_by: Annotated[str, says(enum=("project",))]
    granularity: Annotated[str, says(enum=("day",))]


class EventQuery(PageQuery, total=False):
    date: Day
    metric: Annotated[str, says(enum=NAMES)]


class StatementsQuery(PageQuery, FormatQuery, total=False):
    pass


class UsagePeriod(TypedDict):
    start: Stamp
    end: Stamp


class MeteredProject(TypedDict):
    id: Id
    name: str
    status: str
    last_activity_at: Stamp | None


class ProjectUsageBody(TypedDict):
    project: MeteredProject
    period: UsagePeriod
    summary: ProjectFigures
    adjustments: list[AdjustmentRow]
    daily_usage: list[DailyRow]


class NamedPartnership(TypedDict):
    id: str
    name: str


class PartnerUsageBody(TypedDict):
    partnership: NamedPartnership
    period: UsagePeriod
    summary: Figures
    adjustments: list[AdjustmentRow]
    daily_usage: NotRequired[list[DailyRow]]
    projects: NotRequired[list[ProjectRow]]
    next_cursor: NotRequired[str | None]


class EventRow(TypedDict):
    source: str
    id: str
    time: Stamp
    received_at: Stamp
    value: Annotated[float, says()]


class OneProject(TypedDict):
    id: Id


class UsageEventsBody(TypedDict):
    project: OneProject
    date: Day
    metric: str
    kind: Annotated[str, says(enum=("peak", "sum"))]
    value: Annotated[float, says()]
    estimated: bool
    events: list[EventRow]
    next_cursor: str | None


class ListedStatement(TypedDict):
    month: str
    closed_at: Stamp
    summary: Figures
    digest: str


class StatementsBody(TypedDict):
    statements: list[ListedStatement]
    next_cursor: str | None


class StatementBody(TypedDict):
    partnership: NamedPartnership
    environment: str
    month: str
    closed_at: Stamp
    period: UsagePeriod
    summary: Figures
    projects: list[Annotated[dict[str, object], says(required=("id", "name"))]]
    adjustments: list[AdjustmentRow]
    digest: str


class PricedOrganization(TypedDict):
    id: Id
    name: str
    price_plan: str


class SizedProject(TypedDict):
    id: Id
    name: str
    status: str
    database_bytes: int
    storage_bytes: int
    egress_bytes: int


class Meta(TypedDict):
    requested_at: Stamp


class OrganizationUsageBody(TypedDict):
    organization: PricedOrganization
    period: UsagePeriod
    usage_summary: Figures
    adjustments: list[AdjustmentRow]
    projects: list[SizedProject]
    _meta: Meta
