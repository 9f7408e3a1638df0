"""Which projects a machine client meters. Staff write it in the admin; ingest reads it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from oauth_provider.models import Application
from partnership.models import Environment, Partner


class MeteringScope(models.Model):
    """One row a machine client; a client without one meters every live project (usage.md, "Metering in")."""

    application = models.OneToOneField(
        Application,
        models.CASCADE,
        primary_key=True,
        related_name="+",
        limit_choices_to={"kind": Application.Kind.MACHINE},
        verbose_name=_("client"),
    )
    environment = models.CharField(_("environment"), max_length=4, choices=Environment, default=Environment.LIVE)
    # Said, and not read from an empty list: a list that loses its last partner opens nothing.
    all_projects = models.BooleanField(_("all projects"), default=False)
    partners = models.ManyToManyField(
        Partner, blank=True, related_name="+", verbose_name=_("partners"), help_text=_("Whose projects it meters.")
    )

    class Meta:
        verbose_name = _("metering scope")
        verbose_name_plural = _("metering scopes")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(environment__in=Environment.values), name="metering_scope_environment_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application.name}, {self.get_environment_display()}"
