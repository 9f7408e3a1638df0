"""Bringing a partner in from elsewhere: ids, keys and the digests of secrets stay as they were.

Everything is looked at before anything is written; a file with one refusal changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.digests import digest
from accounts.models import User
from accounts.people import create_person
from partnership import catalog, connections, events, project_keys, tenures
from partnership.errors import Invalid
from partnership.events import SYSTEM
from partnership.models import Connection, Partner, PartnerSecret, Project, ProjectKey

BATCH = 500
Step = Callable[[], None]  # called after each project
Clash = tuple[str, str]  # where in the file, as `partners[0].projects[3]`, and why


@dataclass(frozen=True, slots=True)
class Moved:
    partners: int
    secrets: int
    people: int
    projects: int


class Choices:
    """The catalog, each of its rows read once."""

    def __init__(self) -> None:
        self.region = cache(catalog.get_region)
        self.instance_type = cache(catalog.get_instance_type)
        self.version = cache(catalog.get_version)


class Claims:
    """What only one row of the file may have."""

    def __init__(self) -> None:
        self.first: dict[tuple[object, ...], str] = {}

    def twice(self, where: str, noun: str, *value: object) -> Iterator[Clash]:
        owner = self.first.setdefault((noun, *value), where)
        if owner != where:
            yield where, f"the same {noun} as {owner}"


def clashes(found: list[dict[str, Any]], step: Step) -> Iterator[Clash]:
    """What is well formed and can't be: taken ids and keys, people and catalog rows that aren't there."""
    claims, choices = Claims(), Choices()
    addresses: dict[Any, str] = {}
    for number, partner in enumerate(found):
        where = f"partners[{number}]"
        yield from partner_clashes(partner, where, claims)
        for place, secret in enumerate(partner["secrets"]):
            yield from secret_clashes(secret, f"{where}.secrets[{place}]", claims)
        for place, person in enumerate(partner["people"]):
            yield from person_clashes(person, f"{where}.people[{place}]", partner, claims, addresses)
        yield from projects_clashes(partner, where, claims, choices, step)


def partner_clashes(partner: dict[str, Any], where: str, claims: Claims) -> Iterator[Clash]:
    yield from claims.twice(where, "partner id", partner["id"])
    if Partner.objects.filter(pk=partner["id"]).exists():
        yield where, "a partner with this id exists"
    if not partner["is_co_branded"] and not partner["is_white_label"]:
        yield where, "is_co_branded, is_white_label or both must be true"


def secret_clashes(secret: dict[str, Any], where: str, claims: Claims) -> Iterator[Clash]:
    yield from claims.twice(where, "secret", secret["sha256"])
    if PartnerSecret.objects.filter(digest=bytes.fromhex(secret["sha256"])).exists():
        yield where, "this secret is in use"


def person_clashes(
    person: dict[str, Any], where: str, partner: dict[str, Any], claims: Claims, addresses: dict[Any, str]
) -> Iterator[Clash]:
    """One person may be of many partners, always with one id and one address."""
    id_, email = person["id"], person["email"].lower()
    yield from claims.twice(where, "person", partner["id"], id_)
    if addresses.setdefault(id_, email) != email or addresses.setdefault(email, str(id_)) != str(id_):
        yield where, "elsewhere in the file this id has another address, or this address another id"
    known = User.objects.filter(Q(email__iexact=email) | Q(pk=id_)).first()
    if known is not None and known.pk != id_:
        yield where, "somebody else has this address: use that person's id"
    elif known is not None and known.email.lower() != email:
        yield where, "the person with this id has another address"


def projects_clashes(
    partner: dict[str, Any], where: str, claims: Claims, choices: Choices, step: Step
) -> Iterator[Clash]:
    people = {person["id"] for person in partner["people"]}
    for begin in range(0, len(partner["projects"]), BATCH):
        batch = partner["projects"][begin : begin + BATCH]
        taken = find_taken(batch)
        for place, project in enumerate(batch, start=begin):
            here = f"{where}.projects[{place}]"
            yield from twin_clashes(project, here, partner["id"], claims)
            yield from ((here, why) for why in faults_of_project(project, partner, people, taken, choices))
            step()


def find_taken(batch: list[dict[str, Any]]) -> set[object]:
    """Ids, appkeys and digests of keys of `batch` that projects here have."""
    ids, appkeys = [row["id"] for row in batch], [row["appkey"] for row in batch]
    same = Project.objects.filter(Q(pk__in=ids) | Q(appkey__in=appkeys)).values_list("pk", "appkey")
    keys = ProjectKey.objects.filter(digest__in=[digest(row["api_key"]) for row in batch])
    return {value for row in same for value in row} | {bytes(key) for key in keys.values_list("digest", flat=True)}


def twin_clashes(project: dict[str, Any], where: str, partner_id: str, claims: Claims) -> Iterator[Clash]:
    for noun in ("id", "appkey", "api_key"):
        yield from claims.twice(where, f"project {noun}", project[noun])
    noun = "name" if project["external_id"] is None else "external_id"
    yield from claims.twice(where, f"project {noun}", partner_id, project["user_id"], project[noun])


def faults_of_project(
    project: dict[str, Any], partner: dict[str, Any], people: set[Any], taken: set[object], choices: Choices
) -> Iterator[str]:
    user_id = project["user_id"]
    if project["id"] in taken or project["appkey"] in taken:
        yield "a project with this id or appkey exists"
    if digest(project["api_key"]) in taken:
        yield "a project with this api_key exists"
    if user_id is not None and user_id not in people:
        yield "user_id is none of the partner's people"
    if not partner["is_co_branded" if user_id else "is_white_label"]:
        yield "the partner is not of this project's mode: with user_id co-branded, without white-label"
    for get, name in ((choices.region, "region"), (choices.instance_type, "instance_type")):
        try:
            get(project[name])
        except Invalid as refusal:
            yield refusal.message


@transaction.atomic
def move_in(found: list[dict[str, Any]], now: datetime, step: Step) -> Moved:
    """Writes what `judge` gave without refusals. All or nothing."""
    choices = Choices()
    counts = {"secrets": 0, "people": 0, "projects": 0}
    for row in found:
        fields = ("id", "name", "contact_email", "is_co_branded", "is_white_label")
        partner = Partner.objects.create(**{name: row[name] for name in fields})
        for secret in row["secrets"]:
            value = bytes.fromhex(secret["sha256"])
            kept = {name: secret[name] for name in secret if name != "sha256"}
            PartnerSecret.objects.create(partner=partner, digest=value, created_at=now, **kept)
        for person in row["people"]:
            add_person(partner, person, now)
        for project in row["projects"]:
            add_project(partner, project, choices, now)
            step()
        for noun in counts:
            counts[noun] += len(row[noun])
    return Moved(len(found), **counts)


def add_person(partner: Partner, person: dict[str, Any], now: datetime) -> None:
    user = User.objects.filter(pk=person["id"]).first()
    if user is None:
        user = create_person(person["email"], person["name"], id=person["id"])
    Connection.objects.create(partner=partner, user=user, created_at=now, linked_at=now)


def add_project(partner: Partner, row: dict[str, Any], choices: Choices, now: datetime) -> None:
    """The row alone: what it stands for is where it was, and its provisioner finds it by its id."""
    region = choices.region(row["region"])
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
        instance_type=choices.instance_type(row["instance_type"]),
        volume_size_gib=row["volume_size_gib"],
        service_version=choices.version(None),
        status=row["status"],
        created_at=row["created_at"] or now,
        updated_at=now,
    )
    tenures.begin(project, project.created_at)
    project_keys.add(project, now, value=row["api_key"])
    events.of_project("project.moved_in", project, actor=SYSTEM, now=now)
