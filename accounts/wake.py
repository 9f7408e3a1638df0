"""Telling the worker that there is something to do, in the transaction that brings it.

PostgreSQL passes it on at the commit, and not at all after a rollback. On SQLite nothing is
said: there the worker looks often (config/chores.py).
"""

from django.db import connection

CHANNEL = "gatehouse"


def wake(lane: str) -> None:
    """Wakes what sleeps in that lane of every worker, once the caller's transaction is committed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, lane])
