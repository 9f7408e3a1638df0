"""A registered client (the library's word: application) and what must hold for it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication, ApplicationManager

from oauth_provider.opaque import new_client_id

GRANTS_OF_KIND = {
    "web": frozenset({"authorization_code", "refresh_token"}),
    "native": frozenset({"authorization_code", "refresh_token"}),
    "machine": frozenset({"client_credentials"}),
}
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class Application(AbstractApplication):
    class Kind(models.TextChoices):
        WEB = "web", _("Web application")
        NATIVE = "native", _("CLI or native application")
        MACHINE = "machine", _("Machine (server to server)")

    kind = models.CharField(_("type"), max_length=7, choices=Kind, default=Kind.WEB)
    client_id = models.CharField(_("client id"), max_length=255, unique=True, default=new_client_id)
    name = models.CharField(_("name"), max_length=100)
    # The toolkit's single secret stays empty: ours are rows of `ClientSecret`.
    client_secret = models.CharField(max_length=1, blank=True, default="", editable=False)
    logo = models.ImageField(_("logo"), upload_to="client-logos", blank=True)
    homepage_url = models.URLField(_("homepage"), blank=True, default="")
    privacy_url = models.URLField(_("privacy policy"), blank=True, default="")
    terms_url = models.URLField(_("terms of service"), blank=True, default="")
    is_verified = models.BooleanField(_("verified publisher"), default=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    # Scope lists are space-separated, as on the wire.
    allowed_scopes = models.TextField(_("allowed scopes"), default="user:read")
    default_scopes = models.TextField(_("default scopes"), blank=True, default="user:read")
    allows_device_grant = models.BooleanField(_("device login"), default=False)
    # `projects:read` also reads the projects' API keys (platform.md, "One deviation").
    trusted_with_keys = models.BooleanField(_("trusted with keys"), default=False)
    # Beside the toolkit's `post_logout_redirect_uris`; "" for a client that is not told.
    backchannel_logout_uri = models.URLField(_("back-channel logout URI"), max_length=2000, blank=True, default="")
    rotates_refresh_tokens = models.BooleanField(_("rotate refresh tokens"), default=False)

    # Either of them: the client proves itself by `private_key_jwt`, and by no secret.
    jwks = models.TextField(_("public keys"), blank=True, default="")
    jwks_uri = models.CharField(_("address of its public keys"), max_length=2000, blank=True, default="")
    requires_dpop = models.BooleanField(_("DPoP required"), default=False)
    # Pushed requests, codes of a minute, and a key at every token request (docs/security.md).
    is_strict = models.BooleanField(_("strict"), default=False)

    objects = ApplicationManager()

    class Meta(AbstractApplication.Meta):
        abstract = False
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="web")
                | models.Q(kind="native", client_type="public")
                | models.Q(kind="machine", client_type="confidential"),
                name="application_kind_fits_type",
            ),
            # Refresh tokens of public clients rotate, always (RFC 9700 section 4.14.2).
            models.CheckConstraint(
                condition=models.Q(client_type="confidential") | models.Q(rotates_refresh_tokens=True),
                name="application_public_rotates",
            ),
            models.CheckConstraint(condition=models.Q(jwks="") | models.Q(jwks_uri=""), name="application_keys_once"),
            models.CheckConstraint(
                condition=models.Q(client_type="confidential") | models.Q(jwks="", jwks_uri=""),
                name="application_keys_need_confidential",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="native") | models.Q(allows_device_grant=False),
                name="application_device_needs_native",
            ),
        ]

    @property
    def is_public(self) -> bool:
        return str(self.client_type) == "public"

    @property
    def uses_keys(self) -> bool:
        return bool(self.jwks or self.jwks_uri)

    @property
    def allowed_grants(self) -> frozenset[str]:
        """Values of `grant_type` that this client may send (oauth.md, "Clients")."""
        return GRANTS_OF_KIND[self.kind] | ({DEVICE_CODE} if self.allows_device_grant else frozenset())
