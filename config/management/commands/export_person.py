from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from config import personal_data


class Command(BaseCommand):
    help = (
        "Writes everything that is held of a person as one JSON object, without what opens anything. "
        "Example: manage.py export_person ada@example.com > ada.json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that the person signs in with")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email.strip()).first()
        if user is None:
            raise CommandError("Nobody has this address.")
        self.stdout.write(personal_data.as_json(user))
