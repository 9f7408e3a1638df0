"""A project as platform.md writes it."""

from partnership.lifecycle import Upgrade
from partnership.models import Project
from partnership.views.shapes import stamp


def project_body(project: Project) -> dict[str, object]:
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


def upgrade_body(upgrade: Upgrade) -> dict[str, object]:
    return {
        "previousInstanceType": upgrade.previous_type,
        "newInstanceType": upgrade.new_type,
        "previousVolumeSizeGiB": upgrade.previous_gib,
        "newVolumeSizeGiB": upgrade.new_gib,
    }
