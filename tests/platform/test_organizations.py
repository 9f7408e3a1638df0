"""platform.md: organizations of the signed-in person."""

import re

import pytest

from accounts.errors import NotFound

NOBODYS = "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11"


@pytest.mark.contract("platform.md", "Organizations", "list")
@pytest.mark.contract("platform.md", "Organizations", "personal")
def test_alice_sees_her_own_organization_and_the_team(as_alice, team):
    organizations = as_alice.get("/organizations/v1")["organizations"]

    assert [(each["name"], each["type"]) for each in organizations] == [
        ("Alice Example", "personal"),
        ("Alice and Bob", "team"),
    ]


@pytest.mark.contract("platform.md", "Organizations", "one")
@pytest.mark.contract("platform.md", "Organizations", "shape")
def test_one_organization_has_the_contracts_keys(as_bob, team):
    answer = as_bob.get(f"/organizations/v1/{team.pk}")

    organization = answer["organization"]
    assert set(organization) == {"id", "name", "type", "slug", "description", "created_at", "updated_at"}
    assert (organization["id"], organization["slug"], organization["description"]) == (
        str(team.pk),
        "alice-and-bob",
        "",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", organization["created_at"])
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.contract("platform.md", "Organizations", "not found")
def test_anothers_unknown_and_malformed_are_the_same_404(as_mallory, team):
    answers = [
        as_mallory.get(f"/organizations/v1/{id_}") for id_ in (team.pk, NOBODYS, str(team.pk).upper(), "x", "%00")
    ]

    assert {answer.status for answer in answers} == {404}
    assert all("not found" in answer["error"] and "message" not in answer.body for answer in answers)
    assert answers[0].body.keys() == {"error", "code", "requestId"}
    assert len({(answer["code"], answer["error"]) for answer in answers[:4]}) == 1


@pytest.mark.contract("platform.md", "Organizations", "not found")
def test_an_address_that_is_not_there_says_so_in_the_same_words(as_alice):
    answer = as_alice.get("/organizations/v1/x/y/z")

    assert (answer.status, answer["code"]) == (404, "not_found")
    assert answer["error"] == NotFound.message
    assert "not found" in answer["error"]


def test_a_token_without_the_scope_is_refused(token_of, alice, team):
    program = token_of(alice, "user:read projects:write")

    for path in ("/organizations/v1", f"/organizations/v1/{team.pk}"):
        refused = program.get(path)
        assert (refused.status, refused["code"]) == (403, "insufficient_scope")
        assert "message" not in refused.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_only_reading_is_offered_and_a_stranger_learns_nothing(as_alice, stranger, method):
    refused = as_alice.ask(method, "/organizations/v1")

    assert (refused.status, refused["code"], refused.headers["Allow"]) == (405, "method_not_allowed", "GET")
    assert stranger.ask(method, "/organizations/v1").status == 401


def test_a_machine_is_nobodys_member(meter):
    token = meter.post_token(grant_type="client_credentials")["access_token"]
    refused = meter.wire.get("/organizations/v1", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 403
