"""The statements that reach the database, by whichever cursor: Django's own count misses raw ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connection

from accounts import statements


@contextmanager
def statements_sent() -> Iterator[list[str]]:
    """Their texts, without the values; filled while the block runs."""
    sent: list[str] = []

    def by_django(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    def by_driver(cursor: Any, sql: Any, *words: Any, **options: Any) -> Any:
        sent.append(str(sql))
        return execute(cursor, sql, *words, **options)

    def by_libpq(opened: Any, sql: str, parameters: Any) -> Any:
        sent.append(sql)
        return run(opened, sql, parameters)

    execute, run = psycopg.Cursor.execute, statements.run_prepared
    if connection.vendor == "postgresql":  # Django's cursor is one of the driver's
        with (
            patch.object(psycopg.Cursor, "execute", by_driver),
            patch.object(statements, "run_prepared", by_libpq),
        ):
            yield sent
    else:
        with connection.execute_wrapper(by_django):
            yield sent
