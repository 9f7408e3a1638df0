"""grant_type=refresh_token: one live leaf in a family, ended by its first misuse."""

import pytest
from django.utils import timezone

from oauth_provider.models import TokenFamily
from tests.clients import profile
from tests.oauth.test_code import ENDS


def refused(answer):
    return (answer.status, answer.error) == (400, "invalid_grant")


@pytest.mark.contract("oauth.md", "token", "refresh not rotated")
@pytest.mark.contract("oauth.md", "token", "refresh_token")
def test_a_confidential_client_keeps_its_token_for_life(alice, acme_app, later):
    tokens = acme_app.tokens_for(alice)
    for _ in range(3):
        later(days=9)
        again = acme_app.refresh(tokens["refresh_token"])
        assert again["refresh_token"] == tokens["refresh_token"]
        assert profile(again["access_token"]).status == 200


@pytest.mark.contract("oauth.md", "token", "refresh reuse")
def test_attack_061_a_superseded_token_ends_the_family(alice, acme_cli, later):
    first = acme_cli.tokens_for(alice)
    second = acme_cli.refresh(first["refresh_token"])
    later(seconds=31)
    assert refused(acme_cli.refresh(first["refresh_token"]))
    assert refused(acme_cli.refresh(second["refresh_token"]))
    assert profile(second["access_token"]).status == 401
    assert TokenFamily.objects.get().end_reason == "reuse"


@pytest.mark.contract("oauth.md", "token", "refresh grace")
def test_attack_062_a_lost_answer_is_given_again(alice, acme_cli, later):
    first = acme_cli.tokens_for(alice)
    answers = [acme_cli.refresh(first["refresh_token"]) for _ in range(3)]
    later(seconds=29)
    answers.append(acme_cli.refresh(first["refresh_token"]))
    assert {answer.status for answer in answers} == {200}
    assert len({answer["refresh_token"] for answer in answers}) == 1
    assert len({answer["access_token"] for answer in answers}) == 4
    assert all(profile(answer["access_token"]).status == 200 for answer in answers)


def test_attack_063_the_grace_is_over_once_the_successor_is_used(alice, acme_cli):
    first = acme_cli.tokens_for(alice)
    second = acme_cli.refresh(first["refresh_token"])
    third = acme_cli.refresh(second["refresh_token"])
    assert refused(acme_cli.refresh(first["refresh_token"]))
    assert refused(acme_cli.refresh(third["refresh_token"]))


@pytest.mark.contract("oauth.md", "token", "refresh lifetime")
def test_attack_065_rotation_does_not_move_the_end(alice, acme_cli, later):
    tokens = acme_cli.tokens_for(alice)
    for _ in range(2):
        later(days=14, hours=23)
        tokens = acme_cli.refresh(tokens["refresh_token"])
        assert tokens.status == 200
    later(hours=3)
    assert refused(acme_cli.refresh(tokens["refresh_token"]))


def test_attack_066_another_clients_token_is_a_leak(alice, acme_app, acme_cli):
    tokens = acme_app.tokens_for(alice)
    assert refused(acme_cli.refresh(tokens["refresh_token"]))
    assert TokenFamily.objects.get().end_reason == "leak"


@pytest.mark.contract("oauth.md", "token", "refresh_token")
def test_attack_067_narrower_works_and_wider_does_not(alice, acme_app):
    tokens = acme_app.tokens_for(alice, scope="user:read projects:write")
    assert acme_app.refresh(tokens["refresh_token"], scope="user:read organizations:read").error == "invalid_scope"
    assert acme_app.refresh(tokens["refresh_token"], scope="user:read\nprojects:read").error == "invalid_scope"
    assert acme_app.refresh(tokens["refresh_token"], scope="projects:read")["scope"] == "projects:read"
    assert acme_app.refresh(tokens["refresh_token"])["scope"] == "user:read projects:write"


@pytest.mark.contract("oauth.md", "token", "password ends all")
@pytest.mark.contract("oauth.md", "Clients", "disabling")
@pytest.mark.parametrize("end", ENDS)
def test_attack_068_a_family_dies_with_what_it_stood_on(alice, acme_app, end):
    tokens = acme_app.tokens_for(alice)
    end(alice, acme_app)
    assert acme_app.refresh(tokens["refresh_token"]).error in ("invalid_grant", "invalid_client")
    assert profile(tokens["access_token"]).status == 401


@pytest.mark.parametrize("token", ["x", "grt_", "grt_" + "A" * 70, "grt_" + "A" * 71, "grt_ü", "eyJ.x.y"])
def test_a_token_that_we_never_made(acme_app, token):
    assert refused(acme_app.refresh(token))


def test_a_token_with_one_character_changed(alice, acme_cli):
    token = acme_cli.tokens_for(alice)["refresh_token"]
    for position in (5, 25, 30, 50, 70):
        other = "A" if token[position] != "A" else "B"
        assert refused(acme_cli.refresh(token[:position] + other + token[position + 1 :]))
    assert acme_cli.refresh(token).status == 200


def test_the_environments_key_can_be_rotated(alice, acme_cli, settings):
    token = acme_cli.tokens_for(alice)["refresh_token"]
    settings.ENCRYPTION_KEYS = ["bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldzE=", *settings.ENCRYPTION_KEYS]
    assert acme_cli.refresh(token).status == 200


def test_staff_may_switch_rotation_on_for_a_confidential_client(alice, acme_app):
    tokens = acme_app.tokens_for(alice)
    acme_app.application.rotates_refresh_tokens = True
    acme_app.application.save()
    rotated = acme_app.refresh(tokens["refresh_token"])
    assert rotated["refresh_token"] != tokens["refresh_token"]
    assert acme_app.refresh(rotated["refresh_token"]).status == 200


def test_the_last_use_is_kept(alice, acme_app, later):
    tokens = acme_app.tokens_for(alice)
    later(hours=2)
    acme_app.refresh(tokens["refresh_token"])
    assert TokenFamily.objects.get().last_used_at == timezone.now()
