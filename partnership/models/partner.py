"""A partner platform and its secrets. Written by `partners.py`, and by `moving_in.py` those that move in."""

from __future__ import annotations

import ipaddress
import secrets
import string

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

SCOPES = ("projects:read", "projects:write", "usage:read", "webhooks:write")
ID_ALPHABET = string.ascii_lowercase + string.digits


def new_partner_id() -> str:
    """`ps_` and 16 random characters (partnership.md)."""
    return "ps_" + "".join(secrets.choice(ID_ALPHABET) for _ in range(16))


def check_networks(text: str) -> None:
    """Raises ValidationError, naming the line, unless `text` is one CIDR a line."""
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            ipaddress.ip_network(line.strip(), strict=False)
        except ValueError:
            message = _("Line %(line)s is not an address range such as 192.0.2.0/24.")
            raise ValidationError(message, params={"line": number}) from None


def check_scopes(text: str) -> None:
    unknown = sorted(set(text.split()) - set(SCOPES))
    if unknown or not text.split():
        raise ValidationError(_("Choose among: %(scopes)s."), params={"scopes": " ".join(SCOPES)})


class Environment(models.TextChoices):
    LIVE = "live", _("live")
    TEST = "test", _("test")


class Partner(models.Model):
    id = models.CharField(
        _("partner id"),
        primary_key=True,
        max_length=64,
        default=new_partner_id,
        validators=[RegexValidator(r"\Aps_[A-Za-z0-9_-]{12,61}\Z")],
    )
    name = models.CharField(_("name"), max_length=100)
    contact_email = models.EmailField(_("contact"), max_length=254, help_text=_("Told when a webhook is switched off."))
    is_co_branded = models.BooleanField(_("co-branded"), default=False)
    is_white_label = models.BooleanField(_("white-label"), default=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    is_in_maintenance = models.BooleanField(
        _("maintenance"), default=False, help_text=_("Reads only: every change is refused with 503.")
    )
    requests_per_minute = models.PositiveIntegerField(_("requests per minute"), default=600)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        constraints = [
            models.CheckConstraint(condition=models.Q(id__startswith="ps_"), name="partner_id_prefix"),
            models.CheckConstraint(
                condition=models.Q(is_co_branded=True) | models.Q(is_white_label=True),
                name="partner_has_a_mode",
                violation_error_message=_("A partner is co-branded, white-label or both."),
            ),
            models.CheckConstraint(condition=models.Q(requests_per_minute__gte=1), name="partner_limit_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class PartnerSecret(models.Model):
    """One secret of a partner, known by its SHA-256 digest alone."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="secrets")
    name = models.CharField(_("name"), max_length=100, default="default")
    environment = models.CharField(_("environment"), max_length=4, choices=Environment, default=Environment.LIVE)
    # Space-separated, as the scopes of tokens are.
    scopes = models.TextField(_("scopes"), default=" ".join(SCOPES), validators=[check_scopes])
    networks = models.TextField(
        _("allowed addresses"),
        blank=True,
        default="",
        validators=[check_networks],
        help_text=_("One CIDR a line; empty: any."),
    )
    digest = models.BinaryField(max_length=32, unique=True)
    last_four = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)  # written at most once a minute
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)

    class Meta:
        verbose_name = _("partner secret")
        verbose_name_plural = _("partner secrets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(environment__in=Environment.values),
                name="partner_secret_environment_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} …{self.last_four}"
