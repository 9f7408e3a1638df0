"""`manage.py import_partners`: a partner moves in with its ids, keys and secrets."""

import copy
import io
import json
import sys
import uuid

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.digests import digest
from accounts.models import User
from partnership.models import Partner
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


SHOP, BLOG = (each["id"] for each in FILE["partners"][0]["projects"])
PERSON = FILE["partners"][0]["people"][0]["id"]


def bring_in(tmp_path, document, *flags):
    """The exit code, and what was printed on both ways out."""
    file = tmp_path / "partners.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_partners", str(file), *flags, stdout=out, stderr=err)
    except SystemExit as ended:
        return ended.code, out.getvalue() + err.getvalue()
    return 0, out.getvalue() + err.getvalue()


def with_(path, value, document=FILE):
    """`document` with something else at `path`."""
    changed = copy.deepcopy(document)
    *way, last = path
    place = changed["partners"][0]
    for step in way:
        place = place[step]
    place[last] = value
    return changed


@pytest.mark.django_db
def test_everything_keeps_its_id_key_and_secret(tmp_path):
    said = "Brought in 1 partners, 1 secrets, 1 people, 2 projects.\n"
    assert bring_in(tmp_path, FILE, "--write") == (0, said)

    initech = PartnerClient(Partner.objects.get(), SECRET)
    told = initech.get(f"{SHOP}/metadata")["project"]
    assert (told["api_key"], told["region"], told["status"]) == ("ik_moved_in_key", "eu-central", "active")
    assert told["access_host"] == "https://oldshop.eu-central.example.app"
    assert initech.sync("Shop")["project"]["id"] == SHOP
    assert initech.sync_for(initech.connect("carol@example.com"), "Blog")["project"]["id"] == BLOG


@pytest.mark.django_db
def test_a_person_who_moved_in_has_an_address_to_reset_a_password_by(tmp_path):
    bring_in(tmp_path, FILE, "--write")
    assert EmailAddress.objects.get(user=PERSON).email == User.objects.get().email


@pytest.mark.django_db
@pytest.mark.parametrize("flags", [(), ("--dry-run",)])
def test_without_write_it_only_says_what_it_would_do(tmp_path, flags):
    code, said = bring_in(tmp_path, FILE, *flags)
    assert (code, said) == (
        0,
        "Would bring in 1 partners, 1 secrets, 1 people, 2 projects.\nNothing was written: add --write.\n",
    )
    assert not Partner.objects.exists()


@pytest.mark.django_db
def test_every_refusal_is_named_by_its_line_and_place_and_nothing_is_written(tmp_path):
    text = """{"partners": [
  {"id": "ps_initech000001", "name": "Initech", "contact_email": "ops@initech.example",
   "secrets": [
     {"sha256": "x", "last_four": "tech"}],
   "projects": [
     {"id": "11111111-6c1e-4f6e-9a57-0d9b7a3c1e11", "name": "S", "appkey": "oldshop",
      "api_key": "ik_moved_in_key"},

     {"id": "22222222-6c1e-4f6e-9a57-0d9b7a3c1e11", "name": "Blog", "appkey": "oldblog",
      "api_key": "no key", "user": "x"}]},
  "nonsense", {"people": 5}]}"""

    code, said = bring_in(tmp_path, text, "--write")

    assert code == 1
    places = [line.split(":")[0] for line in said.splitlines()]
    assert list(dict.fromkeys(places)) == [
        "line 4, partners[0].secrets[0]",
        "line 6, partners[0].projects[0]",
        "line 9, partners[0].projects[1]",
        "line 11, partners[1]",
        "line 11, partners[2]",
        "Nothing was written.",
    ]
    assert "'user': unknown key" in said
    assert not Partner.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("projects", 0, "region"), "mars", "must be one of"),
        (("projects", 0, "user_id"), "99999999-6c1e-4f6e-9a57-0d9b7a3c1e11", "none of the partner's people"),
        (("people", 0, "email"), "alice@example.com", "somebody else has this address"),
        (("is_white_label",), False, "not of this project's mode"),
        (("is_co_branded",), False, "not of this project's mode"),
        (("projects", 1, "api_key"), "ik_moved_in_key", "the same project api_key as partners[0].projects[0]"),
        (("projects", 1, "appkey"), "oldshop", "the same project appkey as partners[0].projects[0]"),
        (("projects", 1, "id"), SHOP, "the same project id as partners[0].projects[0]"),
        (("secrets",), FILE["partners"][0]["secrets"] * 2, "the same secret as partners[0].secrets[0]"),
        (("people",), FILE["partners"][0]["people"] * 2, "the same person as partners[0].people[0]"),
    ],
)
def test_what_clashes_with_what_is_here_or_in_the_file_is_refused(tmp_path, alice, path, value, why):
    code, said = bring_in(tmp_path, with_(path, value))
    assert (code, why in said) == (1, True)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["name", "external_id"])
def test_two_projects_that_a_sync_could_not_tell_apart_are_refused(tmp_path, key):
    document = copy.deepcopy(FILE)
    shop, blog = document["partners"][0]["projects"]
    del blog["user_id"]
    shop[key] = blog[key] = "Same"
    code, said = bring_in(tmp_path, document)
    assert (code, f"the same project {key} as partners[0].projects[0]" in said) == (1, True)


@pytest.mark.django_db
def test_one_person_may_be_of_two_partners_but_not_with_two_addresses(tmp_path):
    other = {
        "id": "ps_hooli0000001",
        "name": "Hooli",
        "contact_email": "ops@hooli.example",
        "is_co_branded": True,
        "people": [{"id": PERSON, "email": "carol@example.com", "name": "Carol"}],
    }
    both = {"partners": [*FILE["partners"], other]}
    assert bring_in(tmp_path, both)[0] == 0
    other["people"][0]["email"] = "carol@elsewhere.example"
    code, said = bring_in(tmp_path, both)
    assert (code, "this id has another address" in said) == (1, True)


@pytest.mark.django_db
def test_a_second_time_is_refused(tmp_path):
    bring_in(tmp_path, FILE, "--write")
    code, said = bring_in(tmp_path, FILE, "--write", "--json")
    told = json.loads(said)
    assert (code, told["written"], told["moved"]) == (1, False, None)
    reasons = {refusal["why"] for refusal in told["refusals"]}
    assert reasons == {
        "a partner with this id exists",
        "this secret is in use",
        "a project with this id or appkey exists",
        "a project with this api_key exists",
    }
    assert {refusal["line"] for refusal in told["refusals"]} > {3}


@pytest.mark.parametrize(
    "text", ["", "{", "[", "\0", "[]", '{"partners": 5}', '{"partners": [], "more": 1}', "[" * 10**5]
)
def test_what_is_no_list_of_partners_is_refused_whole(tmp_path, text):
    code, said = bring_in(tmp_path, text, "--write")
    assert (code, said.endswith("Nothing was written.\n")) == (1, True)


def test_a_key_that_stands_twice_is_refused(tmp_path):
    code, said = bring_in(tmp_path, '{"partners": [{"id": "ps_1", "id": "ps_2"}]}')
    assert (code, "The key 'id' stands twice" in said) == (1, True)


def test_a_file_that_is_not_there_is_wrong_use(tmp_path):
    with pytest.raises(SystemExit) as ended:
        call_command("import_partners", str(tmp_path / "none.json"), stderr=io.StringIO())
    assert ended.value.code == 2


@pytest.mark.django_db
def test_the_file_may_come_from_standard_input(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(FILE)))
    out = io.StringIO()
    call_command("import_partners", "-", stdout=out)
    assert "Would bring in" in out.getvalue()


def test_the_catalog_is_not_read_for_each_project(db, tmp_path):
    numbers = range(30)
    shop = FILE["partners"][0]["projects"][0]
    many = [
        {**shop, "id": str(uuid.uuid4()), **{key: f"{shop[key]}{number}" for key in ("name", "appkey", "api_key")}}
        for number in numbers
    ]
    with CaptureQueriesContext(connection) as asked:
        assert bring_in(tmp_path, with_(["projects"], many), "--write")[0] == 0

    read = [query["sql"] for query in asked if query["sql"].startswith("SELECT")]
    assert sum('FROM "partnership_region"' in sql or "serviceversion" in sql for sql in read) < 10
    assert sum('FROM "partnership_instancetype"' in sql for sql in read) < 10
