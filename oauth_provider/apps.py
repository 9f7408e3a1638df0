from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OAuthProviderConfig(AppConfig):
    # One character apart from the toolkit's own label "oauth2_provider": only
    # `models/` may import that one (docs/decisions/0002).
    name = "oauth_provider"
    verbose_name = _("OAuth clients and tokens")
