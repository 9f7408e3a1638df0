"""How many statements each hot call sends, as the server gets them: raw, prepared and of the ORM,
BEGIN and COMMIT too. A change of one of these numbers is a decision, never an accident.
"""

import os
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from psycopg.pq import Trace

from tests import cast
from tests.clients import OAuthClient, handle_of
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret, partner
from tests.usage.clients import MeterClient, white_label_project
from usage.sql_store import store

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

EXECUTED = ("\tQuery\t", "\tExecute\t")


@pytest.fixture
def statements(tmp_path):
    """How many statements a call sends after it has been called once: what a process keeps is kept by then."""

    def count(call: Callable[[], object], *, warm: bool = True) -> int:
        if warm:
            call()
        path = tmp_path / "trace"
        with path.open("wb") as sink:
            raw = connection.connection.pgconn
            raw.trace(sink.fileno())
            raw.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
            try:
                call()
            finally:
                raw.untrace()
            os.fsync(sink.fileno())
        return sum(any(kind in line for kind in EXECUTED) for line in path.read_text(errors="replace").splitlines())

    return count


@pytest.fixture
def code_of(alice):
    """Codes of a client, made ahead."""

    def codes(client: OAuthClient) -> Callable[[], str]:
        made = [client.code_for(alice) for _ in range(3)]
        return made.pop

    return codes


@pytest.mark.parametrize("kind", ["acme_app", "acme_cli"])
def test_a_code_is_read_and_redeemed(kind, request, code_of, statements):
    client = request.getfixturevalue(kind)
    code = code_of(client)
    assert statements(lambda: client.redeem(code())) == 2


def test_a_refresh_token_is_read_and_rotated(alice, acme_cli, statements):
    held = [acme_cli.tokens_for(alice)["refresh_token"]]

    def refresh():
        held.append(acme_cli.refresh(held[-1])["refresh_token"])

    assert statements(refresh) == 2


def test_a_machine_s_token_is_one_read_and_one_insert(meter, statements):
    assert statements(lambda: meter.post_token(grant_type="client_credentials")["access_token"]) == 2


def test_a_bearer_is_one_read(alice, acme_app, statements):
    token = acme_app.tokens_for(alice)["access_token"]
    assert statements(lambda: acme_app.profile(token)["user"]) == 1


def test_the_authorize_page(alice, acme_app, statements):
    browser = cast.signed_in(alice)
    assert statements(lambda: handle_of(acme_app.ask(browser))) == 5


def test_the_answer_to_it(alice, acme_app, statements):
    browser = cast.signed_in(alice)
    pages = [acme_app.ask(browser, prompt="consent") for _ in range(2)]
    assert statements(lambda: acme_app.allow(browser, pages.pop())["Location"]) == 12


def test_a_partner_s_read_is_its_secret_and_the_project(db, statements):
    globex = partner("ps_globex000001", "Globex", is_white_label=True)
    add_secret(globex, GLOBEX_SECRET)
    project = white_label_project(globex)
    client = PartnerClient(globex, GLOBEX_SECRET)
    assert statements(lambda: client.get(f"{project.pk}/metadata")["project"]) == 2


@pytest.fixture
def gauge(meter):
    return MeterClient(meter, str(white_label_project(partner("ps_globex000001", "Globex", is_white_label=True)).pk))


def test_a_batch_of_events(gauge, statements):
    ids = iter(range(9))
    sent = lambda: gauge.send(*(gauge.event(str(next(ids))) for _ in range(3)))["accepted"]  # noqa: E731
    assert statements(sent) == 9


def test_a_project_s_usage_is_one_read(gauge, statements):
    today = store.clock().date()
    assert statements(lambda: store.daily(UUID(gauge.project), today, today)) == 1
