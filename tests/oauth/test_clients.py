"""What becomes of people's tokens when staff change a client. The clock stands at the moment of the test."""

from dataclasses import replace

import pytest
from django.utils import timezone

from oauth_provider import client_details, clients
from oauth_provider.client_details import Details

WEB = Details(
    kind="web",
    keeps_secret=True,
    name="Bookshelf",
    redirect_uris=("https://bookshelf.example/callback",),
    allowed_scopes=("user:read",),
    default_scopes=("user:read",),
)


def change(client, **changes):
    details = client_details.of(client.application)
    now = timezone.now()
    return clients.change(client.application, replace(details, **changes), logo=None, now=now)


def test_disabling_ends_every_token_at_once(alice, bob, acme_app):
    tokens = [acme_app.tokens_for(person) for person in (alice, bob)]

    ended = clients.disable(acme_app.application, timezone.now())

    assert (ended.tokens, ended.users) == (4, 2)
    assert acme_app.profile(tokens[0]["access_token"]).status == 401
    assert acme_app.refresh(tokens[1]["refresh_token"]).error == "invalid_client"


def test_enabling_brings_no_token_back(alice, acme_app):
    tokens = acme_app.tokens_for(alice)
    clients.disable(acme_app.application, timezone.now())
    clients.enable(acme_app.application, timezone.now())

    assert acme_app.profile(tokens["access_token"]).status == 401
    assert acme_app.refresh(tokens["refresh_token"]).error == "invalid_grant"
    assert acme_app.tokens_for(alice).status == 200


def test_a_grant_that_outlived_the_disabling_is_ended_before_the_client_opens(alice, acme_app):
    clients.disable(acme_app.application, timezone.now())
    acme_app.application.families.all().delete()
    type(acme_app.application).objects.update(is_enabled=True)
    tokens = acme_app.tokens_for(alice)
    type(acme_app.application).objects.update(is_enabled=False)

    clients.enable(acme_app.application, timezone.now())

    assert acme_app.profile(tokens["access_token"]).status == 401
    assert acme_app.refresh(tokens["refresh_token"]).error == "invalid_grant"


def test_a_code_on_its_way_ends_with_the_client(alice, acme_app):
    code = acme_app.code_for(alice)
    clients.disable(acme_app.application, timezone.now())
    clients.enable(acme_app.application, timezone.now())
    assert acme_app.redeem(code).error == "invalid_grant"


def test_disabling_a_machine_ends_its_tokens(meter):
    token = meter.post_token(grant_type="client_credentials")["access_token"]
    ended = clients.disable(meter.application, timezone.now())
    clients.enable(meter.application, timezone.now())
    assert (ended.tokens, ended.users) == (1, 0)
    assert meter.profile(token).status == 401


def test_a_removed_scope_ends_the_tokens_that_held_it_and_no_others(alice, bob, acme_app):
    wide = acme_app.tokens_for(alice, scope="user:read projects:write")
    narrow = acme_app.tokens_for(bob, scope="user:read projects:read")

    hits = change(acme_app, allowed_scopes=("user:read", "organizations:read", "projects:read"))

    assert hits.scopes == ("projects:write",)
    assert (hits.scope_effects.tokens, hits.scope_effects.users) == (2, 1)
    assert acme_app.profile(wide["access_token"]).status == 401
    assert acme_app.profile(narrow["access_token"]).status == 200


def test_a_scope_that_another_one_includes_is_not_taken_away(alice, acme_app):
    tokens = acme_app.tokens_for(alice, scope="user:read projects:read")
    hits = change(acme_app, allowed_scopes=("user:read", "organizations:read", "projects:write"))
    assert not hits
    assert acme_app.profile(tokens["access_token"]).status == 200


def test_a_removed_address_ends_the_codes_on_their_way_to_it(alice, acme_app):
    code = acme_app.code_for(alice)
    hits = change(acme_app, redirect_uris=("https://acme.example/other",))
    assert hits.redirect_uris == ("https://acme.example/callback",)
    assert (hits.authorizations.tokens, hits.authorizations.users) == (1, 1)
    assert acme_app.redeem(code).error == "invalid_grant"


def test_type_and_secret_stay_what_they_were(acme_app):
    change(acme_app, kind="native", keeps_secret=False)
    acme_app.application.refresh_from_db()
    assert (acme_app.application.kind, acme_app.application.client_type) == ("web", "confidential")


def test_a_public_client_rotates_whatever_was_ticked(db):
    details = replace(WEB, keeps_secret=False, rotates_refresh_tokens=False)
    assert clients.register(details, now=timezone.now()).application.rotates_refresh_tokens


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"kind": "robot"}, "kind", "web, native or machine"),
        ({"kind": "native"}, "kind", "keeps no secret"),
        ({"kind": "machine", "keeps_secret": False}, "kind", "must"),
        ({"redirect_uris": ()}, "redirect_uris", "At least one"),
        ({"kind": "machine"}, "redirect_uris", "has no redirect URIs"),
        ({"kind": "machine"}, "allowed_scopes", "usage:write alone"),
        ({"allowed_scopes": ("usage:write",)}, "allowed_scopes", "can't grant this: usage:write"),
        ({"allowed_scopes": ("user:read", "root")}, "allowed_scopes", "root"),
        ({"allowed_scopes": ()}, "allowed_scopes", "At least one"),
        ({"default_scopes": ("projects:read",)}, "default_scopes", "projects:read"),
        ({"allowed_origins": ("https://a.example/",)}, "allowed_origins", "Line 1: an origin ends"),
        ({"allows_device_grant": True}, "allows_device_grant", "Only a CLI"),
        ({"homepage_url": "http://a.example"}, "homepage_url", "https://"),
        ({"terms_url": "https://"}, "terms_url", "Not absolute"),
        ({"privacy_url": "https://a.example/" + "x" * 200}, "privacy_url", "200"),
    ],
)
def test_each_rule_of_the_details_has_its_reason(db, changes, field, reason):
    faults = client_details.find_faults(replace(WEB, **changes), from_staff=True)
    assert reason in " ".join(faults[field])


def test_details_that_fit_have_no_fault(db):
    assert client_details.find_faults(WEB, from_staff=True) == {}
    assert client_details.find_faults(replace(WEB, homepage_url="https://a.example/#x"), from_staff=True) == {}


@pytest.mark.parametrize("client_id", ["a", "x" * 255, "my.old_client~1:web/2-b"])
def test_ids_from_elsewhere_that_may_be_kept(db, client_id):
    assert client_details.find_fault_of_client_id(client_id) is None


@pytest.mark.parametrize("client_id", ["", "x" * 256, "a b", "a\n", "ä", "a?b", "a%20"])
def test_ids_that_may_not(db, client_id):
    assert "1 to 255" in client_details.find_fault_of_client_id(client_id)


def test_an_id_belongs_to_one_client(acme_app):
    assert client_details.find_fault_of_client_id(acme_app.application.client_id) == "Another client has this id."
