"""Agents: the Model Context Protocol's own clients, unmodified, that know nothing but the address they call."""

import asyncio
import ipaddress
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

from tests.lanes.scripts import run_in_node
from tests.lanes.server import SHARED_SECRETS, running
from tests.lanes.visitor import Visitor

pytestmark = pytest.mark.processes
REDIRECT = "http://127.0.0.1:53124/callback"
KINDS = {
    "public": "none",
    "confidential": "client_secret_basic",
    "confidential, secret in the body": "client_secret_post",
}


class Document(BaseHTTPRequestHandler):
    """A client's metadata document, at whatever path it is asked for."""

    def do_GET(self):
        body = json.dumps(
            {
                "client_id": f"https://127.0.0.1:{self.server.server_port}{self.path}",
                "client_name": "Agent with a document",
                "redirect_uris": ["http://127.0.0.1/callback"],
                "grant_types": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_method": "none",
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def certificate(folder):
    """A self-signed certificate of 127.0.0.1 with its key, in one file: it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "document.pem"
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem))
    return path


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """An https server of client documents, and the certificate by which it is known."""
    file = certificate(tmp_path_factory.mktemp("documents"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Document)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}", file
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, documents):
    """Open to confidential clients too; `make run` lets public ones of its own machine register themselves."""
    folder = tmp_path_factory.mktemp("agents")
    with running(
        folder,
        GATEHOUSE_VAR=str(folder),
        GATEHOUSE_REGISTRATION="open",
        SSL_CERT_FILE=str(documents[1]),
        **SHARED_SECRETS,
    ) as started:
        yield started


@pytest.fixture
def alice(server):
    return Visitor(server.url, server.demo["user"])


class Storage:
    """What an agent keeps between its runs."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Agent:
    def __init__(self, called, alice, method="none", document=None):
        self.alice = alice
        self.asked = []
        self.storage = Storage()
        metadata = OAuthClientMetadata(
            client_name="Lane of an agent",
            redirect_uris=[REDIRECT],
            grant_types=["authorization_code", "refresh_token"],
            token_endpoint_auth_method=method,
        )
        self.provider = OAuthClientProvider(
            called, metadata, self.storage, self.remember, self.wait_for_alice, client_metadata_url=document
        )

    async def remember(self, url):
        self.asked.append(url)

    async def wait_for_alice(self):
        callback = await asyncio.to_thread(self.alice.allow, self.asked[-1])
        query = parse_qs(urlsplit(callback).query)
        return AuthorizationCodeResult(code=query["code"][0], state=query["state"][0], iss=query["iss"][0])

    async def get(self, url):
        async with httpx2.AsyncClient(auth=self.provider, timeout=30) as session:
            return await session.get(url)

    def scopes(self):
        return [parse_qs(urlsplit(url).query)["scope"][0] for url in self.asked]


async def call_twice(agent, server):
    """A first call and one after the token has expired; the tokens of each, and of whom the answers are."""
    tokens, emails = [], []
    for _ in range(2):
        answer = await agent.get(f"{server.url}/auth/v1/profile")
        emails.append(answer.json()["user"]["email"])
        tokens.append(agent.storage.tokens)
        agent.provider.context.token_expiry_time = 1
    assert emails == ["alice@example.com"] * 2
    assert tokens[0].access_token != tokens[1].access_token
    return tokens


@pytest.mark.parametrize("kind", KINDS)
def test_mcp_m13_m23_the_python_client_registers_itself(server, alice, kind):
    agent = Agent(f"{server.url}/auth/v1/profile", alice, KINDS[kind])

    before, after = asyncio.run(call_twice(agent, server))

    # OAuth 2.1: a public client's refresh token is another one after each use.
    assert (before.refresh_token != after.refresh_token) is (kind == "public")
    assert (agent.storage.client.client_secret is None) is (kind == "public")
    assert agent.scopes() == ["user:read"]


def test_mcp_m14_m17_m24_the_python_client_is_known_by_its_document_and_steps_up(server, alice, documents):
    address = f"{documents[0]}/python.json"
    agent = Agent(f"{server.url}/auth/v1/profile", alice, document=address)

    async def calls():
        await call_twice(agent, server)
        return await agent.get(f"{server.url}/organizations/v1")

    organizations = asyncio.run(calls()).json()["organizations"]

    assert [organization["type"] for organization in organizations] == ["personal"]
    assert agent.storage.client.client_id == address
    assert agent.scopes() == ["user:read", "user:read organizations:read"]


def check(said, server):
    assert said["profile"]["user"]["email"] == "alice@example.com"
    assert said["resource"] == f"{server.url}/auth/v1"
    assert (said["scope"], said["after_refresh"], said["registrations"]) == ("user:read", 200, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_mcp_m13_m23_the_node_client_registers_itself(server, alice, kind):
    given = {"base_url": server.url, "redirect_uri": REDIRECT, "method": KINDS[kind]}

    said = run_in_node("mcp-sdk", given, alice)

    check(said, server)
    assert (said["has_secret"], said["rotated"]) == (kind != "public", kind == "public")


def test_mcp_m14_m17_the_node_client_is_known_by_its_document(server, alice, documents):
    address = f"{documents[0]}/node.json"
    given = {"base_url": server.url, "redirect_uri": REDIRECT, "method": "none", "document": address}

    said = run_in_node("mcp-sdk", given, alice)

    check(said, server)
    assert said["client_id"] == address
