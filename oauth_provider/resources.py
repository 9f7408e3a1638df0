"""The `resource` parameter (RFC 8707): for whom a token is meant, and which scopes there are at it.

Source: oauth.md, "authorize" and "token"; docs/decisions/0109.
"""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from oauth_provider import scopes
from oauth_provider.errors import OAuthError
from oauth_provider.models import ResourceScope, ResourceServer
from oauth_provider.request_body import Parameters
from oauth_provider.scopes import SCOPES, Scope


@dataclass(frozen=True, slots=True)
class Target:
    """A resource server as a request names it; without a row it is this deployment."""

    server: ResourceServer | None = None
    for_people: frozenset[str] = frozenset()  # its scopes beside our own
    for_machines: frozenset[str] = frozenset()

    @property
    def server_id(self) -> int | None:
        return self.server.pk if self.server else None

    @property
    def audience(self) -> str:
        return self.server.audience if self.server else settings.TOKEN_AUDIENCE

    @property
    def grantable(self) -> frozenset[str]:
        """What a person can grant in a request for it: another server's scopes are none there."""
        return self.for_people | frozenset(scopes.for_people())

    def check_machine_scope(self, scope: str) -> None:
        """Raises OAuthError `invalid_scope` for a scope that machines don't have here."""
        if not set(scope.split()) <= self.for_machines | set(scopes.for_machines()):
            raise OAuthError("invalid_scope", "The scope is unknown or not allowed for this client.")


OURS = Target()


def find(resource: str | None) -> Target | None:
    """Whom `resource` names: us if it is absent or one of our URLs, None if nobody."""
    if resource is None or is_ours(resource):
        return OURS
    server = ResourceServer.objects.filter(identifier=resource).first()
    if server is None:
        return None
    machine_only = dict(server.scopes.values_list("name", "machine_only"))
    return Target(
        server,
        for_people=frozenset(name for name, machines in machine_only.items() if not machines),
        for_machines=frozenset(name for name, machines in machine_only.items() if machines),
    )


def get(parameters: Parameters) -> Target:
    """Raises OAuthError `invalid_target` unless `resource` is absent, ours or registered."""
    target = find(parameters.get("resource"))
    if target is None:
        raise unknown()
    return target


def check_same(parameters: Parameters, granted: str | None) -> None:
    """Raises OAuthError `invalid_target` unless `resource` is absent or whom the grant was for.

    `granted` is the identifier of a resource server, None for us.
    """
    asked = parameters.get("resource")
    if asked is not None and not (asked == granted or (granted is None and is_ours(asked))):
        raise unknown()


def unknown() -> OAuthError:
    return OAuthError("invalid_target", "The resource is not a resource server known here, or not the granted one.")


def is_ours(resource: str) -> bool:
    """Whether `resource` is the deployment's base URL or a URL under it, without a fragment."""
    try:
        base, asked = urlsplit(settings.BASE_URL), urlsplit(resource)
    except ValueError:  # "http://[" is no URL at all
        return False
    return (
        (asked.scheme, asked.netloc) == (base.scheme, base.netloc)
        and "#" not in resource
        and (asked.path + "/").startswith(base.path + "/")
    )


def all_scopes() -> dict[str, Scope]:
    """Our table of scopes, and after it those of resource servers, under the server's name."""
    rows = ResourceScope.objects.select_related("resource_server").order_by("resource_server__name", "name")
    return dict(SCOPES) | {
        row.name: Scope(row.name, row.text, row.resource_server.name, machine_only=row.machine_only) for row in rows
    }


def scopes_named(names: Collection[str]) -> list[Scope]:
    """Those of `all_scopes` that `names` has, in its order; no other server's are looked for if all are ours."""
    known = SCOPES if SCOPES.keys() >= set(names) else all_scopes()
    return [scope for name, scope in known.items() if name in names]


def for_people() -> list[str]:
    """What a person can grant, to us or to a resource server."""
    return [name for name, scope in all_scopes().items() if not scope.machine_only]


def for_machines() -> list[str]:
    return [name for name, scope in all_scopes().items() if scope.machine_only]
