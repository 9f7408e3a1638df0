import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from config import erasure, personal_data
from partnership.events import Actor


class Command(BaseCommand):
    help = (
        "Erases a person for good: what names them goes, what bills and audits are made of stays under an id. "
        "Exit 1 where something has to be done before. Example: manage.py erase_person ada@example.com --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that the person signs in with")
        parser.add_argument("--dry-run", action="store_true", help="say what would become of what, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email.strip()).first()
        if user is None:
            raise CommandError("Nobody has this address.")
        held = [(part.name, count, str(part.fate)) for part, count in personal_data.counts(user)]
        obstacles = erasure.obstacles(user)
        is_erased = not options["dry_run"] and not obstacles
        if is_erased:
            obstacles = self.erase(user)
        report = {"id": str(user.pk), "erased": is_erased and not obstacles, "obstacles": obstacles, "held": held}
        self.stdout.write(json.dumps(report, indent=2) if options["json"] else as_text(report))
        if obstacles:
            sys.exit(1)

    def erase(self, user: User) -> list[str]:
        """What came in between, if anything did."""
        try:
            erasure.erase(user.pk, actor=Actor("staff", name="erase_person"), now=timezone.now())
        except erasure.NotErased as refusal:
            return refusal.obstacles
        return []


def as_text(report: dict[str, Any]) -> str:
    lines = [f"  {count:>6}  {name:<22} {fate}" for name, count, fate in report["held"] if count]
    state = "Erased." if report["erased"] else "Nothing was erased."
    return "\n".join([f"Person {report['id']}", *lines, *report["obstacles"], state])
