import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from config import demo_data
from config.checks import EXIT_CONFIGURATION


class Command(BaseCommand):
    help = (
        "Makes the demo's people and clients where they are missing, and writes var/demo.json. "
        "Embedded profile only. Example: manage.py seed_demo --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what is missing, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            missing = demo_data.missing()
            if not options["dry_run"]:
                demo_data.seed(timezone.now())
        except demo_data.NotEmbedded:
            self.stderr.write("GATEHOUSE_PROFILE is not embedded, and the demo's passwords are public")
            sys.exit(EXIT_CONFIGURATION)
        if options["json"]:
            self.stdout.write(json.dumps({"made": missing, "dry_run": options["dry_run"]}))
        else:
            verb = "would make" if options["dry_run"] else "made"
            self.stdout.write(f"{verb} {', '.join(missing) or 'nothing'}; {demo_data.path()}")
