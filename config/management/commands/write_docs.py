import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.urls import get_resolver

from config import error_page

DOCUMENT = "docs/errors.md"


class Command(BaseCommand):
    help = (
        "Writes the documents that are made from the code: docs/errors.md. With --dry-run it only says whether that "
        "would change it. Example: manage.py write_docs --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say whether it would change, write nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        get_resolver().url_patterns  # noqa: B018  imports every view, whose calls are read
        target, text = settings.ROOT / DOCUMENT, error_page.as_markdown()
        changed = target.read_text() != text
        if changed and not options["dry_run"]:
            target.write_text(text)
        if options["json"]:
            self.stdout.write(json.dumps({"document": DOCUMENT, "changed": changed, "dry_run": options["dry_run"]}))
            return
        verb = "would be written" if options["dry_run"] else "written"
        self.stdout.write(f"{DOCUMENT}: {verb if changed else 'as the code says'}")
