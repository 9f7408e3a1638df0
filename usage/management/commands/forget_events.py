import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from usage.chosen_store import store


class Command(BaseCommand):
    help = (
        "Drops the partitions whose events are all older than GATEHOUSE_USAGE_RETENTION_DAYS, as the worker does "
        "every hour; rollups and statements stay. Example: manage.py forget_events --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say from which day on events are kept, drop nothing"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        before = (now - timedelta(days=settings.USAGE_RETENTION_DAYS)).date()
        dropped = 0 if options["dry_run"] else store.forget(before)
        if options["json"]:
            told = {"before": before.isoformat(), "dropped": dropped, "dry_run": options["dry_run"]}
            self.stdout.write(json.dumps(told))
            return
        done = "would drop what is older" if options["dry_run"] else f"{dropped} partitions dropped"
        self.stdout.write(f"{done}; events from {before} on are kept")
