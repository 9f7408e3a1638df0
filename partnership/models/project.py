from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from partnership.models.catalog import InstanceType, Provisioner, Region, ServiceVersion
from partnership.models.partner import Environment, Partner

APPKEY_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: people read it aloud


def new_appkey() -> str:
    """10 characters that name the project in its host; a letter first, as some backends want."""
    return secrets.choice(APPKEY_ALPHABET[:23]) + "".join(secrets.choice(APPKEY_ALPHABET) for _ in range(9))


class ProjectQuerySet(models.QuerySet["Project"]):
    def there(self) -> ProjectQuerySet:
        """Those that are neither deleted nor being deleted: all that a caller may know of."""
        return self.filter(deleted_at__isnull=True).exclude(operation_status="deleting")


class Project(models.Model):
    """A backend project and what was settled for it.

    `creation.py` and `moving_in.py` make the row, `lifecycle.py` writes its name and owner. `operation_rows.py`
    writes `status` and `operation_status`, from the table in `transitions.py`; `creation.py` writes `status` where
    a creation is tried again.
    """

    class Mode(models.TextChoices):
        PLATFORM = "platform", _("platform")
        CO_BRANDED = "co_branded", _("co-branded")
        WHITE_LABEL = "white_label", _("white-label")

    class Status(models.TextChoices):
        CREATING = "creating", _("creating")
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        FAILED = "failed", _("failed")
        DELETED = "deleted", _("deleted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mode = models.CharField(_("mode"), max_length=11, choices=Mode)
    environment = models.CharField(_("environment"), max_length=4, choices=Environment, default=Environment.LIVE)
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, blank=True, related_name="projects")
    # The person for whom a co-branded partner made it. Not a right: that is the organization's.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="partner_projects"
    )
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="projects")
    name = models.CharField(_("name"), max_length=100)
    # By what the partner finds it again. `sync_name` stays when a person renames the project.
    sync_name = models.CharField(max_length=100, blank=True, default="", editable=False)
    external_id = models.CharField(_("external id"), max_length=255, null=True, blank=True)  # noqa: DJ001 null: none given
    appkey = models.CharField(max_length=32, unique=True, default=new_appkey, editable=False)
    provisioner = models.ForeignKey(Provisioner, models.PROTECT, related_name="projects")
    region = models.ForeignKey(Region, models.PROTECT, related_name="projects")
    instance_type = models.ForeignKey(InstanceType, models.PROTECT, related_name="projects")
    volume_size_gib = models.PositiveIntegerField(_("volume in GiB"), default=8)
    service_version = models.ForeignKey(ServiceVersion, models.PROTECT, related_name="projects")
    customized_domain = models.CharField(max_length=253, null=True, blank=True, unique=True)
    provisioned_host = models.CharField(
        max_length=300, blank=True, default="", editable=False
    )  # by drivers with hosts of their own
    # What the driver gave to reach it by (JSON, encrypted): a database's password, a binding.
    encrypted_credentials = models.TextField(blank=True, default="", editable=False)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.CREATING)
    # What runs, as the contract spells it; empty when nothing does.
    operation_status = models.CharField(max_length=10, blank=True, default="")
    last_activity_at = models.DateTimeField(null=True)  # written by the usage app's ingest
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    # Until then staff can bring a deleted project back, and its data waits; empty once it is purged.
    purge_at = models.DateTimeField(_("purged from"), null=True)
    # When it last came back from a deletion (`Absence`); null for nearly all.
    recovered_at = models.DateTimeField(_("recovered at"), null=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        indexes = [
            models.Index(fields=["partner", "environment", "-created_at"], name="project_by_partner"),
            models.Index(fields=["organization", "-created_at"], name="project_by_organization"),
            models.Index(fields=["purge_at"], condition=Q(purge_at__isnull=False), name="project_purge_due"),
            models.Index(fields=["recovered_at"], condition=Q(recovered_at__isnull=False), name="project_recovered"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "environment", "user", "sync_name"],
                condition=Q(mode="co_branded", external_id__isnull=True, deleted_at__isnull=True),
                name="project_co_branded_name_once",
            ),
            models.UniqueConstraint(
                fields=["partner", "environment", "user", "external_id"],
                condition=Q(mode="co_branded", external_id__isnull=False, deleted_at__isnull=True),
                name="project_co_branded_external_id_once",
            ),
            models.UniqueConstraint(
                fields=["partner", "environment", "sync_name"],
                condition=Q(mode="white_label", external_id__isnull=True, deleted_at__isnull=True),
                name="project_white_label_name_once",
            ),
            models.UniqueConstraint(
                fields=["partner", "environment", "external_id"],
                condition=Q(mode="white_label", external_id__isnull=False, deleted_at__isnull=True),
                name="project_white_label_external_id_once",
            ),
            models.CheckConstraint(
                condition=Q(mode="platform", partner__isnull=True, user__isnull=True, organization__isnull=False)
                | Q(mode="co_branded", partner__isnull=False, user__isnull=False, organization__isnull=False)
                | Q(mode="white_label", partner__isnull=False, user__isnull=True, organization__isnull=True),
                name="project_mode_fits_owner",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["creating", "active", "paused", "failed"], deleted_at__isnull=True)
                | Q(status="deleted", deleted_at__isnull=False, operation_status=""),
                name="project_status_fits_deletion",
            ),
            models.CheckConstraint(
                condition=Q(purge_at__isnull=True) | Q(status="deleted"), name="project_purge_follows_deletion"
            ),
            models.CheckConstraint(
                condition=~Q(status="deleted") | Q(purge_at__isnull=False) | Q(encrypted_credentials=""),
                name="project_purged_without_credentials",
            ),
            models.CheckConstraint(condition=Q(environment__in=Environment.values), name="project_environment_known"),
            models.CheckConstraint(condition=Q(volume_size_gib__gte=1), name="project_volume_positive"),
            models.CheckConstraint(condition=~Q(external_id=""), name="project_external_id_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def access_host(self) -> str:
        """Where the project answers (platform.md: clients build it themselves the same way)."""
        if self.customized_domain:
            return f"https://{self.customized_domain}"
        return self.own_host

    @property
    def own_host(self) -> str:
        """Where its provisioner made it answer, whatever domain was given to it later."""
        return self.provisioned_host or f"https://{self.appkey}.{self.region_id}.{settings.PROJECT_BASE_DOMAIN}"


class ProjectKey(models.Model):
    """An API key of a project (`ik_...`). Written by `project_keys.py` alone.

    Encrypted and not only hashed: the contract gives the current key with every answer.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="keys")
    encrypted = models.TextField()
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)  # null: the current one; else the end of its overlap

    class Meta:
        verbose_name = _("project API key")
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(expires_at__isnull=True), name="project_key_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"API key of {self.project_id}"
