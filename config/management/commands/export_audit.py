import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

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
            raise CommandError("--to lies before --from.")
        for line in audit_trail.lines(begin_of(first), begin_of(last + timedelta(days=1))):
            self.stdout.write(json.dumps(line, ensure_ascii=False, cls=DjangoJSONEncoder))


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
