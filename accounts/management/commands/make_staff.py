import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import people
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Gives somebody who signed up every right in the admin. They give others their part there. "
        "Example: manage.py make_staff ada@example.com"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that the person signs in with, proved by its code")
        parser.add_argument("--dry-run", action="store_true", help="say whether it may be done, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                user = people.make_staff(options["email"])
                transaction.set_rollback(options["dry_run"])
        except User.DoesNotExist as unknown:
            raise CommandError("Nobody signed up with this address and proved it. Sign up first.") from unknown
        if options["json"]:
            self.stdout.write(json.dumps({"id": str(user.pk), "email": user.email, "dry_run": options["dry_run"]}))
            return
        if options["dry_run"]:
            self.stdout.write(f"would make {user.email} staff")
            return
        self.stdout.write(f"{user.email} is staff. The admin opens with a passkey or an authenticator app.")
