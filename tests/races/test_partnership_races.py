"""Parallel calls of partners: what must happen once happens once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from partnership import lifecycle, operation_rows, operations
from partnership.events import SYSTEM
from partnership.models import Connection, Operation, Project
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret, partner

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture(autouse=True)
def projects_folder(settings, tmp_path):
    settings.EMBEDDED_PROJECTS = tmp_path / "projects"


@pytest.fixture
def globex():
    owner = partner("ps_globex000001", "Globex", is_white_label=True, is_co_branded=True)
    add_secret(owner, GLOBEX_SECRET)
    return owner


def call(owner, path, body=None, **more):
    """A call of its own wire, for a thread of its own."""
    return lambda: PartnerClient(owner, GLOBEX_SECRET).post(path, body, **more)


def work():
    """A worker beside the calls, for as long as they may wait."""
    for _ in range(100):
        if not operations.run_due(timezone.now()) and Project.objects.filter(status="active").exists():
            return


@pytest.mark.contract("partnership.md", "Co-branded", "under parallel calls")
def test_twenty_syncs_of_one_name_make_one_project(globex, at_once):
    body = {"project_name": "Shop"}
    answers = at_once(*[call(globex, "sync-embedded-project", body)] * 20, work)[:20]

    assert {answer.status for answer in answers} == {200}
    assert len({answer["project"]["id"] for answer in answers}) == 1
    assert (Project.objects.count(), Operation.objects.count()) == (1, 1)


BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def wait_until_blocked():
    """Until another connection waits for a lock of this one's transaction."""
    with connection.cursor() as cursor:
        blocked = (cursor.execute(BLOCKED).fetchone() for _ in range(100_000))
        assert any(count > 0 for (count,) in blocked)


def test_a_sync_that_finds_what_is_deleted_in_that_moment_makes_a_new_one(globex, monkeypatch):
    monkeypatch.setattr("partnership.waiting.sleep", lambda _seconds: operations.run_due(timezone.now()))
    sync = call(globex, "sync-embedded-project", {"project_name": "Shop"})
    old = Project.objects.get(pk=sync()["project"]["id"])
    deletion = lifecycle.change(old, Operation.Type.DELETE, actor=SYSTEM, now=timezone.now())

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            operation_rows.settle(deletion, operation_rows.Result(), timezone.now())
            syncing = pool.submit(closing(sync))
            wait_until_blocked()
        made = syncing.result()

    assert (made.status, made["project"]["status"]) == (200, "active")
    assert made["project"]["id"] != str(old.pk)


def closing(act):
    """`act` for a thread of its own, which leaves no connection behind."""

    def run():
        try:
            return act()
        finally:
            connections.close_all()

    return run


def test_twenty_connects_of_one_address_give_one_id(globex, at_once):
    spellings = ("carol@example.com", "Carol@Example.COM")
    calls = [call(globex, "connect-user", {"name": "Carol", "email": spellings[n % 2]}) for n in range(20)]

    answers = at_once(*calls)

    assert {answer.status for answer in answers} == {200}
    assert len({answer["account"]["id"] for answer in answers}) == 1
    assert Connection.objects.count() == 1


def test_the_plan_limit_holds_for_parallel_syncs(globex, at_once):
    user_id = PartnerClient(globex, GLOBEX_SECRET).connect()
    calls = [call(globex, f"{user_id}/sync-project", {"project_name": f"Shop {n}"}) for n in range(8)]

    answers = at_once(*calls, work)[:8]

    assert Counter(answer["success"] for answer in answers) == {True: 2, False: 6}
    assert Project.objects.count() == 2


def test_of_different_operations_at_once_one_begins(globex, at_once):
    client = PartnerClient(globex, GLOBEX_SECRET)
    project = at_once(client.sync, work)[0]["project"]["id"]
    paths = ["pause", "restart"] * 6

    answers = at_once(*[call(globex, f"{project}/{path}") for path in paths])

    assert {answer.status for answer in answers} <= {200, 409}
    assert Operation.objects.exclude(type="create").count() == 1
    assert sum(answer.status == 409 for answer in answers) == 6


def test_one_idempotency_key_at_once_is_one_request(globex, at_once):
    body = {"project_name": "Shop"}
    answers = at_once(*[call(globex, "sync-embedded-project", body, key="k")] * 12, work)[:12]

    assert Counter(answer.status for answer in answers).keys() <= {200, 409}
    assert Project.objects.count() == 1
    assert len({str(answer.body) for answer in answers if answer.status == 200}) == 1


def test_two_workers_never_run_the_same_operation(globex, at_once, monkeypatch):
    ran = []
    monkeypatch.setattr(operations, "run", lambda operation, _now: ran.append((operation.pk, operation.fence)))
    client = PartnerClient(globex, GLOBEX_SECRET)
    monkeypatch.setattr("partnership.waiting.sleep", lambda _seconds: None)
    monkeypatch.setattr("partnership.views.shapes.LONG_SECONDS", 0.01)
    for number in range(15):
        client.sync(f"Shop {number}")
    now = timezone.now()

    at_once(*[lambda: operations.run_due(now)] * 6)

    assert len(ran) == len(set(ran)) == 15
