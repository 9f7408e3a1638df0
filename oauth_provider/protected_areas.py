"""The areas that take access tokens, each a resource with a document of its own (RFC 9728).

Here stand also those of the apps above, by their path alone, as challenges are made here; a test
holds the table against the routes. Source: the contract's files; docs/attacks.md, M23 to M25.
"""

from django.conf import settings

WELL_KNOWN = "/.well-known/oauth-protected-resource"
# Path -> what a person can grant for it.
AREAS: dict[str, tuple[str, ...]] = {
    "/auth/v1": ("user:read",),
    "/organizations/v1": ("organizations:read", "projects:read", "projects:write"),
    "/projects/v1": ("projects:read", "projects:write"),
    "/usage/v1": ("projects:read",),
    "/tracking/v1": (),
    "/api/oauth/v1/userinfo": ("openid", "profile", "email"),
    "/api/oauth/v1/clients/register": (),
}


def area_of(path: str) -> str | None:
    """The area that `path` lies in, or None."""
    return next((area for area in AREAS if f"{path}/".startswith(f"{area}/")), None)


def metadata_url(path: str) -> str:
    """Where a client that was refused at `path` reads on (RFC 9728 section 5.1)."""
    return f"{settings.BASE_URL}{WELL_KNOWN}{area_of(path) or ''}"
