"""manage.py import_partners: partners that move in from elsewhere, all of them or none."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.db import IntegrityError
from django.utils import timezone

from accounts.progress import Progress
from partnership.moving_in import Moved, move_in
from partnership.views.moving_in import Document, Refusal, Unreadable, judge, parse

EXAMPLE = """example:
  manage.py import_partners partners.json            judges the file, writes nothing
  manage.py import_partners partners.json --write    brings everything in, all or none

partners.json: docs/partnerships-in-operation.md, "Moving in"

exit code: 0 nothing refused, 1 something refused and nothing written, 2 wrong use or no such file
"""


class Command(BaseCommand):
    help = "Brings in the partners of a JSON file with their people and projects. Without --write it only judges it."

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, epilog=EXAMPLE, **options)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a JSON object with a list of partners; - reads standard input")
        parser.add_argument("--json", action="store_true", help="the result as one JSON object")
        write = parser.add_mutually_exclusive_group()
        write.add_argument("--dry-run", action="store_true", help="judge only (so it is without --write too)")
        write.add_argument("--write", action="store_true", help="bring everything in")

    def handle(self, *args: object, **options: Any) -> None:
        document = self.read(options["file"])
        with Progress("Looking", document.projects, sys.stderr) as looking:
            found, refusals = judge(document, looking.step)
        moved = self.write(found, document) if options["write"] and not refusals else None
        self.stdout.write(as_json(refusals, moved) if options["json"] else as_text(counted(found), refusals, moved))
        if refusals:
            sys.exit(1)

    def read(self, name: str) -> Document:
        try:
            return parse(sys.stdin.read() if name == "-" else Path(name).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as fault:
            self.stop(2, f"{name}: {fault.strerror if isinstance(fault, OSError) else 'not UTF-8'}")
        except Unreadable as fault:
            self.stop(1, f"{fault}\nNothing was written.")

    def write(self, found: list[dict[str, Any]], document: Document) -> Moved:
        try:
            with Progress("Writing", document.projects, sys.stderr) as writing:
                return move_in(found, timezone.now(), writing.step)
        except IntegrityError:
            self.stop(1, "Something was written meanwhile that clashes with the file. Nothing was written.")

    def stop(self, code: int, message: str) -> NoReturn:
        self.stderr.write(message)
        sys.exit(code)


def counted(found: list[dict[str, Any]]) -> str:
    nouns = {noun: sum(len(row.get(noun, ())) for row in found) for noun in ("secrets", "people", "projects")}
    return ", ".join(f"{count} {noun}" for noun, count in {"partners": len(found), **nouns}.items())


def as_text(counts: str, refusals: list[Refusal], moved: Moved | None) -> str:
    if refusals:
        told = [f"line {refusal.line}, {refusal.where}: {refusal.why}" for refusal in refusals]
        return "\n".join([*told, "Nothing was written."])
    if moved is None:
        return f"Would bring in {counts}.\nNothing was written: add --write."
    return f"Brought in {counts}."


def as_json(refusals: list[Refusal], moved: Moved | None) -> str:
    report = {
        "written": moved is not None,
        "refusals": [asdict(refusal) for refusal in refusals],
        "moved": asdict(moved) if moved else None,
    }
    return json.dumps(report, indent=2, ensure_ascii=False)
