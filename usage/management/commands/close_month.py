import json
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts.progress import shown
from usage import statements
from usage.chosen_store import store


class Command(BaseCommand):
    help = (
        "Closes every month that is due and writes the partners' statements that are missing, as the worker does "
        "every hour. A closed month never opens again. Example: manage.py close_month --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be closed, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        before, due = store.first_open_day(), statements.first_day_left_open(now)
        written = 0 if options["dry_run"] else statements.close_due(now, shown=partial(shown, "Statements"))
        open_from = max(before, due)
        if options["json"]:
            told = {"open_from": open_from.isoformat(), "was_open_from": before.isoformat(), "statements": written}
            self.stdout.write(json.dumps({**told, "dry_run": options["dry_run"]}))
            return
        if options["dry_run"]:
            self.stdout.write(f"would close what is before {open_from}; open from {before} now")
            return
        self.stdout.write(f"open from {open_from}, {written} statements written")
