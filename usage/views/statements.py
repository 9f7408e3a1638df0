"""GET statements, GET statements/2026-01: closed months, for good (usage.md, "Metering in", Closing)."""

import re
from datetime import date
from itertools import chain

from django.http import HttpRequest, HttpResponseBase

from accounts.csv_file import csv_file
from oauth_provider.views.call import Call
from partnership.authentication import Door
from partnership.paging import page, read_page
from partnership.views.door import PartnerView
from partnership.views.shapes import stamp
from usage import statements
from usage.errors import StatementNotFound
from usage.metrics import METRICS
from usage.models import Statement
from usage.period import check_parameters
from usage.reports import Shown, by_total_name
from usage.views.answers import exact_json, wants_csv
from usage.views.shapes import FormatQuery, StatementBody, StatementsBody, StatementsQuery

READ = Door("usage:read", changes=False)
MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
FIGURES = tuple(metric.total_name for metric in METRICS.values())
LIST_COLUMNS = ("month", "closed_at", *FIGURES, "digest")
COLUMNS = ("id", "name", *FIGURES, "posted_on", "usage_date")  # the days are an adjustment's


class StatementList(PartnerView):
    doors = {"GET": READ}
    calls = {"GET": Call("The closed months, newest first", {200: StatementsBody}, query=StatementsQuery)}

    def get(self, request: HttpRequest) -> HttpResponseBase:
        check_parameters(request.GET, ("limit", "cursor", "format"))
        mine = Statement.objects.filter(partner=self.caller.partner, environment=self.caller.environment)
        read_page(request.GET, Statement)
        if wants_csv(request):
            newest = mine.order_by("-month").iterator()
            return csv_file("statements", LIST_COLUMNS, ({**listed(each), **figures(each)} for each in newest))
        rows, cursor = page(mine, request.GET, time_field="closed_at")
        return exact_json({"statements": [listed(each) for each in rows], "next_cursor": cursor})


class StatementDetail(PartnerView):
    doors = {"GET": READ}
    calls = {
        "GET": Call(
            "The figures of a closed month, by project",
            {200: StatementBody},
            query=FormatQuery,
            refusals=(StatementNotFound,),
        )
    }

    def get(self, request: HttpRequest, month: str) -> HttpResponseBase:
        check_parameters(request.GET, ("format",))
        mine = Statement.objects.filter(partner=self.caller.partner, environment=self.caller.environment)
        first = as_month(month)
        statement = mine.filter(month=first).first() if first else None
        if statement is None:
            raise StatementNotFound
        if wants_csv(request):
            return csv_of(statement, f"statement-{month}")
        return exact_json(statements.whole(statement))


def csv_of(statement: Statement, name: str) -> HttpResponseBase:
    """A row for each project, then one for each adjustment: those have `posted_on` and `usage_date`."""
    lines = statement.lines.order_by("pk").iterator()
    adjustments = ({**row, "id": row["project_id"]} for row in statements.adjustments_of(statement))
    response = csv_file(name, COLUMNS, chain(map(statements.line_body, lines), adjustments))
    response["Statement-Digest"] = statement.digest
    return response


def listed(statement: Statement) -> dict[str, object]:
    return {
        "month": f"{statement.month:%Y-%m}",
        "closed_at": stamp(statement.closed_at),
        "summary": figures(statement),
        "digest": statement.digest,
    }


def figures(statement: Statement) -> Shown:
    return by_total_name(statement.amounts)


def as_month(text: str) -> date | None:
    found = MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found and found[1] != "0000" else None
