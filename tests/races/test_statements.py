"""Raw statements through libpq, on a connection that commits by itself and inside transactions."""

import uuid
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from accounts.statements import KEPT, execute, fetch, fetch_one

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

NOW = datetime(2026, 11, 26, 12, 30, 15, 250_000, tzinfo=UTC)
ID = uuid.UUID("7d444840-9dc0-11d1-b245-5ffdce74fad2")
TYPED = "SELECT %s::text, %s::bigint, %s::bytea, %s::boolean, %s::uuid, %s::timestamptz, %s::text[], '100%%'"
VALUES = ["Zoë", 2**40, b"\x00\xff", True, ID, NOW, ["a", 'b"'], "100%"]


def test_every_type_of_parameter_comes_back():
    for _ in range(2):
        assert list(fetch_one(TYPED, VALUES[:-1])) == VALUES
    assert list(fetch_one(TYPED, [None] * 7)) == [None] * 7 + ["100%"]
    assert list(fetch_one(TYPED, VALUES[:-1])) == VALUES


def test_no_row_is_none():
    assert fetch_one("SELECT 1 WHERE %s::int = 2", [1]) is None


def test_a_transaction_that_it_begins_is_undone_with_it():
    write = "INSERT INTO auth_group (name) VALUES (%s) RETURNING id"
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 two statements are the case
        assert fetch_one(write, ["first"])
        assert fetch_one(write, ["second"])
        raise ZeroDivisionError
    assert fetch_one(write, ["third"])
    assert list(Group.objects.filter(name__in=["first", "second", "third"]).values_list("name", flat=True)) == ["third"]


def test_a_refusal_is_django_s_error_and_the_connection_goes_on():
    with pytest.raises(DataError):
        fetch_one("SELECT 1 / %s::int", [0])
    with pytest.raises(IntegrityError):
        fetch_one("INSERT INTO auth_group (name) VALUES (%s), (%s) RETURNING id", ["same", "same"])
    assert fetch_one("SELECT %s::int", [7]) == (7,)


def test_a_connection_that_was_ended_is_an_operational_error_and_the_next_one_prepares_anew():
    read = "SELECT %s::int + 1"
    assert fetch_one(read, [1]) == (2,)
    with pytest.raises(OperationalError):
        fetch_one("SELECT pg_terminate_backend(pg_backend_pid()), %s::int", [1])
    connection.close_if_unusable_or_obsolete()
    assert fetch_one(read, [1]) == (2,)


def test_what_is_kept_prepared_has_an_end():
    for number in range(KEPT + 2):
        assert fetch_one(f"SELECT {number} + %s::int", [1]) == (number + 1,)
    assert fetch_one("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'gatehouse_%%'") < (KEPT,)
    assert fetch_one("SELECT 0 + %s::int", [1]) == (1,)


def test_parameters_by_name_may_stand_twice():
    assert fetch("SELECT %(a)s::int, %(b)s::text, %(a)s::int + 1", {"b": "x", "a": 1}) == [(1, "x", 2)]
    assert execute("SELECT 1 WHERE %s::int = 2", [1]) == 0


def test_an_alien_rollback_leaves_them_known():
    read = "SELECT %s::int + 5"
    assert fetch_one(read, [1]) == (6,)
    with pytest.raises(DataError), transaction.atomic():
        Group.objects.create(name="n" * 200)
    assert fetch_one(read, [1]) == (6,)
