"""Clients move in by `manage.py import_clients`."""

import hashlib
import io
import json

import pytest
from django.core.management import call_command

from oauth_provider.models import Application
from tests import cast
from tests.clients import OAuthClient

SECRET = "the-secret-it-had-elsewhere"
BOOKSHELF = {
    "name": "Bookshelf",
    "kind": "web",
    "keeps_secret": True,
    "client_id": "bookshelf:1",
    "client_secret_sha256": hashlib.sha256(SECRET.encode()).hexdigest(),
    "redirect_uris": ["https://bookshelf.example/callback"],
}
TOOL = {"name": "Tool", "kind": "native", "redirect_uris": ["http://127.0.0.1/callback"]}
METER = {"name": "Meter", "kind": "machine"}


@pytest.fixture
def run(db, tmp_path):
    """Runs the command on a file; its exit code and what it printed."""

    def run(content, *options) -> tuple[int, str]:
        path = tmp_path / "clients.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        out = io.StringIO()
        try:
            call_command("import_clients", str(path), *options, stdout=out, stderr=out)
        except SystemExit as stopped:
            return int(str(stopped.code)), out.getvalue()
        return 0, out.getvalue()

    return run


@pytest.mark.contract("oauth.md", "Clients", "client_id")
def test_a_client_keeps_its_id_and_its_secret(run, alice):
    code, printed = run([BOOKSHELF], "--write")
    bookshelf = OAuthClient(Application.objects.get(client_id="bookshelf:1"), SECRET)
    assert code == 0
    assert SECRET not in printed
    assert "gcs_" not in printed
    assert bookshelf.profile(bookshelf.tokens_for(alice)["access_token"]).status == 200


def test_where_people_go_after_signing_out_moves_in_too(run):
    after, told = "https://bookshelf.example/bye", "https://bookshelf.example/logged-out"
    run([{**BOOKSHELF, "post_logout_redirect_uris": [after], "backchannel_logout_uri": told}], "--write")
    kept = Application.objects.get()
    assert (kept.post_logout_redirect_uris, kept.backchannel_logout_uri) == (after, told)


def test_without_write_nothing_is_written(run):
    code, printed = run([BOOKSHELF, TOOL, METER])
    assert code == 0
    assert "Would register 3" in printed
    assert "bookshelf:1, its own secret" in printed
    assert "Tool  a new id, no secret" in printed
    assert not Application.objects.exists()


def test_a_new_secret_is_printed_once_and_works(run):
    _code, printed = run([METER], "--write", "--json")
    row = json.loads(printed)["registered"][0]
    meter = OAuthClient(Application.objects.get(), row["secret"], redirect_uri="-")
    assert meter.post_token(grant_type="client_credentials").status == 200


def test_a_native_client_is_public_and_rotates(run):
    run([TOOL], "--write")
    tool = Application.objects.get()
    assert (tool.client_type, tool.rotates_refresh_tokens, tool.allowed_scopes) == ("public", True, "user:read")


def test_one_refusal_stops_all_and_every_one_is_named_by_line(run):
    wrong = {**TOOL, "redirect_uris": ["http://127.0.0.1/cb", "http://acme.example/cb"], "homepage_url": "http://x"}
    code, printed = run([BOOKSHELF, wrong], "--write")
    assert code == 1
    assert "line 12, client 2, redirect_uris: Line 2: http only for 127.0.0.1, [::1], localhost" in printed
    assert "line 12, client 2, homepage_url: A link starts with https://" in printed
    assert "Nothing was written." in printed
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"surprise": 1}, "'surprise'"),
        ({"name": 1}, "name"),
        ({"name": None}, "name"),
        ({"kind": "robot"}, "kind"),
        ({"redirect_uris": "https://a.example"}, "redirect_uris"),
        ({"redirect_uris": [1]}, "redirect_uris"),
        ({"keeps_secret": "yes"}, "keeps_secret"),
        ({"client_id": "a b"}, "client_id"),
        ({"client_secret_sha256": "x"}, "client_secret_sha256"),
        ({"client_secret_sha256": ""}, "client_secret_sha256"),
        ({"client_secret_sha256": "A" * 64}, "client_secret_sha256"),
        ({"keeps_secret": False}, "client_secret_sha256"),
        ({"allowed_scopes": ["usage:write"]}, "allowed_scopes"),
        ({"allowed_scopes": ["\x1b[2J"]}, "allowed_scopes"),
        ({"name": "Acme\u202e"}, "name"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "redirect_uris"),
    ],
)
def test_each_fault_is_named_by_its_field(run, changes, field):
    code, printed = run([{**BOOKSHELF, **changes}], "--write")
    assert code == 1
    assert f"line 2, client 1, {field}: " in printed
    assert printed.isprintable() or "\x1b" not in printed
    assert not Application.objects.exists()


@pytest.mark.parametrize("missing", ["name", "kind", "keeps_secret"])
def test_what_is_needed(run, missing):
    code, printed = run([{key: value for key, value in BOOKSHELF.items() if key != missing}])
    assert code == 1
    assert f"client 1, {missing}: Needed" in printed


@pytest.mark.parametrize(
    "content", ["", "{", "{}", "null", "[1]", "[[]]", '[{"name": "a", "name": "b"}]', "[" * 100_000, "[{}] x", "[null]"]
)
def test_what_is_no_list_of_clients_is_refused(run, content):
    code, _printed = run(content, "--write")
    assert code == 1
    assert not Application.objects.exists()


def test_two_clients_of_a_file_share_no_id_and_no_secret(run):
    code, printed = run([BOOKSHELF, {**BOOKSHELF, "name": "Other"}], "--write")
    assert code == 1
    assert "client 2, client_id: Stands twice in the file." in printed
    assert "client 2, client_secret_sha256: Stands twice in the file." in printed


def test_a_second_time_the_id_and_the_secret_are_taken(run):
    run([BOOKSHELF], "--write")
    code, printed = run([BOOKSHELF], "--write")
    assert code == 1
    assert "client_id: Another client has this id." in printed
    assert "client_secret_sha256: Another client has this secret." in printed
    assert Application.objects.count() == 1


def test_attack_035_a_look_alike_in_the_file_is_refused(run):
    cast.web_application("Acme", is_verified=True)
    code, printed = run([{**TOOL, "name": "Асme"}, {**TOOL, "name": "Bookshe1f"}, {**BOOKSHELF, "is_verified": True}])
    assert code == 1
    assert "client 1, name: People would take this name for “Acme”" in printed
    assert "client 2, name: Looks like a verified client of the file." in printed


def test_the_result_as_json(run):
    _code, printed = run([{**TOOL, "name": "A"}], "--json")
    report = json.loads(printed)
    assert (report["written"], report["clients"]) == (False, 1)
    assert report["refusals"] == [{"index": 1, "line": 2, "field": "name", "reason": "A name has 2 to 100 characters."}]


def test_no_such_file(db):
    with pytest.raises(SystemExit) as stopped:
        call_command("import_clients", "/nowhere/clients.json", stderr=io.StringIO())
    assert stopped.value.code == 2
