"""GET statements, GET statements/2026-01: closed months, for good (usage.md, "Metering in", Closing)."""

import re
from datetime import date

from django.http import HttpRequest, HttpResponseBase

from accounts.csv_file import csv_file
from oauth_provider.views.call import Call
from partnership.authentication import Door
from partnership.paging import page
from partnership.views.door import PartnerView
from partnership.views.fields import PageQuery
from partnership.views.shapes import stamp
from usage import statements
from usage.errors import StatementNotFound
from usage.metrics import METRICS
from usage.models import Statement
from usage.period import check_parameters
from usage.reports import by_total_name
from usage.views.answers import exact_json, wants_csv
from usage.views.shapes import FormatQuery, StatementBody, StatementsBody

READ = Door("usage:read", changes=False)
MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
COLUMNS = ("id", "name", *(metric.total_name for metric in METRICS.values()))


class StatementList(PartnerView):
    doors = {"GET": READ}
    calls = {"GET": Call("The closed months, newest first", {200: StatementsBody}, query=PageQuery)}

    def get(self, request: HttpRequest) -> HttpResponseBase:
        check_parameters(request.GET, ("limit", "cursor"))
        mine = Statement.objects.filter(partner=self.caller.partner, environment=self.caller.environment)
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
            lines = statement.lines.order_by("pk").iterator()
            return csv_file(f"statement-{month}", COLUMNS, map(statements.line_body, lines))
        return exact_json(statements.whole(statement))


def listed(statement: Statement) -> dict[str, object]:
    return {
        "month": f"{statement.month:%Y-%m}",
        "closed_at": stamp(statement.closed_at),
        "summary": by_total_name(statement.amounts),
        "digest": statement.digest,
    }


def as_month(text: str) -> date | None:
    found = MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found and found[1] != "0000" else None
