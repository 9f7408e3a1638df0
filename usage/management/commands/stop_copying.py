import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from usage.models.outbox import OutgoingBatch
from usage.sql_store import outbox


class Command(BaseCommand):
    help = (
        "Ends the copying of usage events to ClickHouse, after GATEHOUSE_CLICKHOUSE_URL was unset everywhere: what "
        "waits is forgotten, the database keeps what it has. Example: manage.py stop_copying --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be forgotten, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        batches = OutgoingBatch.objects.count() if options["dry_run"] else outbox.end()
        if options["json"]:
            self.stdout.write(json.dumps({"batches": batches, "dry_run": options["dry_run"]}))
        elif options["dry_run"]:
            self.stdout.write(f"{batches} batches wait and would be forgotten")
        else:
            self.stdout.write(f"{batches} batches were waiting; events are in the database alone")
