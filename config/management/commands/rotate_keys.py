import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from oauth_provider import keys


class Command(BaseCommand):
    help = (
        "Publishes a new signing key where the youngest is GATEHOUSE_SIGNING_KEY_DAYS old; it signs 20 minutes "
        "later. The worker does the same by itself. Example: manage.py rotate_keys --now"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--now", action="store_true", help="rotate whatever the age, as after a leak")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            made = keys.rotate(timezone.now(), at_once=options["now"])
            if options["dry_run"]:
                transaction.set_rollback(True)
        if options["json"]:
            self.stdout.write(json.dumps({"published": made, "dry_run": options["dry_run"]}))
            return
        verb = "would publish" if options["dry_run"] else "published"
        self.stdout.write(f"{verb} {', '.join(made)}" if made else "nothing to rotate: every key is young enough")
