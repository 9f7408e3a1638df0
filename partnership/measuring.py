"""How much a project takes, by its provisioner: calls to the outside with plain values, fit for a thread.

No database here but in `prepare`, which is called first.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from partnership import catalog
from partnership.models import Project, Provisioner
from partnership.provisioners.base import Driver, DriverError, Measurement, Spec

log = structlog.get_logger("gatehouse.measuring")
clock = time.monotonic

Found = tuple[UUID, Measurement | DriverError]


@dataclass(frozen=True, slots=True)
class Round:
    """Projects of one provisioner that shall be measured, one after the other."""

    driver: Driver | DriverError
    specs: Sequence[Spec]

    def run(self, seconds: float) -> list[Found]:
        """What was found within `seconds` (the last one may take longer); the rest is left out."""
        found: list[Found] = []
        until = clock() + seconds
        for spec in self.specs:
            if found and clock() >= until:
                break
            found.append((UUID(spec.project_id), measure(self.driver, spec)))
        return found


def prepare(provisioner: Provisioner, projects: Sequence[Project]) -> Round:
    driver: Driver | DriverError
    try:
        driver = catalog.get_driver(provisioner)
    except Exception as fault:  # settings that are no longer to be decrypted or read
        driver = broken(fault)
    by_id = Project.objects.select_related("instance_type").in_bulk([project.pk for project in projects])
    return Round(driver, [catalog.spec_of(project) for project in by_id.values()])


def measure(driver: Driver | DriverError, spec: Spec) -> Measurement | DriverError:
    """A failure is a value here: one project's must not end the round."""
    if isinstance(driver, DriverError):
        return driver
    try:
        return driver.measure(spec)
    except DriverError as fault:
        return fault
    except Exception as fault:
        log.exception("driver broke", project=spec.project_id)
        return broken(fault)


def broken(fault: Exception) -> DriverError:
    message = "The project's infrastructure failed."
    return DriverError("provisioner_error", message, is_retryable=True, detail=type(fault).__name__)
