"""A plugin for pytest: what tests say to Django's client goes over HTTP to real servers, in turn.

`-p tests.lanes.over_hosts`, with OVER_HOSTS, the addresses of web processes, and their GATEHOUSE_DATABASE_URL.
Every test commits, as the servers see nothing else; after it the database is what it was. Left out are tests that
change what is in their own process alone, where no server sees it: its clock, its settings, its code.
"""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, transaction
from django.db.utils import OperationalError
from django.http import HttpResponse
from django.test import TransactionTestCase
from django.test.client import ClientHandler, conditional_content_removal

from usage.sql_store import gate

HOSTS = itertools.cycle(os.environ.get("OVER_HOSTS", "").split(","))
# Of the process, and seen in it alone.
IN_PROCESS = {
    "time_machine", "later", "one_clock", "in_new_york", "monkeypatch", "settings", "caplog", "rf",
    "django_assert_num_queries", "django_assert_max_num_queries",
}  # fmt: skip
CLOCKS = {"time_machine", "later", "one_clock", "in_new_york"}
# They do so without a fixture.
OF_ONE_PROCESS = {
    # read their own process's log, metrics or sessions
    "test_answer_and_log_line_carry_the_same_id",
    "test_attack_048_a_whole_sign_in_leaves_no_secret_in_the_log",
    "test_an_agent_is_counted_by_any_token_and_any_body",
    "test_one_session_is_ended_and_the_others_stay",
    # read what a page was made of
    "test_attack_022_auth_time_in_the_id_token_is_of_the_fresh_sign_in",
    "test_login_with_a_remembered_consent_asks_for_the_password_alone",
    # stop the clock
    "test_attack_055_the_old_secret_works_in_the_overlap_and_not_after",
    # are the worker themselves, in the middle of a request
    "test_a_project_gets_a_name_a_domain_and_a_larger_disk",
    "test_a_project_sleeps_and_wakes",
    "test_a_restart_may_change_the_version_and_leaves_it_otherwise",
    "test_an_upgrade_tells_before_and_after",
}
# What servers remember of the database in their processes, or lasts as long as they do.
LASTING = {"django_migrations", "usage_source", "oauth_provider_signingkey", "django_content_type", "auth_permission"}
wire = httpx.Client(timeout=40, follow_redirects=False)
counted: dict[str, set[str]] = {"rows": set(), "passed": set(), "failed": set(), "left out": set()}
answers = {"count": 0}


def pytest_configure() -> None:
    settings.DATABASES["default"]["TEST"]["NAME"] = settings.DATABASES["default"]["NAME"]
    ClientHandler.__call__ = over_http  # type: ignore[method-assign]
    TransactionTestCase._fixture_setup = classmethod(lambda _cls: None)  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = lambda _self: reset()  # type: ignore[attr-defined]


def pytest_sessionstart() -> None:
    """Passwords as the servers read them, and quickly made."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    PBKDF2PasswordHasher.iterations = 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of the contract's rows, but those of the process."""
    kept = []
    for item in items:
        if item.get_closest_marker("contract") is None:
            continue
        if not can_go(item):
            counted["left out"].add(item.nodeid)
            continue
        item.add_marker(pytest.mark.django_db(transaction=True), append=False)
        kept.append(item)
    items[:] = kept


def can_go(item: Any) -> bool:
    """A module's own fixtures for all of its tests may change settings, which does no harm; its clock does."""
    if any(item.get_closest_marker(name) for name in ("processes", "postgres", "browser", "clickhouse")):
        return False
    return not (
        IN_PROCESS & needed_by(item, item._fixtureinfo.argnames)
        or CLOCKS & needed_by(item, item._fixtureinfo.initialnames)
        or item.originalname in OF_ONE_PROCESS
    )


def needed_by(item: Any, names: tuple[str, ...]) -> set[str]:
    """The fixtures `names`, and those that they ask for."""
    found: set[str] = set()
    left = [*names]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [each for made in item._fixtureinfo.name2fixturedefs.get(name, ())[-1:] for each in made.argnames]
    return found


def over_http(self: ClientHandler, environ: dict[str, Any]) -> HttpResponse:
    """As ClientHandler answers, but that a server does."""
    given = {
        name.removeprefix("HTTP_").replace("_", "-"): str(value).strip()  # around it HTTP has no blanks
        for name, value in environ.items()
        if name.startswith("HTTP_") or name == "CONTENT_TYPE"
    }
    given.setdefault("HOST", environ["SERVER_NAME"])
    # The proxy before the servers is this process.
    forwarded = given.pop("X-FORWARDED-FOR", "")
    given["X-Forwarded-For"] = ", ".join(filter(None, [forwarded, environ["REMOTE_ADDR"]]))
    given["X-Forwarded-Proto"] = environ["wsgi.url_scheme"]
    request = WSGIRequest(environ)
    if not self.enforce_csrf_checks:  # as a page's own form would have it
        token = request.COOKIES.get(settings.CSRF_COOKIE_NAME) or "t" * 32
        given["COOKIE"] = "; ".join([*filter(None, [given.get("COOKIE")]), f"{settings.CSRF_COOKIE_NAME}={token}"])
        given["X-CSRFToken"] = token
    body = environ["wsgi.input"].read()
    url = next(HOSTS) + request.get_full_path()
    headers = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    said = wire.build_request(environ["REQUEST_METHOD"], url, headers=headers, content=body or None)
    got = wire.send(said)
    wire.cookies.clear()
    answers["count"] += 1
    response = HttpResponse(got.content, status=got.status_code)
    for name in [*response.headers]:
        del response.headers[name]
    for name, value in got.headers.multi_items():
        if name.lower() == "set-cookie":
            response.cookies.load(value)
        elif name.lower() not in ("content-encoding", "transfer-encoding", "connection", "server", "date"):
            response.headers[name] = value
    response.wsgi_request = request  # type: ignore[attr-defined]
    return conditional_content_removal(request, response)


def reset() -> None:
    """Every table as `baseline` has it."""
    for attempt in range(20):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                restore_baseline(cursor)
                gate.guard(gate.NOTHING_CLOSED)  # the triggers of who closed a month
            return
        except OperationalError:  # a worker was in the way
            if attempt == 19:
                raise


def restore_baseline(cursor: Any) -> None:
    cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger stands in the way
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'baseline'")
    for (name,) in sorted(cursor.fetchall()):
        cursor.execute(f'DELETE FROM public."{name}"')
        cursor.execute(f'INSERT INTO public."{name}" SELECT * FROM baseline."{name}"')


def keep_baseline(cursor: Any) -> None:
    """What every test finds: by the orchestrating test, once, on the migrated database."""
    cursor.execute("CREATE SCHEMA baseline")
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
    )
    for (name,) in cursor.fetchall():
        if name not in LASTING:
            cursor.execute(f'CREATE TABLE baseline."{name}" AS TABLE public."{name}"')


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        counted["failed"].add(report.nodeid)
    elif report.when == "call" and report.passed:
        counted["passed"].add(report.nodeid)


def pytest_runtest_call(item: pytest.Item) -> None:
    item.stash[ROWS] = {" / ".join(mark.args) for mark in item.iter_markers("contract")}


ROWS = pytest.StashKey[set[str]]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    for item in session.items:
        if item.nodeid in counted["passed"]:
            counted["rows"] |= item.stash.get(ROWS, set())
    told = {name: sorted(each) for name, each in counted.items()} | {"answers": answers["count"]}
    if path := os.environ.get("OVER_HOSTS_REPORT"):
        Path(path).write_text(json.dumps(told))
