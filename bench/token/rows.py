"""Many rows out of one: copies within PostgreSQL, so that nothing of a table's columns stands here."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'"


def copy_row(
    connection: psycopg.Connection, table: str, number: int, changes: Mapping[str, str], where: str = "true"
) -> None:
    """`number` copies of the first row of `table` that fits `where`, with `changes` (SQL over `number`, from 0) in
    the columns that it names. Foreign keys are not looked at: that would take most of the time.
    """
    columns = [name for (name,) in connection.execute(COLUMNS, [table]).fetchall()]
    values = [f"({changes[name]})" if name in changes else f'template."{name}"' for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute("SET session_replication_role = replica")
    connection.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} "
        f"FROM (SELECT * FROM {table} WHERE {where} LIMIT 1) template, generate_series(0, {number - 1}) number"
    )
    connection.execute("SET session_replication_role = origin")
