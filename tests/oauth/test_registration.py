"""POST clients/register: clients that register themselves (RFC 7591; docs/attacks.md, rows 10, 35, 36, 87, 88)."""

import re

import pytest
from django.test import Client

from accounts.digests import digest
from oauth_provider import registration_queue
from oauth_provider.models import Application, Registration
from tests import cast
from tests.clients import AUTHORIZE, OAuthClient, answer, sent_back
from tests.oauth.openid import verified

REGISTER = "/api/oauth/v1/clients/register"
CALLBACK = "https://bookshelf.example/callback"
CONTRACT = {
    "name": "Bookshelf",
    "redirect_uris": [CALLBACK],
    "allowed_scopes": ["user:read", "projects:read"],
    "client_type": "confidential",
}
RFC_7591 = {
    "client_name": "Agent",
    "redirect_uris": ["http://127.0.0.1/callback"],
    "scope": "user:read projects:read",
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "application_type": "native",
    "client_uri": "https://agent.example/",
    "policy_uri": "https://agent.example/privacy",
    "tos_uri": "https://agent.example/terms",
    "software_id": "agent",
    "software_version": "1.0",
    "contacts": ["dev@agent.example"],
}


@pytest.fixture
def staff_approve(settings):
    """The default outside development."""
    settings.REGISTRATION = "staff"


@pytest.fixture
def anybody(settings):
    settings.REGISTRATION = "open"


def bearer(token):
    return {"Authorization": f"Bearer {token}"} if token else {}


def register(body, token=None):
    return answer(Client().post(REGISTER, body, content_type="application/json", headers=bearer(token)))


def token_of(person, client, **changes):
    return client.tokens_for(person, **changes)["access_token"]


def authorize(client_id, redirect_uri=CALLBACK):
    known = OAuthClient(Application.objects.get(client_id=client_id), redirect_uri=redirect_uri)
    return Client().get(f"{AUTHORIZE}?{known.authorize_query()}")


@pytest.mark.contract("oauth.md", "Other endpoints under /api/oauth/v1", "POST clients/register")
@pytest.mark.usefixtures("staff_approve")
def test_a_person_registers_by_the_contracts_names_and_staff_approve(alice, acme_cli):
    made = register(CONTRACT, token_of(alice, acme_cli))

    assert made.status == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"clf_[A-Za-z0-9_-]{22}", made["client_id"])
    assert (made["client_name"], made["redirect_uris"]) == ("Bookshelf", [CALLBACK])
    assert (made["scope"], made["allowed_scopes"]) == ("user:read projects:read", ["user:read", "projects:read"])
    assert (made["client_type"], made["token_endpoint_auth_method"]) == ("confidential", "client_secret_basic")
    assert (made["client_secret_expires_at"], made["status"]) == (0, "pending")
    assert made["registration_client_uri"] == f"http://localhost:8000{REGISTER}/{made['client_id']}"
    row = Registration.objects.get()
    assert (row.asked_by, row.asked_from, row.state) == (alice, "127.0.0.1", "pending")
    assert bytes(row.token_digest) == digest(made["registration_access_token"])
    assert bytes(row.application.secrets.get().digest) == digest(made["client_secret"])

    page = authorize(made["client_id"])
    assert (page.status_code, "waits for approval" in page.content.decode()) == (400, True)

    registration_queue.approve(row, None, row.asked_at)
    bookshelf = OAuthClient(row.application, made["client_secret"])
    assert bookshelf.profile(token_of(alice, bookshelf))["user"]["email"] == "alice@example.com"


def test_mcp_m13_a_program_on_this_machine_registers_itself_in_development(alice):
    made = register(RFC_7591)

    assert (made.status, made["status"], made["client_type"]) == (201, "active", "public")
    assert "client_secret" not in made.body
    for name in ("client_uri", "policy_uri", "tos_uri", "software_id", "software_version", "contacts"):
        assert made[name] == RFC_7591[name]
    application = Application.objects.get(client_id=made["client_id"])
    assert (application.kind, application.registration_source) == ("native", "dcr")
    agent = OAuthClient(application, redirect_uri="http://127.0.0.1:49152/callback")
    first = agent.tokens_for(alice)
    assert agent.refresh(first["refresh_token"])["refresh_token"] != first["refresh_token"]


@pytest.mark.parametrize("body", [CONTRACT, RFC_7591 | {"redirect_uris": ["http://127.0.0.1/cb", CALLBACK]}])
def test_in_development_the_rest_needs_a_person_and_waits(alice, acme_cli, body):
    assert (register(body).status, Registration.objects.count()) == (401, 0)
    assert register(body, token_of(alice, acme_cli))["status"] == "pending"


@pytest.mark.usefixtures("anybody")
def test_where_it_is_open_nobody_waits_and_no_token_is_needed(alice):
    made = register(CONTRACT)
    assert (made.status, made["status"], Registration.objects.get().asked_by) == (201, "active", None)
    bookshelf = OAuthClient(Application.objects.get(client_id=made["client_id"]), made["client_secret"])
    assert bookshelf.tokens_for(alice)["scope"] == "user:read"


def test_where_it_is_off_there_is_nothing_and_nothing_is_advertised(db, settings):
    settings.REGISTRATION = "off"
    assert register(RFC_7591).status == 404
    assert "registration_endpoint" not in Client().get("/.well-known/oauth-authorization-server").json()


@pytest.mark.usefixtures("staff_approve")
def test_attack_087_nobody_registers_anonymously_while_staff_approve(db):
    for body in (CONTRACT, RFC_7591):
        refused = register(body)
        assert (refused.status, refused.error) == (401, "invalid_token")
        assert "resource_metadata" in refused.headers["WWW-Authenticate"]
    assert not Application.objects.exists()


@pytest.mark.usefixtures("staff_approve")
def test_attack_087_until_staff_agree_the_client_is_nobody_anywhere(alice, acme_cli):
    made = register(CONTRACT, token_of(alice, acme_cli))
    client = OAuthClient(Application.objects.get(client_id=made["client_id"]), made["client_secret"])
    assert authorize(made["client_id"]).status_code == 400
    assert client.post_token(grant_type="client_credentials").error == "invalid_client"
    assert client.redeem("any code").error == "invalid_client"
    assert client.revoke("any token").error == "invalid_client"


@pytest.mark.usefixtures("staff_approve")
def test_a_machine_and_a_dead_token_register_nothing(alice, acme_cli, meter):
    machine = meter.post_token(grant_type="client_credentials")["access_token"]
    assert register(CONTRACT, machine).status == 403
    token = token_of(alice, acme_cli)
    acme_cli.revoke(token)
    assert register(CONTRACT, token).status == 401
    assert not Registration.objects.exists()


@pytest.mark.usefixtures("anybody")
def test_a_wrong_token_is_refused_even_where_none_is_needed(db):
    assert register(CONTRACT, "nobody's").status == 401


@pytest.mark.usefixtures("anybody")
class TestWhatIsRefused:
    """Attack 88 and what a stranger may not have."""

    def refused(self, **changes):
        made = register({**CONTRACT, **changes})
        assert (made.status, Application.objects.count()) == (400, 0), made.body
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", made["error_description"])
        assert made["message"] == made["error_description"]
        return made.error

    def test_attack_088_the_scope_of_machines(self, db):
        assert self.refused(allowed_scopes=["usage:write"]) == "invalid_client_metadata"
        made = register({**CONTRACT, "allowed_scopes": ["user:read", "usage:write"]})
        assert made["allowed_scopes"] == ["user:read"]

    def test_attack_088_a_secret_of_its_own(self, db):
        made = register({**CONTRACT, "client_secret": "chosen", "client_id": "clf_chosen"})
        assert (made.status, made["client_id"] != "clf_chosen") == (201, True)
        assert made["client_secret"].startswith("gcs_")

    def test_attack_088_a_thousand_addresses(self, db):
        uris = [f"https://bookshelf.example/{number}" for number in range(1000)]
        assert self.refused(redirect_uris=uris) == "invalid_redirect_uri"
        assert self.refused(redirect_uris=uris[:51]) == "invalid_redirect_uri"

    def test_attack_088_a_software_statement(self, db):
        assert self.refused(software_statement="eyJhbGciOiJub25lIn0.e30.") == "unapproved_software_statement"

    def test_attack_088_a_logo_elsewhere_is_never_fetched_nor_shown(self, alice, monkeypatch):
        monkeypatch.setattr("oauth_provider.safe_fetch.fetch", lambda *_a, **_k: pytest.fail("fetched"))
        made = register({**CONTRACT, "logo_uri": "https://evil.example/logo.png"})
        application = Application.objects.get(client_id=made["client_id"])
        assert (made["logo_uri"], bool(application.logo)) == ("https://evil.example/logo.png", False)
        page = OAuthClient(application).ask(cast.signed_in(alice))
        assert "evil.example" not in page.content.decode()

    @pytest.mark.parametrize("uri", ["javascript:alert(1)", "http://evil.example/logo", "data:image/png,x", "x" * 300])
    def test_attack_036_a_logo_that_is_no_https_address(self, db, uri):
        assert self.refused(logo_uri=uri) == "invalid_client_metadata"

    @pytest.mark.parametrize(
        "uri",
        ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://bookshelf.example/", "ftp://a.b/"],
    )
    def test_attack_010_addresses_that_run_read_or_go_in_clear(self, db, uri):
        assert self.refused(redirect_uris=[uri]) == "invalid_redirect_uri"

    @pytest.mark.parametrize("uri", ["vscode://a.b/cb", "com.example.app:/cb", "cursor://cb"])
    def test_mcp_m07_private_schemes_only_from_staff(self, db, uri):
        assert self.refused(redirect_uris=[uri], client_type="public") == "invalid_redirect_uri"

    @pytest.mark.parametrize("uris", [None, [], "https://a.example/", [1], {"a": 1}, ["https://a.example/#x"], [[]]])
    def test_addresses_that_are_none(self, db, uris):
        assert self.refused(redirect_uris=uris) == "invalid_redirect_uri"

    @pytest.mark.parametrize("name", [None, "", "x", "x" * 101, "Book\u202eshelf", 1, ["Bookshelf"], "x" * 10_240])
    def test_attack_035_names_that_hide_something(self, db, name):
        assert self.refused(name=name) == "invalid_client_metadata"

    def test_attack_035_a_look_alike_of_a_verified_client(self, db):
        cast.web_application("Acme", is_verified=True)
        made = register({**CONTRACT, "name": "Аcme"})
        assert (made.status, made.error) == (400, "invalid_client_metadata")
        assert "Acme" not in made["error_description"]
        assert register({**CONTRACT, "name": "Gatehouse"}).status == 400

    @pytest.mark.parametrize(
        "changes",
        [
            {"client_type": "secret"},
            {"token_endpoint_auth_method": "private_key_jwt"},
            {"token_endpoint_auth_method": "none"},
            {"grant_types": ["client_credentials"]},
            {"grant_types": "authorization_code"},
            {"response_types": ["token"]},
            {"allowed_scopes": "user:read"},
            {"allowed_scopes": ["everything"]},
            {"scope": ["user:read"]},
            {"application_type": "desktop"},
            {"client_uri": "javascript:alert(1)"},
            {"policy_uri": "http://bookshelf.example/"},
            {"tos_uri": "https://user@bookshelf.example/"},
            {"contacts": ["x"] * 6},
            {"contacts": ["x" * 300]},
            {"software_id": "x" * 101},
            {"software_id": "a\0b"},
            {"software_version": {"major": 1}},
        ],
    )
    def test_members_that_do_not_fit(self, db, changes):
        assert self.refused(**changes) == "invalid_client_metadata"

    @pytest.mark.parametrize("body", ["[]", "null", "{", '"x"', "", '{"name": "a", "name": "b"}', '{"a": "\\ud800"}'])
    def test_bodies_that_are_no_object(self, db, body):
        response = Client().post(REGISTER, body, content_type="application/json")
        assert response.status_code == 400
        assert not Application.objects.exists()

    def test_a_form_is_not_understood(self, db):
        assert answer(Client().post(REGISTER, CONTRACT)).status == 415


@pytest.mark.usefixtures("anybody")
def test_members_that_nobody_knows_are_ignored(db):
    made = register(
        {**CONTRACT, "jwks_uri": "https://a.example/", "jwks": {"keys": []}, "is_verified": True, "x": [{}]}
    )
    application = Application.objects.get(client_id=made["client_id"])
    assert (made.status, application.is_verified, application.allows_device_grant) == (201, False, False)
    assert "jwks_uri" not in made.body


@pytest.mark.usefixtures("anybody")
def test_absent_is_null_and_has_the_defaults_of_the_rfc(db):
    made = register({"client_name": "Bookshelf", "redirect_uris": [CALLBACK], "scope": None, "logo_uri": ""})
    assert (made["token_endpoint_auth_method"], made["grant_types"]) == (
        "client_secret_basic",
        ["authorization_code", "refresh_token"],
    )
    assert {"user:read", "projects:write"} <= set(made["allowed_scopes"])
    assert "usage:write" not in made["allowed_scopes"]


@pytest.mark.usefixtures("anybody")
def test_mcp_m26_scopes_and_grants_unknown_here_break_nothing(db):
    made = register({**RFC_7591, "scope": "user:read offline_access", "grant_types": ["authorization_code", "x"]})
    assert (made["scope"], made["grant_types"]) == ("user:read", ["authorization_code", "refresh_token"])


@pytest.mark.usefixtures("anybody")
@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"application_type": "native", "redirect_uris": [CALLBACK]}, "native"),
        ({"application_type": "web"}, "web"),
        ({"application_type": None}, "native"),
        ({"application_type": None, "redirect_uris": [CALLBACK]}, "web"),
        ({"application_type": "native", "token_endpoint_auth_method": "client_secret_post"}, "web"),
    ],
)
def test_mcp_m27_application_type_is_understood(db, changes, kind):
    made = register({**RFC_7591, **changes})
    assert (made.status, Application.objects.get(client_id=made["client_id"]).kind) == (201, kind)


def test_mcp_m11_a_registered_client_names_its_resource(alice):
    application = Application.objects.get(client_id=register(RFC_7591)["client_id"])
    agent = OAuthClient(application, redirect_uri="http://127.0.0.1:49152/callback")
    code = agent.code_for(alice, resource="http://localhost:8000/mcp")
    assert agent.redeem(code, resource="http://localhost:8000/mcp").status == 200
    refused = agent.ask(cast.signed_in(alice), resource="https://elsewhere.example/mcp")
    assert sent_back(refused)["error"] == "invalid_target"
    again = agent.code_for(alice)
    assert agent.redeem(again, resource="https://elsewhere.example/mcp").error == "invalid_target"


@pytest.mark.contract("oauth.md", "Discovery", "documents")
@pytest.mark.usefixtures("staff_approve")
def test_the_endpoint_is_advertised(db):
    metadata = Client().get("/.well-known/oauth-authorization-server").json()
    assert metadata["registration_endpoint"] == f"http://localhost:8000{REGISTER}"


@pytest.mark.usefixtures("anybody")
def test_an_address_and_a_person_register_so_many(alice, acme_cli, settings, later):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "registration": (2, 3600)}
    token = token_of(alice, acme_cli)
    assert [register(CONTRACT, token).status for _ in range(3)] == [201, 201, 429]
    over = Client().post(REGISTER, CONTRACT, content_type="application/json")
    assert (over.json()["error"], "Retry-After" in over.headers) == ("temporarily_unavailable", True)
    elsewhere = Client(REMOTE_ADDR="198.51.100.7").post(
        REGISTER, CONTRACT, content_type="application/json", headers=bearer(token)
    )
    assert elsewhere.status_code == 429  # the person's own
    later(seconds=3601)
    allowed = Client().post(REGISTER, CONTRACT, content_type="application/json")
    assert (allowed.status_code, allowed["RateLimit-Policy"]) == (201, '"registration";q=2;w=3600')


def test_what_waits_is_bounded(alice, acme_cli, settings, monkeypatch):
    settings.REGISTRATION = "staff"
    monkeypatch.setattr("oauth_provider.registration.MAX_PENDING", 1)
    token = token_of(alice, acme_cli)
    assert register(CONTRACT, token).status == 201
    refused = register(CONTRACT, token)
    assert (refused.status, refused.error) == (503, "temporarily_unavailable")
    assert Application.objects.filter(name="Bookshelf").count() == 1


@pytest.mark.usefixtures("anybody")
def test_twice_is_two_clients(db):
    ids = {register(CONTRACT)["client_id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.usefixtures("anybody")
def test_no_secret_and_no_token_in_the_log(db, caplog):
    made = register(CONTRACT)
    assert made["client_secret"] not in caplog.text
    assert made["registration_access_token"] not in caplog.text


def test_a_registered_client_signs_people_in_by_openid_connect(alice, anybody):
    made = register({**RFC_7591, "scope": "openid email", "post_logout_redirect_uris": ["http://127.0.0.1/bye"]})
    agent = OAuthClient(
        Application.objects.get(client_id=made["client_id"]), redirect_uri="http://127.0.0.1:1/callback"
    )
    tokens = agent.tokens_for(alice, scope="openid email", nonce="n")
    assert verified(tokens["id_token"], made["client_id"])["email"] == "alice@example.com"
    assert made["post_logout_redirect_uris"] == ["http://127.0.0.1/bye"]
    refused = register({**RFC_7591, "post_logout_redirect_uris": ["javascript:alert(1)"]})
    assert (refused.status, refused.error) == (400, "invalid_client_metadata")
