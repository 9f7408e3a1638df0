"""The connection to the database that a thread keeps (docs/decisions/0152 and 0189)."""

import os
import socket
from contextlib import suppress

import psycopg
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.statements import is_postgresql


def leave_out_what_nothing_needs() -> None:
    """Of what Django does before and after each request `a_live_database` is enough: cache and list of statements have
    nothing to close or empty, and each request sets its routes anew.
    """
    request_started.disconnect(reset_queries)
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    request_finished.disconnect(close_caches)
    request_finished.disconnect(reset_urlconf)


def a_live_database() -> BaseDatabaseWrapper:
    """The thread's own, which connects anew where the last request, or the server since, has ended the connection.

    So nobody meets the end of one that a restart, or a limit for idle ones, has left behind. An idle connection says
    nothing but its farewell: what it costs is a look at the socket, and no question.
    """
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_unusable_or_obsolete()
    if is_postgresql() and database.connection and is_ended(database.connection):
        database.close()
    return database


def is_ended(opened: psycopg.Connection) -> bool:
    try:
        opened.pgconn.consume_input()  # the farewell, if there is one
        opened.pgconn.consume_input()  # what follows it is the end
    except psycopg.OperationalError:
        return True
    return False


def cut(database: BaseDatabaseWrapper) -> None:
    """Shuts the socket of a connection that another thread waits for; on SQLite there is none."""
    opened = database.connection  # read once: its thread may close it meanwhile
    if not is_postgresql() or opened is None:
        return
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(opened.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)  # suppressed: it was closed in the meantime
