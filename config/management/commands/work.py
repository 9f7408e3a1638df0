from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.chores import work


class Command(BaseCommand):
    help = (
        "Does what is due: operations on projects, deliveries, mails, figures of usage, new keys, "
        "an end to what has expired (the whole list: config/chores.py). "
        "Any number may run at once; SIGTERM ends one cleanly. Example: manage.py work --once"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        work(once=once)
