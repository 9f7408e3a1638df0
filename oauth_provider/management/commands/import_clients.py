"""manage.py import_clients: clients that move in from elsewhere, all of them or none."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.db import IntegrityError
from django.utils import timezone

from oauth_provider import client_import
from oauth_provider.client_import import Entry, Imported, Refusal, Unreadable

EXAMPLE = """example:
  manage.py import_clients clients.json            judges the file, writes nothing
  manage.py import_clients clients.json --write    registers its clients, all or none

clients.json (docs/clients-import.md):
  [{"name": "Bookshelf", "kind": "web", "keeps_secret": true, "client_id": "bookshelf",
    "client_secret_sha256": "<64 hex digits>", "redirect_uris": ["https://bookshelf.example/cb"],
    "allowed_scopes": ["user:read"]}]

exit code: 0 nothing refused, 1 something refused and nothing written, 2 wrong use or no such file
"""


class Command(BaseCommand):
    help = "Registers the clients of a JSON file. Without --write it only says what it would do."

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> Any:
        formatter = RawDescriptionHelpFormatter
        parser = super().create_parser(prog_name, subcommand, epilog=EXAMPLE, **options)
        parser.formatter_class = formatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a JSON array of clients; - reads standard input")
        parser.add_argument("--json", action="store_true", help="the result as one JSON object")
        write = parser.add_mutually_exclusive_group()
        write.add_argument("--dry-run", action="store_true", help="judge only (so it is without --write too)")
        write.add_argument("--write", action="store_true", help="register the clients")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            self.stop(2, f"{options['file']}: {fault.strerror if isinstance(fault, OSError) else 'not UTF-8'}")
        try:
            entries, refusals = client_import.read(text)
        except Unreadable as fault:
            entries, refusals = [], [Refusal(0, 0, "", str(fault))]
        imported = self.write(entries) if options["write"] and not refusals else []
        report = as_json if options["json"] else as_text
        self.stdout.write(report(entries, refusals, imported, written=options["write"] and not refusals))
        if refusals:
            sys.exit(1)

    def write(self, entries: list[Entry]) -> list[Imported]:
        try:
            return client_import.write(entries, timezone.now())
        except IntegrityError:
            self.stop(1, "A client was registered meanwhile that clashes with the file. Nothing was written.")

    def stop(self, code: int, message: str) -> NoReturn:
        self.stderr.write(message)
        sys.exit(code)


def as_text(entries: list[Entry], refusals: list[Refusal], imported: list[Imported], *, written: bool) -> str:
    if refusals:
        return "\n".join([*map(refused, refusals), "Nothing was written."])
    if not written:
        names = [f"  {entry.details.name}  {entry.client_id or 'a new id'}, {secret_of(entry)}" for entry in entries]
        return "\n".join([f"Would register {len(entries)}:", *names, "Nothing was written: add --write."])
    names = [f"  {row.name}  {row.client_id}{'  ' + row.secret if row.secret else ''}" for row in imported]
    secret = ["Copy the secrets now: nobody can show them again."] if any(row.secret for row in imported) else []
    return "\n".join([f"Registered {len(imported)}:", *names, *secret])


def refused(refusal: Refusal) -> str:
    if not refusal.index:  # the file itself
        return refusal.reason
    field = f", {refusal.field}" if refusal.field else ""
    return f"line {refusal.line}, client {refusal.index}{field}: {refusal.reason}"


def secret_of(entry: Entry) -> str:
    if not entry.details.keeps_secret:
        return "no secret"
    return "its own secret" if entry.secret_digest else "a new secret"


def as_json(entries: list[Entry], refusals: list[Refusal], imported: list[Imported], *, written: bool) -> str:
    report = {
        "written": written,
        "clients": len(entries),
        "refusals": [asdict(refusal) for refusal in refusals],
        "registered": [asdict(row) for row in imported],
    }
    return json.dumps(report, indent=2, ensure_ascii=False)
