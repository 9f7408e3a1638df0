"""Workers killed at random instructions while partners keep asking.

`python -m tests.partnership.kills 40 7`: 40 kills, seed 7, on the database of the
environment, which must be an empty one of its own. Prints what it found as JSON; exits 1 if an
operation stayed open, was told of twice or never, or left something behind.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import datetime, timedelta

import django

django.setup()

import psycopg  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.db.models import Q  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.encryption import encrypt  # noqa: E402
from accounts.errors import ApiError  # noqa: E402
from config import chores  # noqa: E402
from partnership import catalog, creation, lifecycle, operations, recovery  # noqa: E402
from partnership.creation import Owner, Wanted  # noqa: E402
from partnership.events import SYSTEM  # noqa: E402
from partnership.models import Event, Operation, Partner, Project, Provisioner, Region  # noqa: E402
from partnership.provisioners import osb  # noqa: E402
from partnership.transitions import TRANSITIONS  # noqa: E402
from tests.partnership.provisioners.broker import Broker, Served  # noqa: E402

SERVER = os.environ.get("GATEHOUSE_DATABASE_URL", "")
CHANGES = [Operation.Type.PAUSE, Operation.Type.RESTORE, Operation.Type.DELETE]
SETTLED = ("active", "paused", "failed", "deleted")


def main(kills: int, seed: int) -> int:
    settings.OPERATION_LEASE_SECONDS = 1
    osb.STEP_SECONDS = 4
    call_command("migrate", verbosity=0)
    served = Served()
    served.broker.polls = 1  # everything takes a while
    owner = prepare(served)
    dice = random.Random(seed)
    workers = [start() for _ in range(3)]
    done = 0
    while done < kills:
        ask(owner, dice)
        time.sleep(dice.random() * 0.08)
        if dice.random() < 0.5:
            victim = dice.randrange(len(workers))
            stop(workers[victim])
            workers[victim] = start()
            done += 1
    wait_until_settled()
    for worker in workers:
        stop(worker)
    try:
        return report(kills, served)
    finally:
        remove_all()


def prepare(served: Served) -> Owner:
    partner = Partner.objects.create(
        id="ps_killed000001", name="Kills", contact_email="k@k.example", is_white_label=True
    )
    add_region("eu-central", "osb", served.settings())
    if SERVER:
        add_region("us-west", "postgres", {"dsn": SERVER})
    return Owner(Project.Mode.WHITE_LABEL, partner=partner)


def add_region(name: str, kind: str, given: dict[str, object]) -> None:
    made = Provisioner.objects.create(name=kind, kind=kind, encrypted_settings=encrypt(json.dumps(given)))
    Region.objects.filter(name=name).update(provisioner=made)


def start() -> int:
    """A worker of its own process, ready at once: it is forked and not started anew."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    try:
        chores.work()
    finally:
        os._exit(1)


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def ask(owner: Owner, dice: random.Random) -> None:
    """What a partner may ask for at this moment; refusals are answers too."""
    now = timezone.now()
    if dice.random() < 0.2:
        ask_for_deleted(dice, now)
        return
    wanted = Wanted(f"Shop {dice.randrange(12)}", region=dice.choice(["us-east", "us-west", "eu-central"]))
    try:
        project, _ = creation.sync(owner, wanted, actor=SYSTEM, now=now)
        match dice.choice([*CHANGES, Operation.Type.RESTART, Operation.Type.UPGRADE]):
            case Operation.Type.RESTART:
                lifecycle.restart(project, None, actor=SYSTEM, now=now)
            case Operation.Type.UPGRADE:
                lifecycle.upgrade(project, dice.choice(["nano", "micro"]), None, actor=SYSTEM, now=now)
            case change:
                lifecycle.change(project, change, actor=SYSTEM, now=now)
    except ApiError:
        return


def ask_for_deleted(dice: random.Random, now: datetime) -> None:
    """Staff bring one back that was deleted, or its days are over."""
    waiting = list(Project.objects.filter(purge_at__isnull=False).order_by("pk"))
    if not waiting:
        return
    project = dice.choice(waiting)
    if dice.random() < 0.5:
        recovery.give_up(Project.objects.filter(pk=project.pk), now)
        recovery.purge_due(now)
        return
    try:
        recovery.begin(project, reason="Kills", actor=SYSTEM, now=now)
    except ApiError:
        return


def wait_until_settled() -> None:
    until = timezone.now() + timedelta(seconds=120)
    while Operation.objects.filter(finished_at=None).exists() and timezone.now() < until:
        time.sleep(0.1)


def report(kills: int, served: Served) -> int:
    """What is left, printed; 1 if anything of it should not be."""
    ended = {event for rule in TRANSITIONS.values() for event in (rule.event, rule.failure_event)}
    told = Counter(Event.objects.filter(type__in=ended).values_list("data__operation__id", flat=True))
    kept = Q(status__in=["active", "paused"]) | Q(purge_at__isnull=False)
    alive = {str(pk) for pk in Project.objects.filter(kept).values_list("pk", flat=True)}
    left = left_behind(served.broker)
    found = {
        "kills": kills,
        "operations": Operation.objects.count(),
        "taken over": Operation.objects.filter(fence__gt=1).count(),
        "open": Operation.objects.filter(finished_at=None).count(),
        "unsettled": Project.objects.exclude(status__in=SETTLED, operation_status="").count(),
        "told twice or never": sum(told[str(pk)] != 1 for pk in Operation.objects.values_list("pk", flat=True)),
        "orphans": sorted(f"{place} {id_}" for place, ids in left.items() for id_ in ids - alive),
        "missing": sorted(alive - set().union(*left.values())),
        "ended": dict(Counter(map(" ".join, Operation.objects.values_list("type", "status")))),
    }
    sys.stdout.write(json.dumps(found))
    return int(
        bool(
            found["open"] or found["unsettled"] or found["told twice or never"] or found["orphans"] or found["missing"]
        )
    )


def left_behind(broker: Broker) -> dict[str, set[str]]:
    """The ids of projects of which there is something, by where it is."""
    root = settings.EMBEDDED_PROJECTS
    left = {
        "folder": {path.name for path in root.glob("[!.]*")},
        "lock": {path.name for path in root.glob(".locks/*")},
        "instance": set(broker.instances),
        "binding": set(broker.bindings),
    }
    if SERVER:
        mine = {f"p_{pk.hex}": str(pk) for pk in Project.objects.values_list("pk", flat=True)}
        with psycopg.connect(SERVER) as server:
            roles = server.execute("SELECT rolname FROM pg_roles").fetchall()
            databases = server.execute("SELECT datname FROM pg_database").fetchall()
        left["role"] = {mine[name] for (name,) in roles if name in mine}
        left["database"] = {mine[name] for (name,) in databases if name in mine}
    return left


def remove_all() -> None:
    """Whatever was found: the server is not ours alone."""
    for project in Project.objects.filter(provisioner__kind="postgres"):
        spec = operations.spec_of(project.operations.latest("created_at"))
        catalog.get_driver(project.provisioner).delete(spec, lambda _name: None, {})


if __name__ == "__main__":
    connection.close()
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
