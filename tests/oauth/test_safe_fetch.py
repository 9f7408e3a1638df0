"""Requests to addresses that strangers chose (docs/attacks.md, row 89): nothing inside is reached."""

import datetime
import socket
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from oauth_provider import safe_fetch
from oauth_provider.public_internet import is_public
from oauth_provider.safe_fetch import Outcome, Reach, Refused
from tests import receivers

PUBLIC = "93.184.215.14"


def outcome_of(url, reach=Reach.LOOPBACK, **more):
    """What came of it, whether an answer or none."""
    try:
        return safe_fetch.fetch("GET", url, reach=reach, **more).outcome
    except Refused as refusal:
        return refusal.outcome


def resolver(monkeypatch, *answers):
    """A name server that says something else each time; the questions it was asked."""
    asked = []

    def getaddrinfo(host, port, **_more):
        asked.append(host)
        addresses = answers[min(len(asked), len(answers)) - 1]
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in a], socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


REFUSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_attack_089_addresses_of_no_public_host(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00::1"])
def test_public_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"])
def test_attack_089_a_name_that_leads_inside(monkeypatch, address):
    resolver(monkeypatch, [PUBLIC, address])
    assert outcome_of("https://partner.example/", Reach.PUBLIC) == Outcome.ADDRESS_REFUSED


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"]
)
def test_attack_089_loopback_in_every_notation(receiver, host):
    url = f"https://{host}:{receiver.port}/"
    assert outcome_of(url, Reach.PUBLIC) == Outcome.ADDRESS_REFUSED
    with pytest.raises(Refused):
        safe_fetch.check_address(url)
    assert receiver.got == []


def test_attack_089_a_name_that_changes_its_mind(monkeypatch, receiver):
    """Rebinding: the connection goes where the look went, and nobody asks twice."""
    asked = resolver(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    with receivers.receiving("127.0.0.2") as other:
        assert outcome_of(f"http://rebind.example:{receiver.port}/") == Outcome.OK
    assert (asked, len(receiver.got), other.got) == (["rebind.example"], 1, [])
    assert receiver.got[0][0]["host"] == f"rebind.example:{receiver.port}"


def test_plain_http_never_leaves_this_machine(monkeypatch):
    resolver(monkeypatch, [PUBLIC])
    assert outcome_of("http://partner.example/", Reach.PUBLIC) == Outcome.INVALID_ADDRESS
    assert outcome_of("http://partner.example/", Reach.LOOPBACK) == Outcome.INVALID_ADDRESS


@pytest.mark.parametrize(
    "url",
    [
        "",
        "partner.example",
        "ftp://partner.example/",
        "file:///etc/passwd",
        "https://",
        "https://user@partner.example/",
        "https://partner.example@127.0.0.1/",
        "https://partner.example/#part",
        "https://partner.example/#",
        "https://partner.example/a b",
        "https://partner.example/\r\nX-Evil: 1",
        "https://partner.example\\@127.0.0.1/",
        "https://partner.example:0/",
        "https://partner.example:99999/",
        "https://[::1/",
        "https://pärtner.example/",
    ],
)
def test_what_is_no_plain_address_is_refused_before_any_lookup(monkeypatch, url):
    asked = resolver(monkeypatch, ["127.0.0.1"])
    assert outcome_of(url) == Outcome.INVALID_ADDRESS
    with pytest.raises(Refused):
        safe_fetch.check_address(url)
    assert asked == []


@pytest.mark.parametrize(
    "host",
    ["localhost", "db", "printer.local", "vault.internal", "a.localhost", "LOCALHOST", "nas.home.arpa", "a.local."],
)
def test_names_that_no_public_server_has(host):
    with pytest.raises(Refused):
        safe_fetch.check_address(f"https://{host}/")


@pytest.mark.parametrize(
    "url", ["https://partner.example/hook?a=1", "https://partner.example:8443", "https://8.8.8.8/"]
)
def test_a_public_address_may_be_kept(url):
    safe_fetch.check_address(url)


@pytest.mark.parametrize(
    ("behave", "outcome"),
    [
        (receivers.status(204), Outcome.OK),
        (receivers.status(302, Location="http://127.0.0.1:1/"), Outcome.REDIRECTED),
        (receivers.status(500, b"a long story"), Outcome.BAD_STATUS),
        (receivers.status(410), Outcome.BAD_STATUS),
        (receivers.flood, Outcome.TOO_LARGE),
        (receivers.status(200, b"x" * 70_000), Outcome.TOO_LARGE),
        (receivers.no_http, Outcome.INVALID_ANSWER),
        (receivers.cut_off, Outcome.INVALID_ANSWER),
    ],
)
def test_attack_089_every_answer_has_its_name(receiver, behave, outcome):
    receiver.behave = behave
    assert outcome_of(receiver.url) == outcome
    assert len(receiver.got) == 1  # no redirect is followed, nothing is tried twice


@pytest.mark.parametrize("behave", [receivers.slow(2), receivers.drip, receivers.drip_headers])
def test_attack_089_the_slow_are_cut_off(receiver, behave):
    receiver.behave = behave
    assert outcome_of(receiver.url, timeout_seconds=0.3) == Outcome.TIMED_OUT


def test_a_slow_lookup_counts_as_well(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: time.sleep(1) or [])
    assert outcome_of("https://slow.example/", timeout_seconds=0.2) == Outcome.TIMED_OUT


def test_nobody_there():
    with receivers.receiving() as gone:
        pass
    assert outcome_of(gone.url) == Outcome.CONNECTION_FAILED


def test_a_name_that_nobody_has(monkeypatch):
    resolver(monkeypatch, [])
    assert outcome_of("https://nobody.example/") == Outcome.LOOKUP_FAILED
    assert outcome_of(f"https://{'x' * 64}.example/") == Outcome.LOOKUP_FAILED


def test_the_second_address_is_tried_when_the_first_is_dead(monkeypatch, receiver):
    resolver(monkeypatch, ["127.0.0.9", "127.0.0.1"])
    assert outcome_of(f"http://two.example:{receiver.port}/") == Outcome.OK


def test_the_body_and_the_headers_arrive(receiver):
    safe_fetch.fetch("POST", receiver.url, headers={"X-A": "1"}, body=b"{}" * 50_000, reach=Reach.LOOPBACK)
    headers, body = receiver.got[0]
    assert (headers["x-a"], headers["content-length"], len(body)) == ("1", "100000", 100_000)


def certificate(path, host, *, days=1):
    """A self-signed certificate of `host`, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=9)).not_valid_after(now + datetime.timedelta(days))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def over_tls(path):
    def wrap(server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)

    return wrap


@pytest.fixture
def trusting(monkeypatch):
    """Makes `path` the only authority that we know."""

    def trust(path):
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        safe_fetch.tls.cache_clear()

    yield trust
    monkeypatch.undo()
    safe_fetch.tls.cache_clear()


@pytest.mark.parametrize(
    ("named", "days", "is_known", "outcome"),
    [
        ("partner.example", 1, True, Outcome.OK),
        ("other.example", 1, True, Outcome.TLS_FAILED),
        ("partner.example", -1, True, Outcome.TLS_FAILED),
        ("partner.example", 1, False, Outcome.TLS_FAILED),
    ],
)
def test_tls_expects_the_name_and_not_the_pinned_address(
    monkeypatch, tmp_path, trusting, named, days, is_known, outcome
):
    resolver(monkeypatch, ["127.0.0.1"])
    path = certificate(tmp_path / "server.pem", named, days=days)
    trusting(path if is_known else certificate(tmp_path / "other.pem", named))
    with receivers.receiving(wrap=over_tls(path)) as receiver:
        assert outcome_of(f"https://partner.example:{receiver.port}/") == outcome


def test_tls_with_a_server_that_speaks_none(receiver):
    assert outcome_of(f"https://127.0.0.1:{receiver.port}/", timeout_seconds=1) == Outcome.TLS_FAILED


def test_a_handshake_that_never_ends():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert outcome_of(url, timeout_seconds=0.3) == Outcome.TIMED_OUT
