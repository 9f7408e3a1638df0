"""The postgres driver on a real server: who gets in, who does not, and what is left."""

from dataclasses import replace

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from partnership.provisioners.base import DriverError
from partnership.provisioners.postgres import PostgresDriver
from tests.partnership.provisioners.grounds import SPEC, VERBS, PostgresGround, cutting

pytestmark = pytest.mark.postgres

OTHER_ID = SPEC.project_id.replace("7e570000", "7e570001")
HOSTILE = ('x"; DROP DATABASE postgres; --', "x'; SELECT pg_sleep(9); --", "x\x00y", "{name}", "%s%s", "p_" * 99)


@pytest.fixture
def project(on_server: PostgresGround) -> PostgresGround:
    on_server.call("create")
    on_server.put("kept")
    return on_server


@pytest.fixture
def neighbour(on_server: PostgresGround):
    """Another project of the same server."""
    driver, spec = PostgresDriver({"dsn": on_server.dsn}), replace(SPEC, project_id=OTHER_ID)
    driver.create(spec, lambda _name: None, {})
    yield f"p_{OTHER_ID.replace('-', '')}"
    driver.delete(spec, lambda _name: None, {})


def test_pause_ends_sessions_and_restore_lets_in_with_the_same_password(project):
    inside, beside = project.enter(), project.enter("postgres")
    project.call("pause")
    for session in (inside, beside):
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert not project.lets_in()
    project.call("restore")
    assert project.lets_in()
    assert project.has("kept")


def test_who_is_paused_is_out_even_with_its_login_given_back(project):
    """CONNECT is revoked as well: one of the two alone would be one mistake from open."""
    project.call("pause")
    project.ask(f"ALTER ROLE {project.name} LOGIN")
    assert not project.lets_in()


def test_a_project_can_not_open_its_own_door_again(project):
    with project.enter() as inside:
        for statement in (
            "DROP DATABASE {0}",
            "ALTER DATABASE {0} OWNER TO {0}",
            "ALTER ROLE {0} CONNECTION LIMIT -1",
            "ALTER ROLE {0} SUPERUSER",
            "CREATE ROLE p_friend LOGIN",
            "CREATE DATABASE p_second",
        ):
            with pytest.raises(psycopg.Error):
                inside.execute(statement.format(project.name).encode())
        inside.execute(f"GRANT CONNECT ON DATABASE {project.name} TO PUBLIC".encode())  # a warning, no grant
    project.call("pause")
    assert not project.lets_in()


def test_a_project_does_not_enter_its_neighbour(project, neighbour):
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        project.enter(neighbour)


def test_the_quota_is_a_limit_of_connections(project):
    sessions = [project.enter() for _ in range(SPEC.connection_limit)]
    with pytest.raises(psycopg.OperationalError, match="too many connections"):
        project.enter()
    project.call("resize", spec=replace(SPEC, connection_limit=5))
    sessions.append(project.enter())
    for session in sessions:
        session.close()


def test_restart_ends_sessions_and_lets_in_again(project):
    session = project.enter()
    project.call("restart")
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    assert project.lets_in()


def test_delete_takes_what_the_role_left_in_other_databases(project):
    inside, beside = project.enter(), project.enter("postgres")
    (number,) = beside.execute("SELECT lo_create(0)").fetchone()
    project.call("delete")
    assert not project.is_there()
    assert project.ask("SELECT 1 FROM pg_largeobject_metadata WHERE oid = %s", number) == []
    for session in (inside, beside):
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")


def test_somebody_in_template1_does_not_stop_creations(project):
    with project.enter("template1"):
        other, spec = PostgresDriver({"dsn": project.dsn}), replace(SPEC, project_id=OTHER_ID)
        other.create(spec, lambda _name: None, {})
    other.delete(spec, lambda _name: None, {})


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_words_go_nowhere(on_server, name):
    spec = replace(SPEC, appkey=name, region=name, instance_type=name, service_version=name, api_key=name)
    on_server.call("create", spec=spec)
    on_server.call("delete", spec=spec)
    assert not on_server.is_there()
    with pytest.raises(ValueError, match="hexadecimal"):
        on_server.call("create", spec=replace(SPEC, project_id=name))


@pytest.mark.parametrize("password", HOSTILE[:2])
def test_a_hostile_password_of_the_operator_is_only_a_wrong_one(on_server, password):
    driver = PostgresDriver({"dsn": make_conninfo("", host="127.0.0.1", user="p_nobody", password=password)})
    with pytest.raises(DriverError) as refusal:
        driver.create(SPEC, lambda _name: None, {})
    assert (refusal.value.is_retryable, refusal.value.__cause__) == (True, None)
    assert password not in f"{refusal.value.message}{refusal.value.detail}"
    assert not on_server.is_there()


def test_the_server_is_given_a_verifier_and_no_password(project):
    ((stored,),) = project.ask("SELECT rolpassword FROM pg_authid WHERE rolname = %s", project.name)
    assert stored.startswith("SCRAM-SHA-256$")
    assert project.credentials["password"] not in stored


@pytest.mark.parametrize("verb", VERBS)
def test_a_worker_that_the_server_throws_out_at_any_step_is_followed_by_another(on_server, verb):
    for number in range(99):
        step, seen = cutting(number, on_server.kill_workers)
        on_server.prepare(verb)
        try:
            on_server.call(verb, step, on_server.wanted(verb))
        except DriverError:
            on_server.call(verb, spec=on_server.wanted(verb))
        on_server.check(verb)
        on_server.call("delete")
        if len(seen) <= number:
            return


@pytest.mark.parametrize("dsn", ["host=127.0.0.1 port=1 password=hunter2", "no dsn hunter2"])
def test_a_server_that_is_not_there_is_a_retryable_fault_without_secrets(dsn):
    with pytest.raises(DriverError) as fault:
        PostgresDriver({"dsn": dsn}).create(SPEC, lambda _name: None, {})
    assert fault.value.is_retryable
    assert "hunter2" not in f"{fault.value.message}{fault.value.detail}"


@pytest.fixture
def modest(on_server):
    """An administrator with CREATEROLE and CREATEDB, and no superuser."""
    name = f"gatehouse_modest_{SPEC.project_id[-12:]}"
    on_server.ask(f"DROP ROLE IF EXISTS {name}")
    on_server.ask(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD 'modest'")
    yield PostgresGround(make_conninfo(on_server.dsn, user=name, password="modest"))
    on_server.call("delete")
    on_server.ask(f"DROP ROLE {name}")


@pytest.mark.parametrize("verb", VERBS)
def test_an_administrator_without_superuser_suffices(modest, on_server, verb):
    modest.prepare(verb)
    modest.call(verb, spec=modest.wanted(verb))
    on_server.credentials = modest.credentials
    on_server.check(verb)
    if verb != "delete":
        assert modest.driver.measure(SPEC).database_bytes > 1_000_000


def test_the_project_makes_what_it_wants_in_its_own_database(project):
    with project.enter() as inside:
        inside.execute("CREATE SCHEMA shop")
        inside.execute("CREATE TABLE shop.item (id int)")
        with pytest.raises(errors.InsufficientPrivilege):
            inside.execute("COPY (SELECT 1) TO '/dev/null'")
