"""GET authorize, row by row of the contract's table."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from oauth_provider.models import Code
from tests.cast import native_application, signed_in, web_application
from tests.clients import AUTHORIZE, CHALLENGE, OAuthClient, sent_back

ISSUER = "http://localhost:8000"


@pytest.fixture
def browser(alice):
    return signed_in(alice)


def assert_page(response):
    assert response.status_code == 400
    assert "Location" not in response
    assert response["Content-Type"].startswith("text/html")


@pytest.mark.contract("oauth.md", "authorize", "client_id")
@pytest.mark.parametrize("client_id", [None, "", "clf_unknown", "clf_\0", "%ff", "' OR 1=1"])
def test_attack_001_an_unknown_client_gets_a_page(browser, acme_app, client_id):
    assert_page(acme_app.ask(browser, client_id=client_id))


def test_attack_001_bytes_that_are_no_text_name_no_client(browser, acme_app):
    assert_page(browser.get(f"{AUTHORIZE}?client_id=%ff%fe&redirect_uri=x"))


@pytest.mark.contract("oauth.md", "authorize", "client_id")
def test_attack_002_a_disabled_client_gets_a_page(browser, acme_app):
    acme_app.application.is_enabled = False
    acme_app.application.save()
    assert_page(acme_app.ask(browser))


@pytest.mark.contract("oauth.md", "authorize", "redirect_uri")
def test_attack_003_an_unregistered_address_is_shown_and_not_linked(browser, acme_app):
    response = acme_app.ask(browser, redirect_uri="https://evil.example/steal")
    assert_page(response)
    assert "https://evil.example/steal" in response.content.decode()
    assert 'href="https://evil.example' not in response.content.decode()


NEAR_MISSES = [
    "https://acme.example/callback/more",
    "https://acme.example/callback?x=1",
    "https://acme.example/callback#x",
    "https://acme.example@evil.example/callback",
    "https://acme.example\\@evil.example/callback",
    "https://acme.example/%2e%2e/callback",
    "https://ACME.example/callback",
    "https://acme.example./callback",
    "https://acme.example/callback/",
    "http://acme.example/callback",
    " https://acme.example/callback",
]


@pytest.mark.parametrize("address", NEAR_MISSES)
def test_attack_004_almost_registered_is_not_registered(browser, acme_app, address):
    assert_page(acme_app.ask(browser, redirect_uri=address))


@pytest.mark.parametrize(
    "address",
    ["https://acme.example.evil.com/callback", "https://evil.com/?https://acme.example/callback"],
)
def test_attack_005_a_registered_name_inside_another(browser, acme_app, address):
    assert_page(acme_app.ask(browser, redirect_uri=address))


@pytest.mark.contract("oauth.md", "authorize", "redirect_uri")
def test_attack_006_the_only_registered_address_must_still_be_sent(browser, acme_app):
    assert_page(acme_app.ask(browser, redirect_uri=None))


@pytest.mark.contract("oauth.md", "Clients", "loopback")
def test_attack_007_a_loopback_port_is_free(browser, acme_cli):
    assert acme_cli.ask(browser, redirect_uri="http://127.0.0.1:1/callback").status_code == 200
    assert acme_cli.ask(browser, redirect_uri="http://127.0.0.1:65535/callback").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/other",
        "http://127.0.0.2:1/callback",
        "https://127.0.0.1:1/callback",
        "http://127.0.0.1:1/callback?x",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:08/callback",
    ],
)
def test_attack_007_nothing_else_of_a_loopback_address_is_free(browser, acme_cli, address):
    assert_page(acme_cli.ask(browser, redirect_uri=address))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1.evil.com/callback",
        "http://127.0.0.1@evil.com/callback",
        "http://127.0.0.1:80@evil.com/callback",
        "http://2130706433/callback",
        "http://0.0.0.0/callback",
    ],
)
def test_attack_008_what_only_looks_like_loopback(browser, acme_cli, address):
    assert_page(acme_cli.ask(browser, redirect_uri=address))


def test_attack_009_loopback_names_are_not_each_other(browser, db):
    names = ["127.0.0.1", "localhost", "[::1]"]
    for name in names:
        cli = OAuthClient(native_application(name, redirect_uris=f"http://{name}/callback"))
        for asked in names:
            response = cli.ask(browser, redirect_uri=f"http://{asked}:5000/callback")
            assert response.status_code == (200 if asked == name else 400)


@pytest.mark.contract("oauth.md", "authorize", "response_type")
@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "none", "CODE"])
def test_attack_012_only_codes_are_given(browser, acme_app, response_type):
    assert sent_back(acme_app.ask(browser, response_type=response_type))["error"] == "unsupported_response_type"


@pytest.mark.parametrize("response_type", ["", None])
def test_attack_012_a_missing_response_type(browser, acme_app, response_type):
    assert sent_back(acme_app.ask(browser, response_type=response_type))["error"] == "invalid_request"


@pytest.mark.parametrize("mode", ["fragment", "form_post", "web_message"])
def test_attack_013_a_code_never_goes_into_a_fragment(browser, acme_app, mode):
    response = acme_app.ask(browser, response_mode=mode)
    assert sent_back(response)["error"] == "invalid_request"
    assert "#" not in response["Location"]


@pytest.mark.contract("oauth.md", "authorize", "code_challenge")
def test_attack_014_no_challenge_no_page(browser, acme_app):
    assert sent_back(acme_app.ask(browser, code_challenge=None))["error"] == "invalid_request"


@pytest.mark.contract("oauth.md", "authorize", "code_challenge_method")
@pytest.mark.parametrize("method", ["plain", "s256", "", None])
def test_attack_015_only_s256(browser, acme_app, method):
    assert sent_back(acme_app.ask(browser, code_challenge_method=method))["error"] == "invalid_request"


@pytest.mark.parametrize("challenge", ["A" * 42, "A" * 44, "A" * 43 + "=", "A" * 42 + "+", "A" * 42 + "\n", "Ä" * 43])
def test_attack_016_a_challenge_is_43_base64url_characters(browser, acme_app, challenge):
    assert sent_back(acme_app.ask(browser, code_challenge=challenge))["error"] == "invalid_request"


@pytest.mark.contract("oauth.md", "authorize", "repeated")
@pytest.mark.parametrize(
    "name", ["scope", "state", "response_type", "code_challenge", "code_challenge_method", "nonce"]
)
def test_attack_018_a_parameter_twice(browser, acme_app, name):
    query = acme_app.authorize_query(nonce="n") + "&" + urlencode({name: "again"})
    back = sent_back(browser.get(f"{AUTHORIZE}?{query}"))
    assert back["error"] == "invalid_request"
    assert ("state" in back) is (name != "state")


@pytest.mark.contract("oauth.md", "authorize", "resource")
def test_two_resources_are_one_too_many(browser, acme_app):
    query = acme_app.authorize_query(resource=ISSUER) + "&" + urlencode({"resource": f"{ISSUER}/projects/v1"})
    assert sent_back(browser.get(f"{AUTHORIZE}?{query}"))["error"] == "invalid_target"
    assert sent_back(browser.get(f"{AUTHORIZE}?{query}&scope=again"))["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_attack_018_who_asks_or_where_to_twice_is_a_page(browser, acme_app, name):
    query = acme_app.authorize_query()
    again = parse_qs(query)[name][0]
    assert_page(browser.get(f"{AUTHORIZE}?{query}&{urlencode({name: again})}"))


def test_attack_018_a_consent_answer_with_a_query_is_refused(browser, acme_app):
    acme_app.ask(browser)
    response = browser.post(f"{AUTHORIZE}?{acme_app.authorize_query()}", {"answer": "allow"})
    assert response.status_code == 400
    assert not Code.objects.exists()


@pytest.mark.contract("oauth.md", "authorize", "state")
@pytest.mark.parametrize(
    "state", ["x:popup", "a&b=c", "#frag", "r\r\nSet-Cookie: a=b", "ünïcödé", "a b+c", "%2f", "x" * 2048]
)
def test_attack_019_state_comes_back_byte_for_byte(alice, acme_app, state):
    browser = signed_in(alice)
    response = acme_app.allow(browser, acme_app.ask(browser, state=state))
    assert sent_back(response)["state"] == state
    assert not response.cookies


def test_attack_019_state_need_not_be_text(browser, acme_app):
    query = acme_app.authorize_query(state=None) + "&state=%ff%00%fe"
    response = acme_app.allow(browser, browser.get(f"{AUTHORIZE}?{query}"))
    assert "state=%FF%00%FE" in response["Location"]


@pytest.mark.contract("oauth.md", "authorize", "state")
def test_attack_019_a_long_state_is_refused_and_not_repeated(browser, acme_app):
    back = sent_back(acme_app.ask(browser, state="x" * 2049))
    assert back["error"] == "invalid_request"
    assert "state" not in back


@pytest.mark.contract("oauth.md", "authorize", "state")
@pytest.mark.parametrize("state", [None, ""])
def test_a_missing_state_is_refused(browser, acme_app, state):
    assert sent_back(acme_app.ask(browser, state=state))["error"] == "invalid_request"


@pytest.mark.contract("oauth.md", "Scopes", "usage:write")
@pytest.mark.contract("oauth.md", "authorize", "scope")
@pytest.mark.parametrize("scope", ["admin", "user:read admin", "usage:write", "", " ", "user:read,projects:read"])
def test_attack_020_a_scope_that_nobody_may_grant(browser, acme_app, scope):
    assert sent_back(acme_app.ask(browser, scope=scope))["error"] == "invalid_scope"


def test_attack_020_a_scope_that_this_client_may_not_ask_for(browser, db):
    reader = OAuthClient(web_application(allowed_scopes="user:read"))
    assert sent_back(reader.ask(browser, scope="projects:read"))["error"] == "invalid_scope"


@pytest.mark.contract("oauth.md", "authorize", "scope")
def test_no_scope_means_the_clients_default(alice, acme_app):
    assert acme_app.tokens_for(alice, scope=None)["scope"] == "user:read"


@pytest.mark.contract("oauth.md", "Scopes", "projects:write")
@pytest.mark.contract("oauth.md", "authorize", "scope")
def test_write_includes_read(alice, db):
    writer = OAuthClient(web_application(allowed_scopes="projects:write"), "gcs_" + "a" * 43)
    assert writer.tokens_for(alice, scope="projects:read")["scope"] == "projects:read"


def test_attack_021_prompt_none_without_a_session(acme_app, db):
    assert sent_back(acme_app.ask(Client(), prompt="none"))["error"] == "login_required"


def test_attack_021_prompt_none_without_a_consent(browser, acme_app):
    assert sent_back(acme_app.ask(browser, prompt="none"))["error"] == "consent_required"


@pytest.mark.contract("oauth.md", "authorize", "nonce")
def test_prompt_none_with_a_remembered_consent(alice, browser, acme_app):
    acme_app.code_for(alice)
    assert "code" in sent_back(acme_app.ask(browser, prompt="none"))


@pytest.mark.parametrize("prompt", ["none login", "create", "login bogus"])
def test_a_prompt_that_contradicts_itself(browser, acme_app, prompt):
    assert sent_back(acme_app.ask(browser, prompt=prompt))["error"] == "invalid_request"


@pytest.mark.parametrize("ask", [{"prompt": "login"}, {"max_age": "0"}])
def test_attack_022_a_fresh_sign_in_really_happens(alice, acme_app, ask):
    browser = signed_in(alice, at=1_700_000_000)
    response = acme_app.ask(browser, **ask)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/reauthenticate/?next=%2Fcontinue%2F")


def test_attack_022_auth_time_moves(alice, acme_app):
    browser = signed_in(alice, at=1_700_000_000)
    there = acme_app.ask(browser, prompt="login")["Location"]
    back = browser.post(there, {"password": "correct horse battery"})
    page = browser.get(browser.get(back["Location"]).context["target"])
    acme_app.allow(browser, page)
    assert Code.objects.get().authenticated_at.timestamp() > 1_700_000_000 + 60


@pytest.mark.parametrize("max_age", ["-1", "1.5", "x", "٣", "1" * 10])
def test_a_max_age_that_is_no_number(browser, acme_app, max_age):
    assert sent_back(acme_app.ask(browser, max_age=max_age))["error"] == "invalid_request"


def test_attack_023_request_objects_are_refused_and_never_fetched(browser, acme_app):
    assert sent_back(acme_app.ask(browser, request="ey.ey."))["error"] == "request_not_supported"
    back = sent_back(acme_app.ask(browser, request_uri="http://127.0.0.1:1/x"))
    assert back["error"] == "request_uri_not_supported"


@pytest.mark.contract("oauth.md", "authorize", "approved")
@pytest.mark.contract("oauth.md", "authorize", "cancelled")
def test_attack_024_the_issuer_is_in_every_answer(browser, acme_app):
    refused = sent_back(acme_app.ask(browser, scope="admin"))
    cancelled = sent_back(acme_app.allow(browser, acme_app.ask(browser), choice="cancel"))
    allowed = sent_back(acme_app.allow(browser, acme_app.ask(browser)))
    metadata = browser.get("/.well-known/oauth-authorization-server").json()
    assert refused["iss"] == cancelled["iss"] == allowed["iss"] == metadata["issuer"] == ISSUER


def test_attack_025_what_the_address_says_itself_is_replaced(browser, db):
    address = "https://acme.example/cb?tenant=7&code=x&state=y&iss=z&error=e"
    odd = OAuthClient(web_application(redirect_uris=address))
    back = sent_back(odd.allow(browser, odd.ask(browser)))
    assert back["tenant"] == "7"
    assert (back["state"], back["iss"], back["code"] == "x", "error" in back) == ("the-state", ISSUER, False, False)


@pytest.mark.contract("oauth.md", "authorize", "error_description")
@pytest.mark.parametrize(
    "change",
    [
        {"scope": "<script>"},
        {"response_type": "<b>&"},
        {"code_challenge": "<i>"},
        {"max_age": "<u>"},
        {"resource": "http://<x>"},
        {"prompt": "<p>"},
    ],
)
def test_attack_026_a_description_reflects_nothing(browser, acme_app, change):
    description = sent_back(acme_app.ask(browser, **change))["error_description"]
    assert not set(description) & set("<>&\"'\\")
    assert description.isascii()
    assert next(iter(change.values())) not in description


@pytest.mark.contract("oauth.md", "authorize", "resource")
@pytest.mark.parametrize("resource", ["https://other.example", "relative", "", f"{ISSUER}#x", f"{ISSUER}.evil.example"])
def test_a_resource_that_is_not_ours(browser, acme_app, resource):
    assert sent_back(acme_app.ask(browser, resource=resource))["error"] == "invalid_target"


@pytest.mark.contract("oauth.md", "authorize", "resource")
def test_our_own_urls_are_a_resource(alice, acme_app):
    assert acme_app.tokens_for(alice, resource=f"{ISSUER}/projects/v1").status == 200


def test_a_stranger_is_sent_to_sign_in_and_the_request_is_kept(acme_app, db):
    stranger = Client()
    response = acme_app.ask(stranger, login_hint="alice@example.com")
    there = urlsplit(response["Location"])
    assert there.path == "/accounts/login/"
    assert parse_qs(there.query)["next"][0].startswith("/continue/")
    assert len(response["Location"]) < 200


@pytest.mark.contract("oauth.md", "authorize", "pages")
@pytest.mark.contract("oauth.md", "authorize", "popup")
def test_the_answer_is_not_kept_by_caches(browser, acme_app):
    page = acme_app.ask(browser)
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert "no-store" in acme_app.allow(browser, page)["Cache-Control"]


def test_attack_033_the_way_back_is_302(browser, acme_app):
    assert acme_app.allow(browser, acme_app.ask(browser)).status_code == 302


def test_a_machine_client_may_not_ask_people(browser, meter):
    meter.application.redirect_uris = "https://meter.example/cb"
    meter.application.save()
    assert sent_back(meter.ask(browser, redirect_uri="https://meter.example/cb"))["error"] == "unauthorized_client"


def test_attack_017_a_removed_challenge_never_gives_a_token(alice, acme_app):
    browser = signed_in(alice)
    assert "error" in sent_back(acme_app.ask(browser, code_challenge=None, code_challenge_method=None))
    code = acme_app.code_for(alice, code_challenge="B" * 43)
    assert acme_app.redeem(code).error == "invalid_grant"
    assert CHALLENGE != "B" * 43
