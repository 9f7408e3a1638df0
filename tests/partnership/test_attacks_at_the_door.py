"""Headers, secrets, ids and bodies that try the partner's door (docs/attacks.md, from row 136 on)."""

import json

import pytest
from django.test import Client

from partnership.models import PartnerSecret, Project
from tests.partnership.calls import NOBODYS, PARAMETER, WITH_IDS, send
from tests.partnership.clients import PartnerClient
from tests.statements import statements_sent


@pytest.mark.parametrize(
    "headers", [{"X-HTTP-Method-Override": "DELETE"}, {"X-HTTP-Method": "DELETE"}, {"X-Method-Override": "DELETE"}]
)
def test_attack_136_no_header_makes_another_method_of_a_post(globex, shop, headers):
    for query in ("", "?_method=DELETE", "?_HttpMethod=DELETE"):
        assert globex.post(f"{shop}{query}", {"_method": "DELETE"}, **headers).status == 405
    assert Project.objects.get(pk=shop).status == "active"


@pytest.mark.parametrize("form", ["{0}, {1}", "{1},{0}", "{1}, {1}", "Bearer {1}", "{1}\t{0}", " {0}{1}"])
def test_attack_137_of_two_secrets_none_is_taken(globex, initech, form):
    both = form.format(initech.secret, globex.secret)
    assert PartnerClient(globex.partner, both).get("catalog").status == 401


def test_attack_137_a_secret_counts_in_its_header_alone(globex):
    secret = globex.secret
    headers = {"Authorization": f"Bearer {secret}", "Cookie": f"X-Partnership-Secret={secret}"}
    path = f"{globex.base}/webhooks?X-Partnership-Secret={secret}&secret={secret}"
    assert Client(headers=headers).get(path).status_code == 401
    assert Client(headers=headers).post(path, {"X-Partnership-Secret": secret}, "application/json").status_code == 401


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP"])
def test_attack_138_a_header_is_no_address_that_a_secret_is_bound_to(globex, name):
    PartnerSecret.objects.update(networks="10.0.0.0/8")
    said = "for=10.0.0.1" if name == "Forwarded" else "10.0.0.1"
    assert globex.get("catalog", **{name: said}).status == 403


def test_attack_139_a_wrong_secret_and_an_unknown_partner_take_the_same_statements(globex, initech):
    def statements_of(partner_id, secret):
        with statements_sent() as sent:
            Client().get(f"/partnership/v1/{partner_id}/catalog", headers={"X-Partnership-Secret": secret})
        return sent

    guesses = [(globex.partner.pk, "gps_wrong"), ("ps_nobody000001", "gps_wrong"), (globex.partner.pk, "")]
    found = [statements_of(*guess) for guess in guesses]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 1


ODD = [
    "%00",
    "%ff%fe",
    "..%2f..%2fadmin",
    f"{{{NOBODYS}}}",
    f"urn:uuid:{NOBODYS}",
    "'%20OR%201=1--",
    "9" * 400,
    "%0d%0a",
]


@pytest.mark.parametrize(("method", "path"), WITH_IDS)
def test_attack_140_what_is_no_id_is_404_and_never_500(initech, method, path):
    for odd in ODD:
        response = send(initech, method, PARAMETER.sub(odd, path))
        assert response.status_code in (400, 404, 405), odd


@pytest.mark.parametrize(
    "raw",
    ["[" * 100_000, '{"project_name":' * 5_000, '{"project_name": ' + "9" * 6_000 + "}", '{"a": "\\ud800"}'],
)
def test_attack_141_a_body_that_breaks_a_parser_is_refused(globex, raw):
    headers = {"X-Partnership-Secret": globex.secret}
    response = Client().post(
        f"{globex.base}/sync-embedded-project", raw, content_type="application/json", headers=headers
    )
    assert response.status_code in (400, 422)
    assert not Project.objects.exists()


def test_attack_141_a_body_beyond_the_limit_is_413(globex):
    headers = {"X-Partnership-Secret": globex.secret}
    raw = json.dumps({"project_name": "Shop", "external_id": "x" * 2_000_000})
    response = Client().post(
        f"{globex.base}/sync-embedded-project", raw, content_type="application/json", headers=headers
    )
    assert response.status_code == 413


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fd00::1]/",
        "https://100.64.0.1/",
        "https://localhost./",
        "https://metadata.google.internal/",
        "https://hooks.globex.example\\@127.0.0.1/",
        "https://hooks.globex.example\t.evil.example/",
        "https://127。0。0。1/",
        "file:///etc/passwd",
        "gopher://hooks.globex.example/",
        "//hooks.globex.example/",
    ],
)
def test_attack_153_no_spelling_of_a_place_inside_is_an_endpoint(globex, url):
    assert globex.post("webhooks", {"url": url}).status == 422
    made = globex.post("webhooks", {"url": "https://hooks.globex.example/"})["webhook"]["id"]
    assert globex.ask("PATCH", f"webhooks/{made}", {"url": url}).status == 422
