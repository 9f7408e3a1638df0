"""Bringing a partner in from elsewhere: ids, keys and the digests of secrets stay as they were.

Everything is looked at before anything is written; a file with one refusal changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.people import give_personal_organization
from partnership import catalog, connections, project_keys, tenures
from partnership.errors import Invalid
from partnership.models import Connection, Partner, PartnerSecret, Project


@dataclass(frozen=True, slots=True)
class Refusal:
    """Where in the file, as `partners[0].projects[3]`, and why."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Moved:
    partners: int
    secrets: int
    people: int
    projects: int


def clashes(found: list[dict[str, Any]]) -> Iterator[Refusal]:
    """What is well formed and can't be: taken ids and keys, people and catalog rows that aren't there."""
    for number, partner in enumerate(found):
        where = f"partners[{number}]"
        if Partner.objects.filter(pk=partner["id"]).exists():
            yield Refusal(where, "a partner with this id exists")
        if not partner["is_co_branded"] and not partner["is_white_label"]:
            yield Refusal(where, "is_co_branded, is_white_label or both must be true")
        people = {person["id"] for person in partner["people"]}
        for place, person in enumerate(partner["people"]):
            yield from person_clashes(person, f"{where}.people[{place}]")
        for place, project in enumerate(partner["projects"]):
            yield from project_clashes(project, people, f"{where}.projects[{place}]")


def person_clashes(person: dict[str, Any], where: str) -> Iterator[Refusal]:
    known = User.objects.filter(email__iexact=person["email"]).first()
    if known is not None and known.pk != person["id"]:
        yield Refusal(where, "somebody else has this address: use that person's id")


def project_clashes(project: dict[str, Any], people: set[Any], where: str) -> Iterator[Refusal]:
    taken = Project.objects.filter(pk=project["id"]) | Project.objects.filter(appkey=project["appkey"])
    if taken.exists():
        yield Refusal(where, "a project with this id or appkey exists")
    if project["user_id"] is not None and project["user_id"] not in people:
        yield Refusal(where, "user_id is none of the partner's people")
    try:
        catalog.get_region(project["region"])
        catalog.get_instance_type(project["instance_type"])
    except Invalid as refusal:
        yield Refusal(where, refusal.message)


@transaction.atomic
def move_in(found: list[dict[str, Any]], now: datetime) -> Moved:
    """Writes what `read` gave without refusals. All or nothing."""
    counts = {"secrets": 0, "people": 0, "projects": 0}
    for row in found:
        fields = ("id", "name", "contact_email", "is_co_branded", "is_white_label")
        partner = Partner.objects.create(**{name: row[name] for name in fields})
        for secret in row["secrets"]:
            digest = bytes.fromhex(secret.pop("sha256"))
            PartnerSecret.objects.create(partner=partner, digest=digest, created_at=now, **secret)
        for person in row["people"]:
            add_person(partner, person, now)
        for project in row["projects"]:
            add_project(partner, project, now)
        for noun in counts:
            counts[noun] += len(row[noun])
    return Moved(len(found), **counts)


def add_person(partner: Partner, person: dict[str, Any], now: datetime) -> None:
    user = User.objects.filter(pk=person["id"]).first()
    if user is None:
        user = User.objects.create_user(person["email"], id=person["id"], name=person["name"])
        give_personal_organization(user)
    Connection.objects.create(partner=partner, user=user, created_at=now, linked_at=now)


def add_project(partner: Partner, row: dict[str, Any], now: datetime) -> None:
    """The row alone: what it stands for is where it was, and its provisioner finds it by its id."""
    region = catalog.get_region(row["region"])
    user = User.objects.filter(pk=row["user_id"]).first() if row["user_id"] else None
    project = Project.objects.create(
        id=row["id"],
        mode=Project.Mode.CO_BRANDED if user else Project.Mode.WHITE_LABEL,
        partner=partner,
        user=user,
        organization=connections.home_of(user) if user else None,
        name=row["name"],
        sync_name=row["name"],
        external_id=row["external_id"],
        appkey=row["appkey"],
        provisioner=region.provisioner,
        region=region,
        instance_type=catalog.get_instance_type(row["instance_type"]),
        volume_size_gib=row["volume_size_gib"],
        service_version=catalog.get_version(None),
        status=row["status"],
        created_at=row["created_at"] or now,
        updated_at=now,
    )
    tenures.begin(project, project.created_at)
    project_keys.add(project, now, value=row["api_key"])
