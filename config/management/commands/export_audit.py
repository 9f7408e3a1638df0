import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from accounts.progress import shown
from config import audit_trail


class Command(BaseCommand):
    help = (
        "Writes the audit trail as JSON lines, oldest first: events, security events, staff's actions, changes of "
        "clients. Example: manage.py export_audit --from 2026-01-01 --to 2026-01-31 > january.jsonl"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="first", required=True, type=date.fromisoformat, help="first UTC day")
        parser.add_argument("--to", dest="last", required=True, type=date.fromisoformat, help="last UTC day, with it")

    def handle(self, *args: Any, first: date, last: date, **options: Any) -> None:
        if last < first:
            raise CommandError("--to lies before --from.", returncode=2)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        for day in days if sys.stdout.isatty() else shown("Days", days):  # nobody could read a bar between lines
            for line in audit_trail.lines(begin_of(day), begin_of(day + timedelta(days=1))):
                self.stdout.write(json.dumps(line, ensure_ascii=False, cls=DjangoJSONEncoder))


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
