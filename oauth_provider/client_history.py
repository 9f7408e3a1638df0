"""What staff changed about a client: old and new value, who and when.

django-auditlog writes a row whenever a client is saved; it listens to save signals, our one
exception to "no signals" (docs/decisions/0033). What is no column of the client (its secrets,
the tokens a change ended) is recorded by name.
"""

from auditlog.models import LogEntry
from auditlog.registry import auditlog

from oauth_provider.models import Application

FIELDS = [
    "client_id",
    "kind",
    "client_type",
    "name",
    "logo",
    "homepage_url",
    "privacy_url",
    "terms_url",
    "is_verified",
    "is_enabled",
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "allowed_scopes",
    "default_scopes",
    "allowed_origins",
    "allows_device_grant",
    "rotates_refresh_tokens",
    "trusted_with_keys",
    "jwks",
    "jwks_uri",
    "requires_dpop",
    "is_strict",
    "registration_source",
]

auditlog.register(Application, include_fields=FIELDS)


def record(application: Application, field: str, old: str, new: str) -> None:
    LogEntry.objects.log_create(
        application, action=LogEntry.Action.UPDATE, changes={field: [old or "None", new or "None"]}
    )
