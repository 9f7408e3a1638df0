from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import get_resolver

from config import error_page


class Command(BaseCommand):
    help = "Writes the documents that are made from the code: docs/errors.md."

    def handle(self, *args: Any, **options: Any) -> None:
        get_resolver().url_patterns  # noqa: B018  imports every view, whose calls are read
        target = settings.ROOT / "docs" / "errors.md"
        target.write_text(error_page.as_markdown())
        self.stdout.write("docs/errors.md")
