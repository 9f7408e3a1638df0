"""What may be chosen for a project, and where it is made: rows that an operator changes."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

ONE_DEFAULT = models.Q(is_default=True)
# The name is part of a project's host name.
HOST_LABEL = RegexValidator(r"\A[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?\Z")


class Provisioner(models.Model):
    """One place where projects are made: a kind of driver and what it needs to reach it."""

    class Kind(models.TextChoices):
        EMBEDDED = "embedded", _("embedded: folders on this machine")
        POSTGRES = "postgres", _("postgres: databases on a server")
        OSB = "osb", _("osb: an Open Service Broker")
        SIMULATED = "simulated", _("simulated: for the test environment")

    name = models.SlugField(_("name"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    # JSON as `provisioners/<kind>.py` says, encrypted: it holds passwords.
    encrypted_settings = models.TextField(blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("provisioner")
        verbose_name_plural = _("provisioners")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["embedded", "postgres", "osb", "simulated"]),
                name="provisioner_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    name = models.CharField(_("name"), primary_key=True, max_length=32, validators=[HOST_LABEL])
    title = models.CharField(_("title"), max_length=100)
    provisioner = models.ForeignKey(Provisioner, models.PROTECT, related_name="regions", verbose_name=_("provisioner"))
    is_offered = models.BooleanField(_("offered"), default=True)
    is_default = models.BooleanField(_("default"), default=False)
    rank = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["rank", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=ONE_DEFAULT, name="region_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class RegionAlias(models.Model):
    """Another name under which partners send a region."""

    name = models.CharField(_("alias"), primary_key=True, max_length=32)
    region = models.ForeignKey(Region, models.CASCADE, related_name="aliases", verbose_name=_("region"))

    class Meta:
        verbose_name = _("region alias")
        verbose_name_plural = _("region aliases")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class InstanceType(models.Model):
    name = models.CharField(_("name"), primary_key=True, max_length=16)
    connection_limit = models.PositiveIntegerField(_("connections"))
    is_offered = models.BooleanField(_("offered"), default=True)
    is_default = models.BooleanField(_("default"), default=False)
    rank = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("instance type")
        verbose_name_plural = _("instance types")
        ordering = ["rank", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=ONE_DEFAULT, name="instance_type_one_default"),
            models.CheckConstraint(condition=models.Q(connection_limit__gte=1), name="instance_type_connects"),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceVersion(models.Model):
    name = models.CharField(
        _("version"), primary_key=True, max_length=32, validators=[RegexValidator(r"\Av[0-9A-Za-z.+-]+\Z")]
    )
    is_offered = models.BooleanField(_("offered"), default=True)
    is_default = models.BooleanField(_("default for new projects"), default=False)
    rank = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["rank", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=ONE_DEFAULT, name="service_version_one_default"),
        ]

    def __str__(self) -> str:
        return self.name
