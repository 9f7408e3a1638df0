from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from oauth_provider.models.application import Application


class ResourceServer(models.Model):
    """A service elsewhere that takes tokens of ours (RFC 8707). Written in the admin; a token for it opens
    nothing here. Taken away, it takes the codes and tokens for it along.
    """

    name = models.CharField(_("name"), max_length=100)
    identifier = models.CharField(_("identifier"), max_length=255)  # what `resource` says, to the letter
    audience = models.CharField(_("audience"), max_length=255)  # `aud` of its tokens
    # Who may introspect; a confidential client, or nobody.
    client = models.ForeignKey(
        Application, models.SET_NULL, null=True, blank=True, related_name="resource_servers", verbose_name=_("client")
    )

    class Meta:
        verbose_name = _("resource server")
        verbose_name_plural = _("resource servers")
        constraints = [
            models.UniqueConstraint(fields=["identifier"], name="resource_server_identifier_once"),
            models.UniqueConstraint(fields=["audience"], name="resource_server_audience_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ResourceScope(models.Model):
    """A scope of a resource server, beside those of the table in `scopes.py`."""

    resource_server = models.ForeignKey(ResourceServer, models.CASCADE, related_name="scopes")
    name = models.CharField(_("scope"), max_length=100)
    text = models.CharField(_("what the person reads"), max_length=200)
    machine_only = models.BooleanField(_("machines only"), default=False)

    class Meta:
        verbose_name = _("scope")
        verbose_name_plural = _("scopes")
        constraints = [models.UniqueConstraint(fields=["name"], name="resource_scope_name_once")]

    def __str__(self) -> str:
        return self.name
