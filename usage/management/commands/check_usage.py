import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.progress import shown
from usage.management.days import Days, add_days, as_json, as_lines
from usage.rollup import broken_statements, differences


class Command(BaseCommand):
    help = (
        "Compares the daily rollup with the events that it is made of, and each statement with its digest. "
        "Prints every difference, changes nothing; exit 1 if there is one. "
        "Example: manage.py check_usage --from 2026-01-01 --to 2026-01-31"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_days(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        days = Days.read(options)
        found = [each for day in shown("Days", list(days.span.days())) for each in differences(day, repair=False)]
        broken = [str(statement) for statement in broken_statements()]
        if options["json"]:
            self.stdout.write(as_json(days, found, repaired=False, broken_statements=broken))
        else:
            summary = f"{len(found)} cells differ, {len(broken)} statements are not as they were closed"
            self.stdout.write(as_lines(days, found, summary=summary))
            for each in broken:
                self.stdout.write(f"statement {each}: its figures do not have its digest")
        if found or broken:
            sys.exit(1)
