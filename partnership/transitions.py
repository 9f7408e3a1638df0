"""What may be done to a project, from where, and where it leads: one row for each operation.

Source: partnership.md, "White-label"; platform.md, "Statuses".
"""

from dataclasses import dataclass
from datetime import timedelta

from partnership.models import Operation, Project

Type = Operation.Type
Status = Project.Status


@dataclass(frozen=True, slots=True)
class Transition:
    """`settled` None: the status stays. `already`: there is nothing to do in this status."""

    verb: str  # of the driver
    runs_as: str  # `operation_status` on the wire
    allowed: frozenset[Status]
    settled: Status | None
    event: str
    deadline: timedelta
    already: Status | None = None
    failed: Status | None = None
    # What of the operation's parameters the project takes over when it succeeds: name -> column.
    applies: tuple[tuple[str, str], ...] = ()
    # The driver's verb that takes back what was done of it when it fails, and how long before its
    # deadline it is given up for that.
    undo: str = ""
    take_back: timedelta = timedelta(0)
    # What is told when it fails: partners hear nothing of what staff do to a deleted project.
    failure_event: str = "project.failed"
    # Past its first attempt, a cancel could leave it in a state that no status tells.
    cancels_while_running: bool = False


TRANSITIONS = {
    Type.CREATE: Transition(
        "create",
        "creating",
        frozenset({Status.CREATING, Status.FAILED}),
        Status.ACTIVE,
        "project.created",
        timedelta(minutes=10),
        failed=Status.FAILED,
        undo="delete",
        take_back=timedelta(minutes=2),
        cancels_while_running=True,
    ),
    Type.PAUSE: Transition(
        "pause",
        "pausing",
        frozenset({Status.ACTIVE}),
        Status.PAUSED,
        "project.paused",
        timedelta(minutes=5),
        already=Status.PAUSED,
    ),
    Type.RESTORE: Transition(
        "restore",
        "restoring",
        frozenset({Status.PAUSED}),
        Status.ACTIVE,
        "project.restored",
        timedelta(minutes=10),
        already=Status.ACTIVE,
    ),
    Type.UPGRADE: Transition(
        "resize",
        "upgrading",
        frozenset({Status.ACTIVE}),
        None,
        "project.upgraded",
        timedelta(minutes=15),
        applies=(("instance_type", "instance_type_id"), ("volume_size_gib", "volume_size_gib")),
    ),
    Type.RESTART: Transition(
        "restart",
        "restarting",
        frozenset({Status.ACTIVE}),
        None,
        "project.restarted",
        timedelta(minutes=5),
        applies=(("service_version", "service_version_id"),),
    ),
    Type.DELETE: Transition(
        "delete",
        "deleting",
        frozenset({Status.ACTIVE, Status.PAUSED, Status.FAILED}),
        Status.DELETED,
        "project.deleted",
        timedelta(minutes=10),
        already=Status.DELETED,
    ),
    Type.PURGE: Transition(
        "delete",
        "",  # as of what is deleted nothing runs
        frozenset({Status.DELETED}),
        None,
        "project.purged",
        timedelta(minutes=10),
        failure_event="project.purge_failed",
    ),
    Type.RECOVER: Transition(
        "restore",
        "",
        frozenset({Status.DELETED}),
        Status.ACTIVE,
        "project.restored",
        timedelta(minutes=10),
        undo="pause",
        take_back=timedelta(minutes=2),
        failure_event="project.recover_failed",
        cancels_while_running=True,
    ),
}
# Begun by staff and chores, on projects that are deleted to everybody else.
BEHIND_THE_SCENES = (Type.PURGE, Type.RECOVER)

MAX_ATTEMPTS = 4
# Before the second, third and fourth attempt; their sum is well within a sync call's 25 s.
BACKOFF_SECONDS = (1, 2, 4)
# Between two looks at a project that somebody else still holds.
BUSY_SECONDS = 1
