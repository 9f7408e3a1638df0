"""Resource servers elsewhere: audience, scopes, introspection. Source: oauth.md; RFC 8707, 7662, 9728."""

from urllib.parse import urlencode

import jwt
import pytest
from django.test import Client

from oauth_provider.models import ResourceScope, ResourceServer
from oauth_provider.protected_areas import AREAS
from tests import cast
from tests.clients import OAuthClient, answer, profile, sent_back
from tests.contract.routes import BEARER, BEARER_ACTION, STRANGERS, example
from tests.devices import enter
from tests.oauth.test_par import pushed, use

ISSUER = "http://localhost:8000"
SHOP = "https://shop.example/api"
INTROSPECT = "/api/oauth/v1/introspect"
POST_INTROSPECT = pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "POST introspect")
ACCESS_TOKEN = pytest.mark.contract("oauth.md", "token", "access token")


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


@pytest.fixture
def shop(db):
    """A resource server, and the client by which it introspects."""
    client = cast.web_application("Shop", redirect_uris="https://shop.example/callback", secret="gcs_" + "s" * 43)
    server = ResourceServer.objects.create(name="Shop", identifier=SHOP, audience="shop-api", client=client)
    ResourceScope.objects.create(resource_server=server, name="orders:read", text="See your orders")
    ResourceScope.objects.create(resource_server=server, name="orders:sync", text="Sync orders", machine_only=True)
    return OAuthClient(client, "gcs_" + "s" * 43)


@pytest.fixture
def buyer(shop):
    scopes = f"{cast.PRODUCT_SCOPES} orders:read"
    secret = "gcs_" + "b" * 43
    return OAuthClient(cast.web_application("Buyer", allowed_scopes=scopes, secret=secret), secret)


def introspect(client, token, *, form=False, **changes):
    body = {**client.credentials(), "token": token, **changes}
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    return answer(client.wire.post(INTROSPECT, urlencode(body) if form else body, content_type=kind))


@ACCESS_TOKEN
@pytest.mark.contract("oauth.md", "authorize", "resource")
def test_a_token_for_another_carries_its_audience_and_opens_nothing_of_ours(alice, buyer):
    first = buyer.tokens_for(alice, resource=SHOP, scope="user:read orders:read")
    again = buyer.refresh(first["refresh_token"])
    for token in (first["access_token"], again["access_token"]):
        assert claims(token)["aud"] == "shop-api"
        assert profile(token).status == 401
    assert claims(buyer.tokens_for(alice)["access_token"])["aud"] == "insforge-api"


def test_attack_077_the_token_endpoint_takes_the_granted_resource_alone(alice, buyer):
    ResourceServer.objects.create(name="Bank", identifier="https://bank.example", audience="bank")
    code = buyer.code_for(alice, resource=SHOP)
    for other in ("https://bank.example", ISSUER, f"{SHOP}/", "relative", f"{SHOP}#x"):
        assert buyer.redeem(code, resource=other).error == "invalid_target", other
    granted = buyer.redeem(code, resource=SHOP)
    assert granted.status == 200
    assert buyer.refresh(granted["refresh_token"], resource=ISSUER).error == "invalid_target"
    assert claims(buyer.refresh(granted["refresh_token"], resource=SHOP)["access_token"])["aud"] == "shop-api"


def test_attack_077_what_was_granted_for_us_is_not_for_another(alice, buyer):
    for asked in (None, ISSUER):
        granted = buyer.tokens_for(alice, resource=asked)
        assert buyer.refresh(granted["refresh_token"], resource=SHOP).error == "invalid_target"
        assert buyer.refresh(granted["refresh_token"], resource=f"{ISSUER}/projects/v1").status == 200


@pytest.mark.parametrize("resource", ["https://unknown.example", "shop", f"{SHOP}#x", f"{SHOP}/", SHOP.upper()])
def test_attack_077_an_unknown_resource(alice, buyer, meter, resource):
    assert sent_back(buyer.ask(cast.signed_in(alice), resource=resource))["error"] == "invalid_target"
    assert meter.post_token(grant_type="client_credentials", resource=resource).error == "invalid_target"


@pytest.mark.parametrize("endpoint", ["par", "token", "device_authorization"])
def test_two_resources_are_one_too_many_in_a_body_too(acme_app, endpoint):
    body = urlencode([*acme_app.credentials().items(), ("resource", SHOP), ("resource", SHOP)])
    path = f"/api/oauth/v1/{endpoint}"
    said = answer(acme_app.wire.post(path, body, content_type="application/x-www-form-urlencoded"))
    assert (said.status, said.error) == (400, "invalid_target")
    twice = answer(acme_app.wire.post(path, f"{body}&x=1&x=2", content_type="application/x-www-form-urlencoded"))
    assert (twice.status, twice.error) == (400, "invalid_request")


def test_a_scope_of_a_resource_server_is_one_only_in_a_request_for_it(alice, buyer, acme_app):
    browser = cast.signed_in(alice)
    assert sent_back(buyer.ask(browser, scope="orders:read"))["error"] == "invalid_scope"
    assert sent_back(buyer.ask(browser, scope="orders:sync", resource=SHOP))["error"] == "invalid_scope"
    assert sent_back(acme_app.ask(browser, scope="orders:read", resource=SHOP))["error"] == "invalid_scope"
    page = buyer.ask(browser, scope="orders:read", resource=SHOP).content.decode()
    assert "See your orders" in page
    assert "<strong>Shop</strong>" in page


def test_a_pushed_request_keeps_its_resource(alice, buyer):
    browser = cast.signed_in(alice)
    page = use(browser, buyer.application.client_id, pushed(buyer, resource=SHOP), resource=ISSUER)
    token = buyer.redeem(sent_back(buyer.allow(browser, page))["code"])["access_token"]
    assert claims(token)["aud"] == "shop-api"


def test_a_device_keeps_its_resource(alice, acme_tv, shop):
    acme_tv.application.allowed_scopes += " orders:read"
    acme_tv.application.save()
    device_code = acme_tv.code_allowed_by(alice, scope="orders:read", resource=SHOP)
    assert acme_tv.poll(device_code, resource=ISSUER).error == "invalid_target"
    assert claims(acme_tv.poll(device_code)["access_token"])["aud"] == "shop-api"


def test_a_devices_page_says_where_its_tokens_are_for(alice, acme_tv, shop):
    browser = cast.signed_in(alice)
    for resource, is_named in ((SHOP, True), (ISSUER, False)):
        codes = acme_tv.ask_for_codes(resource=resource)
        assert ("<strong>Shop</strong>" in enter(browser, codes["user_code"]).content.decode()) is is_named


def test_a_machine_gets_a_token_for_another(meter, shop):
    meter.application.allowed_scopes = "usage:write orders:sync orders:read"
    meter.application.save()
    said = meter.post_token(grant_type="client_credentials", resource=SHOP, scope="orders:sync")
    assert claims(said["access_token"])["aud"] == "shop-api"
    for changes in ({"scope": "orders:sync"}, {"scope": "orders:read", "resource": SHOP}):
        assert meter.post_token(grant_type="client_credentials", **changes).error == "invalid_scope"


def test_attack_059_only_machines_have_client_credentials_and_no_person_is_in_them(meter, acme_app, acme_cli):
    for client in (acme_app, acme_cli):
        said = client.post_token(grant_type="client_credentials", scope="user:read")
        assert (said.status, said.error) == (400, "unauthorized_client")
    said = claims(meter.post_token(grant_type="client_credentials")["access_token"])
    assert said["sub"] == said["client_id"] == meter.application.client_id
    assert set(said) == {"sub", "role", "client_id", "scope", "iat", "exp", "iss", "aud", "jti"}


@POST_INTROSPECT
@pytest.mark.contract("oauth.md", "token", "no-store")
@pytest.mark.parametrize("form", [False, True])
def test_a_live_token_is_told_about_with_its_audience(alice, buyer, shop, acme_app, meter, form):
    mine = buyer.tokens_for(alice, resource=SHOP)["access_token"]
    others = acme_app.tokens_for(alice)["access_token"]
    machine = meter.post_token(grant_type="client_credentials")["access_token"]
    for token in (mine, others, machine):
        said = introspect(shop, token, form=form)
        assert (said.status, said.body) == (200, {"active": True, "token_type": "Bearer", **claims(token)})
        assert said.headers["Cache-Control"] == "no-store"


def test_attack_079_a_dead_token_is_inactive_and_nothing_else(alice, buyer, shop, later):
    live = buyer.tokens_for(alice, resource=SHOP)
    forged = live["access_token"].rpartition(".")[0] + "." + "A" * 86
    for token in ("x", "é", live["refresh_token"], forged):
        assert introspect(shop, token).body == {"active": False}
    buyer.revoke(live["access_token"])
    assert introspect(shop, live["access_token"]).body == {"active": False}
    expiring = buyer.tokens_for(alice, resource=SHOP)["access_token"]
    later(seconds=3601)
    assert introspect(shop, expiring).body == {"active": False}


@pytest.mark.parametrize("end", ["client", "person"])
def test_attack_079_ends_elsewhere_show_at_once(alice, buyer, shop, end):
    token = buyer.tokens_for(alice, resource=SHOP)["access_token"]
    row, switch = (buyer.application, "is_enabled") if end == "client" else (alice, "is_active")
    setattr(row, switch, False)
    row.save()
    assert introspect(shop, token).body == {"active": False}


def test_attack_079_nobody_else_may_ask(alice, buyer, shop, acme_cli):
    token = buyer.tokens_for(alice, resource=SHOP)["access_token"]
    assert introspect(buyer, token).status == 403
    assert introspect(acme_cli, token).status == 403
    assert introspect(shop, token, client_secret="wrong").status == 401
    assert answer(Client().post(INTROSPECT, {"token": token}, content_type="application/json")).status == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert (
        Client().post(INTROSPECT, {"token": token}, content_type="application/json", headers=bearer).status_code == 401
    )
    ResourceServer.objects.update(client=acme_cli.application)
    assert introspect(acme_cli, token).status == 403


@POST_INTROSPECT
def test_a_question_without_a_token(shop):
    assert (introspect(shop, "").status, introspect(shop, "").error) == (400, "invalid_request")


def test_a_resource_server_taken_away_takes_its_tokens_along(alice, buyer, shop):
    token = buyer.tokens_for(alice, resource=SHOP)
    ResourceServer.objects.all().delete()
    assert buyer.refresh(token["refresh_token"]).error == "invalid_grant"


def test_attack_098_only_what_a_person_can_grant_is_listed(shop):
    metadata = Client().get("/.well-known/oauth-authorization-server").json()
    assert "orders:read" in metadata["scopes_supported"]
    assert "orders:sync" not in metadata["scopes_supported"]
    assert metadata["introspection_endpoint"].endswith(INTROSPECT)
    assert "none" not in metadata["introspection_endpoint_auth_methods_supported"]


GUARDED = sorted(route for route, row in STRANGERS.items() if row in (BEARER, BEARER_ACTION) or "userinfo" in route)


@pytest.mark.contract("oauth.md", "Discovery", "protected resource")
@pytest.mark.parametrize("route", GUARDED)
def test_mcp_m23_a_refusal_names_the_document_of_its_area(db, route):
    path = example(route)
    challenge = Client().generic(STRANGERS[route].method, path)["WWW-Authenticate"]
    named = challenge.partition('resource_metadata="')[2].partition('"')[0]
    document = Client().get(named.removeprefix(ISSUER)).json()
    assert named == document["resource"].replace(ISSUER, f"{ISSUER}/.well-known/oauth-protected-resource", 1)
    assert f"{ISSUER}{path}".startswith(document["resource"])
    assert document["authorization_servers"] == [ISSUER]


@pytest.mark.parametrize("area", AREAS)
def test_mcp_m23_an_area_lists_what_a_person_can_grant_for_it(db, area):
    below = Client().get(f"/.well-known/oauth-protected-resource{area}/further/down").json()
    assert below["resource"] == f"{ISSUER}{area}/further/down"
    assert below["scopes_supported"] == list(AREAS[area])


@pytest.mark.parametrize("path", ["/auth", "/auth/v10", "/partnership/v1", "/account", "/%00"])
def test_mcp_m23_no_document_where_no_tokens_are_taken(db, path):
    assert Client().get(f"/.well-known/oauth-protected-resource{path}").status_code == 404


def test_mcp_m24_the_missing_scope_is_named_and_a_second_authorize_steps_up(alice, acme_app):
    token = acme_app.tokens_for(alice)["access_token"]
    refused = Client().get("/organizations/v1", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 403
    assert 'error="insufficient_scope", scope="organizations:read"' in refused["WWW-Authenticate"]
    assert "/oauth-protected-resource/organizations/v1" in refused["WWW-Authenticate"]
    more = acme_app.tokens_for(alice, scope="user:read organizations:read")["access_token"]
    assert Client().get("/organizations/v1", headers={"Authorization": f"Bearer {more}"}).status_code == 200


def test_mcp_m25_the_wider_scope_counts_for_the_narrower(alice, acme_app):
    token = acme_app.tokens_for(alice, scope="projects:write")["access_token"]
    organization = alice.memberships.get().organization_id
    path = f"/organizations/v1/{organization}/projects"
    assert Client().get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 200
