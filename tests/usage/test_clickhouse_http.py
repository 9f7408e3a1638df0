"""What we say to ClickHouse over HTTP, and what we make of its answers."""

import socket
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

import pytest

from tests.usage.clickhouse_front import PASSWORD, front
from tests.usage.embedded_clickhouse import empty
from usage.clickhouse_store import table
from usage.clickhouse_store.server import HttpClickHouse
from usage.errors import EventsUnavailable

pytestmark = [pytest.mark.django_db, pytest.mark.clickhouse]
AT = datetime(2026, 2, 10, 5, 30, 0, 7, tzinfo=timezone(timedelta(hours=5, minutes=30)))
ODD_TEXTS = [
    "plain",
    "",
    "it's",
    "back\\slash",
    "\\",
    "\\'",
    "tab\tand\nnewline",
    "\\t",
    "{x:String}",
    "🥨",
    "' OR 1 = 1",
]


@pytest.fixture
def clickhouse():
    with front() as url:
        yield HttpClickHouse(url)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_a_text_arrives_as_it_is(clickhouse, text):
    said = clickhouse.rows("SELECT {x:String} AS x, {y:Array(String)} AS y", {"x": text, "y": [text, text]})

    assert said == [{"x": text, "y": [text, text]}]


def test_other_values_arrive_as_they_are(clickhouse):
    project = UUID("6b8b4567-327b-43c6-a0de-1f3b5c6d7e8f")
    statement = "SELECT {p:UUID} AS p, {d:Date} AS d, {n:UInt16} AS n, {at:DateTime64(6, 'UTC')} AS at"

    said = clickhouse.rows(statement, {"p": project, "d": date(2026, 2, 10), "n": 7, "at": AT})

    assert said == [{"p": str(project), "d": "2026-02-10", "n": 7, "at": "2026-02-10 00:00:00.000007"}]


def test_whole_numbers_come_back_exactly(clickhouse):
    assert clickhouse.rows("SELECT toInt64(9223372036854775807) AS n, toInt128(2)*n AS m") == [
        {"n": 2**63 - 1, "m": 2 * (2**63 - 1)}
    ]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_rows_arrive_as_they_are(clickhouse, text):
    empty()
    amounts = (2**53 - 1, None, 0, None, None, None, None, None, 5)
    packed = b"\x00" + text.encode()

    table.put(clickhouse, [(1, packed, text, 3, None, AT, 7, -4, False, True, None, None, *amounts)])

    [row] = clickhouse.rows("SELECT * FROM usage_event")
    assert (row["source"], row["id"], row["at"], row["is_taken_back"]) == (text, text, "2026-02-10 00:00:00.000007", 1)
    assert tuple(row[name] for name in table.NAMES) == amounts


def test_what_the_server_refuses_is_told_in_the_log_alone(clickhouse):
    with pytest.raises(EventsUnavailable) as refused:
        clickhouse.rows("SELECT no_such_column FROM system.one")

    assert "no_such_column" in refused.value.detail
    assert "no_such_column" not in refused.value.message


def test_a_wrong_password_is_told_without_it():
    with front() as url, pytest.raises(EventsUnavailable) as refused:
        HttpClickHouse(url.replace("hunter2", "hunter3")).rows("SELECT 1")

    assert "Authentication failed" in refused.value.detail
    assert PASSWORD.split()[0][:-1] not in refused.value.detail


def test_nobody_there_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    with pytest.raises(EventsUnavailable) as refused:
        HttpClickHouse(address).rows("SELECT 1")

    assert refused.value.detail == "ClickHouse: connection_failed"


def test_an_address_without_a_database_means_the_server_s_own():
    assert HttpClickHouse("https://clickhouse.internal:8443").headers == {"X-ClickHouse-Database": "default"}
