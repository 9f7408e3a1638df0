import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from config import condition, examination
from config.checks import EXIT_CONFIGURATION, setting_faults, system_faults, told


class Command(BaseCommand):
    help = (
        "Says how this deployment is: every fault of the configuration with its mend, database, cache, "
        "keys, mail, worker, clocks, mail server, provisioners. Exit 0: all well; 1: a part fails; 78: "
        "configuration. Example: manage.py doctor --json"
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        faults = setting_faults() + system_faults()
        lines = [*condition.lines(timezone.now()), *examination.lines(timezone.now())]
        if options["json"]:
            report = {"faults": [each.as_dict() for each in faults], "parts": [each.as_dict() for each in lines]}
            self.stdout.write(json.dumps(report, indent=2))
        else:
            self.stdout.write("\n".join(map(str, lines)))
            self.stdout.write("\n" + told(faults) if faults else "\nNo fault found.")
        if faults:
            sys.exit(EXIT_CONFIGURATION)
        if any(line.level == "fail" for line in lines):
            sys.exit(1)
