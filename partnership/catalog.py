"""What may be chosen, read from the operator's rows; refusals list what is allowed."""

import json
import re
from collections.abc import Mapping
from typing import TypedDict

from django.conf import settings
from django.db.models import Q

from accounts.encryption import decrypt
from partnership.errors import Fault, Invalid, VolumeShrinkRefused, not_among
from partnership.models import InstanceType, Project, Provisioner, Region, RegionAlias, ServiceVersion
from partnership.provisioners import DRIVERS
from partnership.provisioners.base import Driver, Spec

USAGE_PATH = re.compile(r"(/[A-Za-z0-9._~/-]*)?")  # no query: the interval is one


class RegionOffer(TypedDict):
    name: str
    title: str
    is_default: bool
    aliases: list[str]
    can: list[str]


class InstanceTypeOffer(TypedDict):
    name: str
    connection_limit: int
    is_default: bool


class VersionOffer(TypedDict):
    name: str
    is_default: bool


class VolumeOffer(TypedDict):
    first_size_gib: int
    max_size_gib: int


class Offer(TypedDict):
    regions: list[RegionOffer]
    instance_types: list[InstanceTypeOffer]
    volumes: VolumeOffer
    versions: list[VersionOffer]


def get_region(name: str | None) -> Region:
    """The offered region of that name or alias; without a name the default.

    Raises Invalid (422), which lists the names and aliases.
    """
    offered = Region.objects.filter(is_offered=True).select_related("provisioner")
    called = Q(is_default=True) if name is None else Q(name=name)
    region = offered.filter(called).first()
    if region is None and name is not None:
        region = offered.filter(aliases__name=name).first()
    if region is None:
        names = [*offered.values_list("name", flat=True)]
        aliases = RegionAlias.objects.filter(region__is_offered=True).values_list("name", flat=True)
        raise not_among("region", [*names, *aliases])
    return region


def get_instance_type(name: str | None, *, param: str = "instance_type") -> InstanceType:
    offered = InstanceType.objects.filter(is_offered=True)
    found = offered.filter(is_default=True).first() if name is None else offered.filter(name=name).first()
    if found is None:
        raise not_among(param, offered.values_list("name", flat=True))
    return found


def get_version(name: str | None, *, param: str = "insforge_oss_version") -> ServiceVersion:
    offered = [*ServiceVersion.objects.filter(is_offered=True)]
    # Not by the database: the name may come from a query string, with characters that no database takes.
    found = next((row for row in offered if (row.is_default if name is None else row.name == name)), None)
    if found is None:
        raise not_among(param, [row.name for row in offered])
    return found


def check_volume(size_gib: int, *, current_gib: int, param: str = "volume_size_gib") -> None:
    """Raises VolumeShrinkRefused unless larger than the current, Invalid above the largest."""
    if size_gib <= current_gib:
        raise VolumeShrinkRefused(current_gib, param=param)
    if size_gib > settings.PROJECT_MAX_VOLUME_GIB:
        largest = settings.PROJECT_MAX_VOLUME_GIB
        raise Invalid(Fault(param, "not_allowed", f"{param} must be at most {largest}."))


def get_provisioner(region: Region, environment: str) -> Provisioner:
    """Where a new project of `region` is made: tests are simulated, wherever they ask to be."""
    if environment == "test":
        return get_simulated()
    return region.provisioner


def get_simulated() -> Provisioner:
    """The one of all tests: the first, if there are more."""
    return Provisioner.objects.filter(kind=Provisioner.Kind.SIMULATED).order_by("id")[0]


def is_used(provisioner: Provisioner) -> bool:
    """By a region, by a project, or by all that tests will make."""
    if provisioner.kind == Provisioner.Kind.SIMULATED and provisioner == get_simulated():
        return True
    return provisioner.regions.exists() or Project.objects.filter(provisioner=provisioner).exists()


def get_driver(provisioner: Provisioner) -> Driver:
    return DRIVERS[provisioner.kind](settings_of(provisioner))


def spec_of(project: Project) -> Spec:
    """The project as it is. Without its key: who needs it adds it."""
    return Spec(
        project_id=str(project.pk),
        appkey=project.appkey,
        region=project.region_id,
        instance_type=project.instance_type_id,
        connection_limit=project.instance_type.connection_limit,
        volume_size_gib=project.volume_size_gib,
        service_version=project.service_version_id,
        environment=project.environment,
        api_key="",
    )


def settings_of(provisioner: Provisioner) -> dict[str, object]:
    """The driver's, and `usage_path`. Raises what decrypting raises when no key fits any more."""
    text = provisioner.encrypted_settings
    held: dict[str, object] = json.loads(decrypt(text)) if text else {}
    return held


def usage_path(given: Mapping[str, object]) -> str:
    """Where backends tell their own counters, by a provisioner's settings; empty: they do not.

    Raises ValueError: what does not begin with a slash would make another host of the one before it.
    """
    path = given.get("usage_path", "")
    if not isinstance(path, str) or not USAGE_PATH.fullmatch(path):
        raise ValueError("usage_path")
    return path


def describe() -> Offer:
    """The body of GET catalog."""
    regions = Region.objects.filter(is_offered=True).select_related("provisioner").prefetch_related("aliases")
    return {
        "regions": [describe_region(region) for region in regions],
        "instance_types": [
            {"name": each.name, "connection_limit": each.connection_limit, "is_default": each.is_default}
            for each in InstanceType.objects.filter(is_offered=True)
        ],
        "volumes": {
            "first_size_gib": settings.PROJECT_FIRST_VOLUME_GIB,
            "max_size_gib": settings.PROJECT_MAX_VOLUME_GIB,
        },
        "versions": [
            {"name": each.name, "is_default": each.is_default}
            for each in ServiceVersion.objects.filter(is_offered=True)
        ],
    }


def describe_region(region: Region) -> RegionOffer:
    return {
        "name": region.name,
        "title": region.title,
        "is_default": region.is_default,
        "aliases": [alias.name for alias in region.aliases.all()],
        "can": sorted(get_driver(region.provisioner).can),
    }
