import json
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from partnership import partners
from partnership.events import Actor
from partnership.models import Environment, Partner
from partnership.models.partner import SCOPES, check_networks
from partnership.partners import NewSecret

EXIT_REFUSED = 1


class Command(BaseCommand):
    help = (
        "Makes a partner and shows its secret, once. "
        "Example: manage.py create_partner Acme --contact ops@acme.example --white-label"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="as people read it")
        parser.add_argument("--contact", required=True, help="e-mail address, told when a webhook is switched off")
        parser.add_argument("--co-branded", action="store_true", help="its people know the platform")
        parser.add_argument("--white-label", action="store_true", help="its people know the partner alone")
        parser.add_argument("--environment", choices=Environment.values, default="live", help="of the first secret")
        parser.add_argument("--scope", action="append", choices=SCOPES, help="of the first secret; default: all")
        parser.add_argument("--network", action="append", default=[], help="a CIDR it may be used from; default: any")
        parser.add_argument("--requests-per-minute", type=int, default=600, help="default: 600")
        parser.add_argument("--dry-run", action="store_true", help="check, make nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        partner = Partner(
            name=options["name"],
            contact_email=options["contact"],
            is_co_branded=options["co_branded"],
            is_white_label=options["white_label"],
            requests_per_minute=options["requests_per_minute"],
        )
        networks = "\n".join(options["network"])
        wanted = NewSecret("default", options["environment"], " ".join(options["scope"] or SCOPES), networks)
        try:
            partner.full_clean()
            check_networks(networks)
        except ValidationError as refused:
            self.stderr.write(" ".join(refused.messages))
            sys.exit(EXIT_REFUSED)
        made = {"id": partner.pk, "name": partner.name, "environment": wanted.environment}
        if options["dry_run"]:
            self.tell({"name": partner.name, "dry_run": True}, options["json"])
            return
        actor = Actor("staff", name="create_partner")
        made["secret"] = partners.register(partner, wanted, actor=actor, now=timezone.now())
        self.tell(made, options["json"])

    def tell(self, told: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write("\n".join(f"{name:<12}{value}" for name, value in told.items()))
        if "secret" in told:
            self.stdout.write("Copy the secret now. Nobody can show it again.")
