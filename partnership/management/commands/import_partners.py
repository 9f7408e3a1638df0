import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone

from partnership.moving_in import move_in
from partnership.views.moving_in import read


class Command(BaseCommand):
    help = (
        "Brings partners, their people and projects in from FILE with their ids, keys and digests. "
        "Looks at all of it first and says every refusal; a file with one changes nothing. "
        "Example: manage.py import_partners partners.json --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="JSON, as docs/partners.md describes")
        parser.add_argument("--dry-run", action="store_true", help="look, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            found, refused = read(json.loads(file.read_text()))
        except (OSError, ValueError) as fault:
            raise CommandError(f"{file} can't be read as JSON: {fault}", returncode=2) from fault
        try:
            moved = None if refused or dry_run else move_in(found, timezone.now())
        except IntegrityError as clash:
            raise CommandError("two rows of the file claim the same id, address, name or key") from clash
        if options["json"]:
            told = {"refused": [asdict(each) for each in refused], "moved": asdict(moved) if moved else None}
            self.stdout.write(json.dumps(told))
        for each in refused if not options["json"] else []:
            self.stderr.write(f"{each.where}: {each.why}")
        if moved and not options["json"]:
            self.stdout.write(", ".join(f"{count} {noun}" for noun, count in asdict(moved).items()))
        if refused:
            sys.exit(1)
