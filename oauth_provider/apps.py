from django.apps import AppConfig


class OAuthProviderConfig(AppConfig):
    # One character apart from the toolkit's own label "oauth2_provider": only
    # `toolkit.py` and `models/` may import that one (docs/decisions/0002).
    name = "oauth_provider"
    verbose_name = "OAuth clients and tokens"
