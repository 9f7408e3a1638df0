"""A role and a database for each project, on a PostgreSQL server of the operator's.

Settings: `dsn`, a connection string of a role that may create roles and databases; `host`
and `port` (optional), where projects reach the server.

Nothing on the server may be the project's outside its own database; what a role managed to
make elsewhere all the same (any role can make large objects where it may connect) goes with it.

Names are made from the id's 32 hex digits alone, and every one is quoted as an identifier.
The project's role does not own its database: an owner could grant itself CONNECT again while
it is paused. An advisory lock of the server is held through a verb (see embedded.py's).
"""

import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from partnership.provisioners.base import Busy, Done, Driver, DriverError, Measurement, Spec, State, Step

OPTIONS = "-c statement_timeout=15000 -c lock_timeout=10000"
CONNECT_TIMEOUT_SECONDS = 5
SESSIONS_END_SECONDS = 5

Admin = psycopg.Connection[tuple[Any, ...]]


class PostgresDriver(Driver):
    def reach(self) -> None:
        with self.connect() as admin:
            statement = "SELECT rolcreatedb AND rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
            row = admin.execute(statement).fetchone()
        if not row or not row[0]:
            message = "The server's role may not create roles and databases."
            raise DriverError("lacks_rights", message, is_retryable=False)

    def create(self, spec: Spec, step: Step, state: State) -> Done:
        password = secrets.token_urlsafe(24)
        with self.hold(spec) as admin:
            step("role")
            self.make_role(admin, spec, password)
            step("database")
            self.make_database(admin, spec)
            step("privileges")
            self.let_in(admin, spec)
            step("schema")
            self.hand_over_schema(spec)
            step("finish")
        return Done(credentials=self.credentials(spec, password))

    def pause(self, spec: Spec, step: Step, state: State) -> Done:
        with self.hold(spec) as admin:
            self.check_exists(admin, spec)
            step("revoke")
            run(admin, "REVOKE CONNECT ON DATABASE {name} FROM PUBLIC, {name}", spec)
            step("sessions")
            self.lock_out(admin, spec)
            step("finish")
        return Done()

    def restore(self, spec: Spec, step: Step, state: State) -> Done:
        with self.hold(spec) as admin:
            self.check_exists(admin, spec)
            step("privileges")
            self.let_in(admin, spec)
            step("finish")
        return Done()

    resize = restore

    def restart(self, spec: Spec, step: Step, state: State) -> Done:
        with self.hold(spec) as admin:
            self.check_exists(admin, spec)
            step("privileges")
            self.let_in(admin, spec)
            step("sessions")
            end_sessions(admin, spec)
            step("finish")
        return Done()

    def delete(self, spec: Spec, step: Step, state: State) -> Done:
        with self.hold(spec) as admin:
            step("sessions")
            # A dropped role's sessions live on, in any database that lets everyone in.
            self.lock_out(admin, spec)
            step("database")
            run(admin, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", spec)
            step("belongings")
            self.drop_belongings(admin, spec)
            step("role")
            run(admin, "DROP ROLE IF EXISTS {name}", spec)
            step("finish")
        return Done()

    def measure(self, spec: Spec) -> Measurement:
        with self.connect() as admin:
            self.check_exists(admin, spec)
            row = admin.execute("SELECT pg_database_size(%s)", [name_of(spec)]).fetchone()
        return Measurement(database_bytes=int(row[0]) if row else 0, storage_bytes=0)

    def make_role(self, admin: Admin, spec: Spec, password: str) -> None:
        with suppress(errors.DuplicateObject):  # a try before this one made it
            run(admin, "CREATE ROLE {name} NOLOGIN NOINHERIT", spec)
        # A role that may create roles but is no superuser must be a member to hand things over.
        admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(identifier(spec)))
        # Only the verifier goes over: a statement's text may end up in the server's log.
        verifier = admin.pgconn.encrypt_password(password.encode(), name_of(spec).encode(), b"scram-sha-256")
        statement = sql.SQL("ALTER ROLE {} PASSWORD {} CONNECTION LIMIT {}")
        limit = sql.Literal(spec.connection_limit)
        admin.execute(statement.format(identifier(spec), sql.Literal(verifier.decode()), limit))

    def make_database(self, admin: Admin, spec: Spec) -> None:
        with suppress(errors.DuplicateDatabase):
            # Of template0: a session in template1, open to every role, would block this.
            run(admin, "CREATE DATABASE {name} TEMPLATE template0", spec)
        run(admin, "REVOKE ALL ON DATABASE {name} FROM PUBLIC", spec)

    def let_in(self, admin: Admin, spec: Spec) -> None:
        """The role's rights and quotas as `spec` has them."""
        limit = sql.Literal(spec.connection_limit)
        run(admin, "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {name} TO {name}", spec)
        admin.execute(sql.SQL("ALTER ROLE {} LOGIN CONNECTION LIMIT {}").format(identifier(spec), limit))

    def lock_out(self, admin: Admin, spec: Spec) -> None:
        if role_exists(admin, spec):
            run(admin, "ALTER ROLE {name} NOLOGIN", spec)
        end_sessions(admin, spec)

    def drop_belongings(self, admin: Admin, spec: Spec) -> None:
        """Drops what the role owns or may do in other databases; it could not be dropped before."""
        statement = (
            "SELECT DISTINCT datname FROM pg_shdepend JOIN pg_database ON pg_database.oid = dbid "
            "WHERE refclassid = 'pg_authid'::regclass AND refobjid = to_regrole(%s) AND datallowconn"
        )
        for (database,) in admin.execute(statement, [name_of(spec)]).fetchall():
            with self.connect(database) as inside:
                run(inside, "DROP OWNED BY {name} CASCADE", spec)

    def hand_over_schema(self, spec: Spec) -> None:
        with self.connect(name_of(spec)) as inside:
            run(inside, "ALTER SCHEMA public OWNER TO {name}", spec)

    def credentials(self, spec: Spec, password: str) -> dict[str, object]:
        server = conninfo_to_dict(str(self.settings["dsn"]))
        name = name_of(spec)
        return {
            "host": str(self.settings.get("host") or server.get("host", "")),
            "port": str(self.settings.get("port") or server.get("port", 5432)),
            "database": name,
            "user": name,
            "password": password,
        }

    def check_exists(self, admin: Admin, spec: Spec) -> None:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name_of(spec)]).fetchone():
            raise DriverError("not_found", "The project has no database.", is_retryable=False)

    @contextmanager
    def hold(self, spec: Spec) -> Iterator[Admin]:
        """An administrator's session that holds the project's lock. Raises Busy."""
        with self.connect() as admin:
            row = admin.execute("SELECT pg_try_advisory_lock(%s)", [lock_number(spec)]).fetchone()
            if not row or not row[0]:
                raise Busy
            try:
                yield admin
            finally:  # the end of the session frees it too, but a moment later
                with suppress(psycopg.Error):
                    admin.execute("SELECT pg_advisory_unlock(%s)", [lock_number(spec)])

    @contextmanager
    def connect(self, database: str = "") -> Iterator[Admin]:
        """Raises DriverError for whatever the server says; its words go to the log alone."""
        try:
            dsn = make_conninfo(str(self.settings["dsn"]), **({"dbname": database} if database else {}))
            with psycopg.connect(
                dsn,
                autocommit=True,  # CREATE and DROP DATABASE refuse a transaction
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                options=OPTIONS,
            ) as connection:
                yield connection
        except psycopg.Error as fault:
            detail = f"{type(fault).__name__} {fault.sqlstate or ''}"
            raise DriverError(
                "database_server_error",
                "The database server did not do it.",
                is_retryable=True,
                detail=detail,
            ) from None


def name_of(spec: Spec) -> str:
    """`p_` and 32 hex digits, whatever else is in `spec`: nothing to inject."""
    return f"p_{UUID(spec.project_id).hex}"


def identifier(spec: Spec) -> sql.Identifier:
    return sql.Identifier(name_of(spec))


def role_exists(admin: Admin, spec: Spec) -> bool:
    return admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name_of(spec)]).fetchone() is not None


def run(admin: Admin, statement: LiteralString, spec: Spec) -> None:
    """`statement` with `{name}` as the quoted name of the project's role and database."""
    admin.execute(sql.SQL(statement).format(name=identifier(spec)))


def lock_number(spec: Spec) -> int:
    digest = hashlib.sha256(b"gatehouse project " + UUID(spec.project_id).bytes).digest()
    return int.from_bytes(digest[:8], signed=True)


def end_sessions(admin: Admin, spec: Spec) -> None:
    """Ends every session of the project until none is left: one may have been on its way in."""
    name = name_of(spec)
    until = time.monotonic() + SESSIONS_END_SECONDS
    statement = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND (usename = %s OR datname = %s)"
    )
    while (row := admin.execute(statement, [name, name]).fetchone()) and row[0]:
        if time.monotonic() > until:
            raise DriverError("sessions_remain", "Sessions of the project did not end.", is_retryable=True)
        time.sleep(0.02)
