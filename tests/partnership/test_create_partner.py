"""`manage.py create_partner`: a partner and its secret, from the command line."""

import io
import json

import pytest
from django.core.management import call_command

from partnership.models import Partner
from tests.partnership.clients import PartnerClient


def create(*words):
    out, err = io.StringIO(), io.StringIO()
    call_command("create_partner", "Initech", "--contact", "ops@initech.example", *words, stdout=out, stderr=err)
    return out.getvalue()


def test_the_secret_it_shows_works(db):
    made = json.loads(create("--white-label", "--json"))
    partner = Partner.objects.get(pk=made["id"])
    assert PartnerClient(partner, made["secret"]).get("catalog").status == 200
    assert partner.secrets.get().last_four == made["secret"][-4:]


def test_a_dry_run_makes_nothing(db):
    assert "Initech" in create("--co-branded", "--dry-run")
    assert not Partner.objects.exists()


@pytest.mark.parametrize(
    "words", [(), ("--white-label", "--network", "home"), ("--white-label", "--requests-per-minute", "0")]
)
def test_what_is_wrong_is_refused(db, words):
    with pytest.raises(SystemExit) as ended:
        create(*words)
    assert (ended.value.code, Partner.objects.exists()) == (1, False)
