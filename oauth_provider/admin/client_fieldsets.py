"""Which fields the form of a client has, by the client's type, and under which headings."""

from typing import Any

from django.utils.translation import gettext_lazy

from oauth_provider.client_details import LINKS, PROOFS
from oauth_provider.models import Application

Kind = Application.Kind
WHO = ("name", "is_verified", "logo", *LINKS)
SIGNING_OUT = (gettext_lazy("Signing out"), ("post_logout_redirect_uris", "backchannel_logout_uri"))
FIELDSETS: dict[str, tuple[tuple[Any, tuple[str, ...]], ...]] = {
    Kind.WEB: (
        (gettext_lazy("Who it is"), WHO),
        (gettext_lazy("Where it sends people"), ("redirect_uris", "allowed_origins")),
        SIGNING_OUT,
        (gettext_lazy("What it may do"), ("allowed_scopes", "default_scopes", "trusted_with_keys")),
        (gettext_lazy("Tokens"), ("keeps_secret", "rotates_refresh_tokens")),
        (gettext_lazy("How it proves itself"), PROOFS),
    ),
    Kind.NATIVE: (
        (gettext_lazy("Who it is"), WHO),
        (gettext_lazy("Where it sends people"), ("redirect_uris", "allowed_origins", "allows_device_grant")),
        (gettext_lazy("Signing out"), ("post_logout_redirect_uris",)),
        (gettext_lazy("What it may do"), ("allowed_scopes", "default_scopes", "trusted_with_keys")),
        (gettext_lazy("How it proves itself"), ("requires_dpop", "is_strict")),
    ),
    Kind.MACHINE: (
        (gettext_lazy("Who it is"), WHO),
        (gettext_lazy("What it may do"), ("allowed_scopes", "default_scopes")),
        (gettext_lazy("How it proves itself"), PROOFS),
    ),
}
MOVING_IN = (gettext_lazy("Moving in"), ("existing_id",))
ALWAYS = ("kind", "new_client_id")


def fieldsets(kind: str, *, is_change: bool) -> list[tuple[Any, tuple[str, ...]]]:
    """Titles and fields for a client of `kind`: what it keeps for life is asked once."""
    if not is_change:
        return [*FIELDSETS[kind], MOVING_IN]
    return [(title, tuple(name for name in names if name != "keeps_secret")) for title, names in FIELDSETS[kind]]
