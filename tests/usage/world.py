"""What metering is about: partners, their projects and organizations, in the database and in the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from accounts.models import Organization
from partnership.models import Absence, InstanceType, Partner, Project, Region, ServiceVersion, Tenure
from tests.usage.model_store import Known
from usage.sql_store import reading
from usage.store import Recorded, Sender, Voided

NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
BORN = datetime(2025, 12, 1, 8, tzinfo=UTC)
LIVE = Sender(client=1, environment="live")
TEST = Sender(client=2, environment="test")
ids = count(1)


def read_by(patch: pytest.MonkeyPatch, now: Callable[[], datetime]) -> None:
    """The store's reads go by `now`: on PostgreSQL by the database's own clock, which can't be stopped."""
    patch.setattr(reading, "clock", now)
    patch.setattr(reading, "now_in_sql", lambda: ("%s", [now()]))


@dataclass
class World:
    """Everything is made in the database and remembered for the model."""

    known: dict[UUID, Known] = field(default_factory=dict)

    def project(
        self, partner: str | None = "ps_globex000001", environment: str = "live", born: datetime = BORN
    ) -> UUID:
        """A white-label project of `partner`."""
        owner, _ = Partner.objects.get_or_create(
            pk=partner, defaults={"name": partner, "contact_email": "ops@partner.example", "is_white_label": True}
        )
        return self.remember(self.made(born, mode="white_label", partner=owner, environment=environment))

    def platform_project(self, organization: Organization, born: datetime = BORN) -> UUID:
        row = self.made(born, mode="platform", organization=organization, environment="live")
        Tenure.objects.create(project=row, organization=organization, from_at=born)
        id_ = self.remember(row)
        self.known[id_].tenures.append((str(organization.pk), born, None))
        return id_

    def made(self, born: datetime, **owner: object) -> Project:
        region = Region.objects.first()
        return Project.objects.create(
            name=f"Project {next(ids)}",
            sync_name=f"Project {next(ids)}",
            provisioner=region.provisioner,
            region=region,
            instance_type=InstanceType.objects.first(),
            service_version=ServiceVersion.objects.first(),
            status="active",
            created_at=born,
            updated_at=born,
            **owner,
        )

    def remember(self, row: Project) -> UUID:
        self.known[row.pk] = Known(row.pk, row.partner_id, row.environment, row.created_at)
        return row.pk

    def delete(self, project: UUID, at: datetime) -> None:
        Project.objects.filter(pk=project).update(status="deleted", deleted_at=at)
        self.known[project].deleted_at = at

    def recover(self, project: UUID, at: datetime) -> None:
        deleted_at = self.known[project].deleted_at
        Absence.objects.create(project_id=project, from_at=deleted_at, until_at=at)
        Project.objects.filter(pk=project).update(status="active", deleted_at=None, recovered_at=at)
        self.known[project].deleted_at = None
        self.known[project].absences.append((deleted_at, at))

    def move(self, project: UUID, organization: Organization, at: datetime) -> None:
        Tenure.objects.filter(project=project, until_at=None).update(until_at=at)
        Tenure.objects.create(project_id=project, organization=organization, from_at=at)
        Project.objects.filter(pk=project).update(organization=organization)
        tenures = self.known[project].tenures
        tenures[-1] = (*tenures[-1][:2], at)
        tenures.append((str(organization.pk), at, None))


def organization(name: str) -> Organization:
    return Organization.objects.create(name=name, slug=name.lower())


def event(project: UUID, at: datetime = NOW, id_: str | None = None, source: str = "/edge", **amounts: int) -> Recorded:
    return Recorded(source, id_ or f"e{next(ids)}", project, at, amounts or {"mcp_calls": 1})


def void(of: Recorded | Voided, at: datetime = NOW, id_: str | None = None, source: str = "/edge") -> Voided:
    return Voided(source, id_ or f"v{next(ids)}", at, of.source, of.id)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)
