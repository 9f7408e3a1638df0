"""The statements that Gatehouse sends for one request of each work, as scripts for pgbench.

DJANGO_SETTINGS_MODULE=bench.token.settings python -m bench.token.statements, with the JSON of a `Site`'s clients
and of some codes on its standard input; prints {work: {"sql": ..., "variables": {...}, "before": ...}}. `before` is
SQL to run before a script begins anew, at the turn that `:turn` names.

They are recorded from real requests, so nothing of them stands here. What a request would say is a variable;
what has to be another value each time is an expression over `:work`, `:client_id` and `:turn`: the code, the
refresh token's counter, every random value. Rows for them are copied from those that the requests used.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import django

django.setup()

import psycopg  # noqa: E402 after the settings
from django.db import connection, models  # noqa: E402
from django.test import Client  # noqa: E402

from accounts import statements  # noqa: E402
from accounts.digests import digest  # noqa: E402
from bench.token.load import CLIENTS  # noqa: E402
from bench.token.rows import copy_row  # noqa: E402
from bench.token.works import VERIFIER  # noqa: E402
from oauth_provider import refresh_tokens  # noqa: E402
from oauth_provider.models import Code, TokenFamily  # noqa: E402

TURNS = int(os.environ["BENCH_TURNS"])  # that each of pgbench's clients may take, and so its codes
COUNTER = 1_000_000  # no other number in a statement is this or the next one
TURN = "(:client_id || '-' || :turn)"
HEADERS = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_HOST": "id.bench.example", "REMOTE_ADDR": "203.0.113.7"}


@dataclass(slots=True)
class Script:
    """`known`: expressions for values that have to be others at each turn."""

    known: dict[object, str]
    statements: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    before: str = ""

    def add(self, sql: str, parameters: Sequence[Any]) -> None:
        texts = [self.expression(value) for value in parameters]
        assert sql.count("%s") == len(texts), sql
        self.statements.append(sql.replace("%s", "{}").format(*texts).strip() + ";")

    def expression(self, value: object) -> str:
        if value in self.known:
            return self.known[value]
        if isinstance(value, bytes):
            return f"substr(sha256((:work || {TURN})::bytea), 1, {len(value)})"
        if value is None or value == "":  # no variable of pgbench can be either
            return "NULL" if value is None else "''"
        name = f"v{len(self.variables)}"
        self.variables[name] = value.isoformat() if isinstance(value, datetime) else str(value)
        return f":{name}::uuid" if isinstance(value, UUID) else f":{name}"

    def as_json(self) -> dict[str, object]:
        return {"sql": "\n".join(self.statements), "variables": self.variables, "before": self.before}


def main(clients: dict[str, dict[str, str]], codes: dict[str, list[str]]) -> dict[str, object]:
    # What a process reads once, and what it writes once a minute, is done before anything is recorded.
    redeem(clients["confidential"], codes["confidential"].pop())
    post(**clients["machine"], grant_type="client_credentials")
    token = redeem(clients["public"], codes["public"].pop())["access_token"]
    found = {kind: code_script(clients[kind], codes[kind].pop()) for kind in ("confidential", "public")}
    found["refresh"] = refresh_script(clients["public"])
    with recorded({}) as found["machine"]:
        post(**clients["machine"], grant_type="client_credentials")
    with recorded({digest(token): f"'\\x{digest(token).hex()}'::bytea"}) as found["profile"]:
        assert Client().get("/auth/v1/profile", HTTP_AUTHORIZATION=f"Bearer {token}", **HEADERS).status_code == 200
    return {work: script.as_json() for work, script in found.items()}


def code_script(client: dict[str, str], code: str) -> Script:
    row = Code.objects.get(digest=digest(code))
    expression = f"sha256(('{client['client_id']}' || {TURN})::bytea)"
    copies = expression.replace(TURN, f"(number / {TURNS} || '-' || mod(number, {TURNS}))")
    copy(
        Code, CLIENTS * TURNS, {"digest": copies, "family_id": "gen_random_uuid()"}, f"digest = '\\x{row.digest.hex()}'"
    )
    with recorded({bytes(row.digest): expression}) as script:
        redeem(client, code)
    return script


def refresh_script(client: dict[str, str]) -> Script:
    """Each of pgbench's clients moves a family of its own."""
    family = TokenFamily.objects.filter(application__client_id=client["client_id"]).latest("last_used_at")
    copy(TokenFamily, CLIENTS, {"id": "md5(number::text)::uuid"}, f"id = '{family.pk}'")
    TokenFamily.objects.filter(pk=family.pk).update(counter=COUNTER)
    token = refresh_tokens.encode(family.pk, COUNTER, bytes(family.salt))
    known = {family.pk: "md5(:client_id::text)::uuid", COUNTER: ":turn", COUNTER + 1: ":turn + 1"}
    with recorded(known) as script:
        post(client_id=client["client_id"], grant_type="refresh_token", refresh_token=token)
    own = f"SELECT md5(number::text)::uuid FROM generate_series(0, {CLIENTS - 1}) number"
    script.before = f"UPDATE {TokenFamily._meta.db_table} SET counter = :turn WHERE id IN ({own})"
    return script


def copy(model: type[models.Model], number: int, changes: dict[str, str], where: str) -> None:
    connection.ensure_connection()
    copy_row(connection.connection, model._meta.db_table, number, changes, where)
    connection.connection.execute(f"ANALYZE {model._meta.db_table}")


@contextmanager
def recorded(known: dict[object, str]) -> Iterator[Script]:
    """A script of all that is sent to PostgreSQL inside."""
    script, execute, run = Script(known), psycopg.Cursor.execute, statements.run_prepared

    def record(cursor: Any, sql: str, parameters: Sequence[Any] = (), **options: Any) -> Any:
        script.add(sql, parameters)
        return execute(cursor, sql, parameters, **options)

    def record_prepared(opened: Any, sql: str, parameters: Sequence[Any]) -> Any:
        script.add(sql, parameters)
        return run(opened, sql, parameters)

    psycopg.Cursor.execute, statements.run_prepared = record, record_prepared
    try:
        yield script
    finally:
        psycopg.Cursor.execute, statements.run_prepared = execute, run


def redeem(client: dict[str, str], code: str) -> dict[str, str]:
    return post(**client, grant_type="authorization_code", code=code, code_verifier=VERIFIER)


def post(**parameters: str) -> dict[str, str]:
    response = Client().post("/api/oauth/v1/token", parameters, content_type="application/json", **HEADERS)
    assert response.status_code == 200, response.content
    found: dict[str, str] = response.json()
    return found


if __name__ == "__main__":
    json.dump(main(**json.load(sys.stdin)), sys.stdout)
