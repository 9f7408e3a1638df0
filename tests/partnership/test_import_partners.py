"""`manage.py import_partners`: a partner moves in with its ids, keys and secrets."""

import copy
import io
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from oauth_provider.opaque import digest
from partnership.models import Partner, Project
from tests.partnership.clients import PartnerClient

SECRET = "old-secret-of-initech"
FILE = {
    "partners": [
        {
            "id": "ps_initech000001",
            "name": "Initech",
            "contact_email": "ops@initech.example",
            "is_co_branded": True,
            "is_white_label": True,
            "secrets": [{"sha256": digest(SECRET).hex(), "last_four": "tech"}],
            "people": [{"id": "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11", "email": "Carol@example.com", "name": "Carol"}],
            "projects": [
                {
                    "id": "11111111-6c1e-4f6e-9a57-0d9b7a3c1e11",
                    "name": "Shop",
                    "appkey": "oldshop",
                    "api_key": "ik_moved_in_key",
                    "region": "eu-west",
                    "instance_type": "small",
                },
                {
                    "id": "22222222-6c1e-4f6e-9a57-0d9b7a3c1e11",
                    "name": "Blog",
                    "appkey": "oldblog",
                    "api_key": "ik_moved_in_blog",
                    "user_id": "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11",
                },
            ],
        }
    ]
}


def bring_in(tmp_path, document, *flags):
    file = tmp_path / "partners.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_partners", file, *flags, stdout=out, stderr=err)
    except SystemExit as ended:
        return ended.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_everything_keeps_its_id_key_and_secret(tmp_path):
    assert bring_in(tmp_path, FILE) == (0, "1 partners, 1 secrets, 1 people, 2 projects\n", "")

    initech = PartnerClient(Partner.objects.get(), SECRET)
    shop, blog = (each["id"] for each in FILE["partners"][0]["projects"])
    told = initech.get(f"{shop}/metadata")["project"]
    assert (told["api_key"], told["region"], told["status"]) == ("ik_moved_in_key", "eu-central", "active")
    assert told["access_host"] == "https://oldshop.eu-central.example.app"
    assert initech.sync("Shop")["project"]["id"] == shop
    assert initech.sync_for(initech.connect("carol@example.com"), "Blog")["project"]["id"] == blog


@pytest.mark.django_db
def test_a_dry_run_changes_nothing(tmp_path):
    assert bring_in(tmp_path, FILE, "--dry-run")[0] == 0
    assert not Partner.objects.exists()


@pytest.mark.django_db
def test_every_refusal_is_named_by_its_place_and_nothing_is_written(tmp_path):
    document = copy.deepcopy(FILE)
    partner = document["partners"][0]
    partner["secrets"][0]["sha256"] = "x"
    partner["projects"][0]["name"] = "S"
    partner["projects"][1]["api_key"] = "no key"
    document["partners"].append("nonsense")

    code, _, said = bring_in(tmp_path, document)

    assert code == 1
    for place in ("partners[0].secrets[0]", "partners[0].projects[0]", "partners[0].projects[1]", "partners[1]"):
        assert place in said
    assert not Partner.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "field", "value", "why"),
    [
        ("projects", "region", "mars", "must be one of"),
        ("projects", "user_id", "99999999-6c1e-4f6e-9a57-0d9b7a3c1e11", "none of the partner's people"),
        ("people", "email", "alice@example.com", "somebody else has this address"),
    ],
)
def test_what_clashes_with_what_is_here_is_refused(tmp_path, alice, place, field, value, why):
    document = copy.deepcopy(FILE)
    document["partners"][0][place][0][field] = value
    code, _, said = bring_in(tmp_path, document)
    assert (code, why in said) == (1, True)
    assert not Project.objects.exists()
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_second_time_is_refused(tmp_path):
    bring_in(tmp_path, FILE)
    code, out, _ = bring_in(tmp_path, FILE, "--json")
    assert (code, len(json.loads(out)["refused"])) == (1, 3)


@pytest.mark.parametrize("text", ["", "{", "[", "\0"])
def test_what_is_no_json_is_a_usage_error(tmp_path, text):
    with pytest.raises(CommandError):
        bring_in(tmp_path, text)


@pytest.mark.django_db
def test_two_rows_with_one_key_are_refused_and_nothing_is_written(tmp_path):
    document = copy.deepcopy(FILE)
    shop, blog = document["partners"][0]["projects"]
    blog["api_key"] = shop["api_key"]
    with pytest.raises(CommandError, match="two rows"):
        bring_in(tmp_path, document)
    assert not Partner.objects.exists()
