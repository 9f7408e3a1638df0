import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.progress import shown
from usage.management.days import Days, add_days, as_json, as_lines
from usage.rollup import differences


class Command(BaseCommand):
    help = (
        "Computes the daily rollup of some days from their events again and mends what differs; beside running "
        "ingest. Days of closed months are compared, never changed: exit 1 if one differs. "
        "Example: manage.py rebuild_usage --from 2026-01-01 --to 2026-01-31"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_days(parser)
        parser.add_argument("--dry-run", action="store_true", help="say what would be mended, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        days = Days.read(options)
        repair = not options["dry_run"]
        found = [each for day in shown("Days", list(days.span.days())) for each in differences(day, repair=repair)]
        closed = [each for each in found if each.on < days.first_open_day]
        if options["json"]:
            self.stdout.write(as_json(days, found, repaired=repair))
        else:
            verb = "mended" if repair else "would mend"
            self.stdout.write(as_lines(days, found, summary=f"{verb} {len(found) - len(closed)} of {len(found)} cells"))
        if closed:
            sys.exit(1)
