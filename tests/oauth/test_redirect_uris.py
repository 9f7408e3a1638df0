import pytest

from oauth_provider.redirect_uris import MAX_COUNT, find_fault, find_faults, matches

HTTPS = "https://acme.example/callback"
LOOPBACK = "http://127.0.0.1/callback"


def fault(uri: str, client_type: str = "public", *, from_staff: bool = True) -> str | None:
    return find_fault(uri, client_type=client_type, from_staff=from_staff)


@pytest.mark.contract("oauth.md", "Clients", "redirect URIs")
@pytest.mark.parametrize(
    "uri",
    [
        HTTPS,
        "https://acme.example",
        "https://acme.example:8443/callback?tenant=1&x=%20",
        "https://xn--bcher-kva.example/cb",
        "https://intranet/cb",
        "https://10.1.2.3/cb",
        "https://[2001:db8::1]:8443/cb",
        "https://localhost:3000/cb",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1/callback",
        "http://localhost:65535/callback",
        "http://[::1]:4000/callback",
        "vscode://publisher.extension/callback",
        "com.example.app:/oauth2redirect",
        "com.example.app://oauth2redirect",
    ],
)
def test_what_a_public_client_may_register(uri):
    assert fault(uri) is None


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("", "not absolute"),
        ("/callback", "not absolute"),
        ("acme.example/callback", "not absolute"),
        ("//acme.example/callback", "not absolute"),
        ("https:/acme.example/callback", "not absolute"),
        ("https:acme.example", "not absolute"),
        ("https:///callback", "not absolute"),
        ("HTTPS://acme.example/callback", "lower case"),
        ("https://Acme.example/callback", "lower case"),
        ("http://acme.example/callback", "http only for 127.0.0.1, [::1], localhost"),
        ("http://127.0.0.1.evil.example/", "http only for"),
        ("http://2130706433/", "http only for"),
        ("http://0.0.0.0/", "http only for"),
        ("http://127.1/", "http only for"),
        ("http://[::ffff:127.0.0.1]/", "http only for"),
        ("http://[0:0:0:0:0:0:0:1]/", "http only for"),
        ("http://localhost./callback", "http only for"),
        ("http://LOCALHOST/callback", "http only for"),
        ("http://127.0.0.1@evil.example/", "user info"),
        ("https://alice:pw@acme.example/", "user info"),
        ("https://acme.example/callback#", "fragment"),
        ("https://acme.example/callback#x", "fragment"),
        ("https://*.acme.example/callback", "wildcard"),
        ("https://acme.example/*", "wildcard"),
        ("https://acme.example/a/../callback", ".."),
        ("https://acme.example/%2E%2e/callback", ".."),
        ("https://acme.example/..", ".."),
        ("https://acme.example/call back", "space"),
        ("https://acme.example/callback\n", "space"),
        ("https://acme.example/call\x00back", "control"),
        ("https://acme.example\\@evil.example/", "backslash"),
        ("https://bücher.example/cb", "percent-encoded"),
        ("https://acme.example/%zz", "percent-encoded"),
        ("https://acme.example./callback", "host name"),
        ("https://acme..example/callback", "host name"),
        ("https://-acme.example/callback", "host name"),
        ("https://acme.example;script-src/cb", "host name"),
        ("https://2130706433/", "IP address"),
        ("https://0x7f000001/", "IP address"),
        ("https://0177.0.0.1/", "IP address"),
        ("https://0.0.0.0/", "IP address"),
        ("https://[::]/", "IP address"),
        ("https://[fe80::1%25eth0]/", "IP address"),
        ("https://acme.example:/callback", "port"),
        ("https://acme.example:0/callback", "port"),
        ("https://acme.example:080/callback", "port"),
        ("https://acme.example:65536/callback", "port"),
        ("vscode:", "not absolute"),
        ("vscode://", "not absolute"),
        ("vscode:///callback", "not absolute"),
        ("vscode://alice@extension/", "user info"),
        ("VSCODE://extension/", "PRIVATE_REDIRECT_SCHEMES"),
        ("slack://callback", "PRIVATE_REDIRECT_SCHEMES"),
    ],
)
def test_each_refusal_has_its_reason(uri, reason):
    assert reason in (fault(uri) or "accepted")


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "JavaScript:/alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://a.example/"]
)
def test_attack_010_schemes_that_run_or_read_are_refused(uri, settings):
    settings.PRIVATE_REDIRECT_SCHEMES = ["javascript", "data", "file", "ftp"]
    assert fault(uri) == "this scheme is never allowed"


def test_attack_010_http_off_loopback_is_refused():
    assert fault("http://acme.example/callback", "confidential") == "http only for 127.0.0.1, [::1], localhost"


def test_attack_011_a_private_scheme_needs_a_public_client():
    assert fault("vscode://extension/", "confidential") == "private scheme needs a public client"


def test_private_schemes_come_from_staff_alone():
    assert fault("vscode://extension/", from_staff=False) == "only staff register private schemes"
    assert fault(HTTPS, from_staff=False) is None
    assert fault(LOOPBACK, from_staff=False) is None


def test_an_operator_lists_further_schemes(settings):
    settings.PRIVATE_REDIRECT_SCHEMES = ["slack"]
    assert fault("slack://callback") is None
    assert fault("vscode://extension/") is not None


def test_length_is_bounded():
    longest = HTTPS + "/" + "x" * (2000 - len(HTTPS) - 1)
    assert fault(longest) is None
    assert "2000" in (fault(longest + "x") or "accepted")


def test_faults_come_by_line_and_name_repeated_addresses():
    faults = find_faults([HTTPS, "http://acme.example/", HTTPS], client_type="confidential", from_staff=True)
    assert faults == {1: "http only for 127.0.0.1, [::1], localhost", 2: "the same address stands above"}


def test_a_list_has_an_end():
    lines = [f"https://acme.example/{number}" for number in range(MAX_COUNT + 1)]
    assert list(find_faults(lines, client_type="public", from_staff=True)) == [MAX_COUNT]


def test_the_registered_address_matches_itself():
    assert matches(HTTPS, HTTPS)


@pytest.mark.parametrize(
    "requested",
    [
        "https://acme.example/callback/",
        "https://acme.example/callback/more",
        "https://acme.example/callback?x=1",
        "https://acme.example/callback#x",
        "https://alice@acme.example/callback",
        "https://acme.example\\@evil.example/callback",
        "https://acme.example/x/%2e%2e/callback",
        "https://ACME.example/callback",
        "https://acme.example./callback",
        "https://acme.example:443/callback",
        "https://acme.example:8443/callback",
        "http://acme.example/callback",
        "https://acme.example.evil.example/callback",
        "https://evil.example/?https://acme.example/callback",
        "",
    ],
)
def test_attack_004_and_005_nothing_else_matches_https(requested):
    assert not matches(requested, HTTPS)


@pytest.mark.parametrize("port", ["", ":1", ":80", ":53123", ":65535"])
@pytest.mark.parametrize("registered", [LOOPBACK, "http://127.0.0.1:4000/callback"])
def test_attack_007_any_port_of_a_loopback_address_matches(port, registered):
    assert matches(f"http://127.0.0.1{port}/callback", registered)


@pytest.mark.parametrize(
    "requested",
    [
        "http://127.0.0.1:53123/other",
        "http://127.0.0.1:53123/callback/",
        "http://127.0.0.1:53123/callback?x=1",
        "http://127.0.0.1:53123",
        "https://127.0.0.1:53123/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:065/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:99999999/callback",
        "http://127.0.0.1:53123\n/callback",
        "http://127.0.0.1:٣/callback",
        "http://127.0.0.1:1:2/callback",
    ],
)
def test_attack_007_nothing_but_the_port_is_free(requested):
    assert not matches(requested, LOOPBACK)


@pytest.mark.parametrize(
    "requested",
    [
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://2130706433/callback",
        "http://0.0.0.0/callback",
        "http://127.1/callback",
    ],
)
def test_attack_008_what_looks_like_loopback_does_not_match(requested):
    assert not matches(requested, LOOPBACK)


@pytest.mark.parametrize("registered", ["http://127.0.0.1/cb", "http://localhost/cb", "http://[::1]/cb"])
@pytest.mark.parametrize("requested", ["http://127.0.0.1:9/cb", "http://localhost:9/cb", "http://[::1]:9/cb"])
def test_attack_009_each_loopback_name_stands_for_itself(registered, requested):
    same_name = registered.removesuffix("/cb") == requested.removesuffix(":9/cb")
    assert matches(requested, registered) is same_name


def test_only_http_on_loopback_has_a_free_port():
    assert not matches("https://localhost:9/cb", "https://localhost/cb")
    assert not matches("vscode://extension:9/cb", "vscode://extension/cb")
