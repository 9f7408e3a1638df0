"""Workers killed at random instructions while partners keep asking.

`python -m tests.partnership.kills 40 7`: 40 kills, seed 7, on the database of the
environment, which must be an empty one of its own. Prints what it found as JSON; exits 1 if an
operation stayed open, ran twice at once, or left something behind.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import timedelta

import django

django.setup()

import psycopg  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.encryption import encrypt  # noqa: E402
from accounts.errors import ApiError  # noqa: E402
from partnership import creation, lifecycle, operations  # noqa: E402
from partnership.creation import Owner, Wanted  # noqa: E402
from partnership.events import SYSTEM  # noqa: E402
from partnership.models import Event, Operation, Partner, Project, Provisioner, Region  # noqa: E402

SERVER = os.environ.get("GATEHOUSE_DATABASE_URL", "")
CHANGES = [Operation.Type.PAUSE, Operation.Type.RESTORE, Operation.Type.DELETE]
SETTLED = ("active", "paused", "failed", "deleted")


def main(kills: int, seed: int) -> int:
    settings.OPERATION_LEASE_SECONDS = 1
    call_command("migrate", verbosity=0)
    owner = prepare()
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
    return report(kills)


def prepare() -> Owner:
    partner = Partner.objects.create(
        id="ps_killed000001", name="Kills", contact_email="k@k.example", is_white_label=True
    )
    if SERVER:
        dsn = json.dumps({"dsn": SERVER})
        server = Provisioner.objects.create(name="server", kind="postgres", encrypted_settings=encrypt(dsn))
        Region.objects.filter(name="us-west").update(provisioner=server)
    return Owner(Project.Mode.WHITE_LABEL, partner=partner)


def start() -> int:
    """A worker of its own process, ready at once: it is forked and not started anew."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    while True:
        operations.run_due(timezone.now())
        time.sleep(0.01)


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def ask(owner: Owner, dice: random.Random) -> None:
    """What a partner may ask for at this moment; refusals are answers too."""
    wanted = Wanted(f"Shop {dice.randrange(12)}", region=dice.choice(["us-east", "us-west"]))
    try:
        project, _ = creation.sync(owner, wanted, actor=SYSTEM, now=timezone.now())
        lifecycle.change(project, dice.choice(CHANGES), actor=SYSTEM, now=timezone.now())
    except ApiError:
        return


def wait_until_settled() -> None:
    until = timezone.now() + timedelta(seconds=120)
    while Operation.objects.filter(finished_at=None).exists() and timezone.now() < until:
        time.sleep(0.1)


def report(kills: int) -> int:
    ended = ("project.created", "project.paused", "project.restored", "project.deleted", "project.failed")
    told = Counter(Event.objects.filter(type__in=ended).values_list("data__operation__id", flat=True))
    alive = {str(pk) for pk in Project.objects.filter(status__in=["active", "paused"]).values_list("pk", flat=True)}
    found = {
        "kills": kills,
        "operations": Operation.objects.count(),
        "taken over": Operation.objects.filter(fence__gt=1).count(),
        "open": Operation.objects.filter(finished_at=None).count(),
        "unsettled": Project.objects.exclude(status__in=SETTLED, operation_status="").count(),
        "told twice or never": sum(told[str(pk)] != 1 for pk in Operation.objects.values_list("pk", flat=True)),
        "orphans": sorted(left_behind() - alive),
        "missing": sorted(alive - left_behind()),
    }
    sys.stdout.write(json.dumps(found))
    return int(
        bool(
            found["open"] or found["unsettled"] or found["told twice or never"] or found["orphans"] or found["missing"]
        )
    )


def left_behind() -> set[str]:
    """The ids of projects that have a folder, a database or a role."""
    folders = {path.name for path in settings.EMBEDDED_PROJECTS.glob("[!.]*")}
    if not SERVER:
        return folders
    with psycopg.connect(SERVER) as server:
        rows = server.execute(
            "SELECT rolname FROM pg_roles WHERE rolname ~ '^p_[0-9a-f]{32}$' "
            "UNION SELECT datname FROM pg_database WHERE datname ~ '^p_[0-9a-f]{32}$'"
        )
        mine = {pk.hex: str(pk) for pk in Project.objects.values_list("pk", flat=True)}
        return folders | {mine[name[2:]] for (name,) in rows if name[2:] in mine}


if __name__ == "__main__":
    connection.close()
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
