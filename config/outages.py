"""Which part is away, when an exception says so: the caller may try again, and nothing is wrong with our code."""

import errno
import sqlite3

import redis
from django.db import InterfaceError, OperationalError

from accounts.errors import Unavailable


def refusal(fault: BaseException | None) -> Unavailable | None:
    """The 503 for `fault` if database, cache or disk is away or full; None if it is anything else.

    The log gets the kind of the fault and not its words: a driver's may quote an address with its password.
    """
    match fault:
        case OperationalError() | InterfaceError() if not is_wrong_statement(fault.__cause__):
            return Unavailable(detail=f"database: {kind(fault.__cause__ or fault)}")
        case redis.RedisError():
            return Unavailable(detail=f"cache: {kind(fault)}")
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EFBIG):
            return Unavailable(detail=f"disk: {kind(fault)}")
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            return Unavailable(detail=f"descriptors: {kind(fault)}")
    return None


def is_wrong_statement(cause: BaseException | None) -> bool:
    """SQLite has one class for a statement that nobody can run and for a file that nobody can write."""
    return isinstance(cause, sqlite3.OperationalError) and cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR


def kind(fault: BaseException) -> str:
    code = getattr(fault, "sqlstate", None) or getattr(fault, "sqlite_errorname", None) or ""
    return f"{type(fault).__name__} {code}".strip()
