"""A project as platform.md writes it."""

from typing import TypedDict

from oauth_provider.views.call import Id, Stamp
from partnership.lifecycle import Upgrade
from partnership.models import Project
from partnership.views.shapes import stamp


class PlatformProject(TypedDict):
    id: Id
    organization_id: Id
    name: str
    appkey: str
    region: str
    status: str
    operation_status: str | None
    instance_type: str
    volume_size_gib: int
    service_version: str
    customized_domain: str | None
    access_host: str
    created_at: Stamp | None
    updated_at: Stamp | None


class OnePlatformProject(TypedDict):
    project: PlatformProject


class PlatformProjects(TypedDict):
    projects: list[PlatformProject]


class Steps(TypedDict):
    """From what to what an upgrade goes."""

    previousInstanceType: str
    newInstanceType: str
    previousVolumeSizeGiB: int
    newVolumeSizeGiB: int


class PlatformUpgraded(Steps):
    message: str
    project: PlatformProject


class PlatformProjectDeleted(TypedDict):
    message: str


class AccessKey(TypedDict):
    access_api_key: str


def project_body(project: Project) -> PlatformProject:
    return {
        "id": str(project.id),
        "organization_id": str(project.organization_id),
        "name": project.name,
        "appkey": project.appkey,
        "region": project.region_id,
        "status": project.status,
        "operation_status": project.operation_status or None,
        "instance_type": project.instance_type_id,
        "volume_size_gib": project.volume_size_gib,
        "service_version": project.service_version_id.removeprefix("v"),
        "customized_domain": project.customized_domain,
        "access_host": project.access_host,
        "created_at": stamp(project.created_at),
        "updated_at": stamp(project.updated_at),
    }


def version_of(text: str | None) -> str | None:
    """`2.2.3` and `v2.2.3` are the same version: here it is written without the `v`."""
    if not text:
        return None
    return text if text.startswith("v") else f"v{text}"


def upgrade_body(upgrade: Upgrade) -> Steps:
    return {
        "previousInstanceType": upgrade.previous_type,
        "newInstanceType": upgrade.new_type,
        "previousVolumeSizeGiB": upgrade.previous_gib,
        "newVolumeSizeGiB": upgrade.new_gib,
    }
