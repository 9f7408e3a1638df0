"""The list of clients: its columns, filters and CSV."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import Count, DateTimeField, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from accounts.bulk import as_csv
from oauth_provider.clients import live_families
from oauth_provider.models import Application, ClientSecret, TokenFamily

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
SHOWN_HOSTS = 3


def with_use(clients: QuerySet[Application], now: datetime) -> QuerySet[Application]:
    """`clients`, each with `users` (people with live access) and `last_used_at` (NEVER for not yet)."""
    own = {"application": OuterRef("pk")}
    live = live_families(now).filter(**own).order_by().values("application")
    families = TokenFamily.objects.filter(**own).order_by().values("application")
    secrets = ClientSecret.objects.filter(**own).order_by().values("application")
    never = Value(NEVER, output_field=DateTimeField())
    annotated: QuerySet[Application] = clients.annotate(
        users=Coalesce(Subquery(live.annotate(count=Count("user_id", distinct=True)).values("count")), 0),
        last_used_at=Greatest(
            Coalesce(Subquery(families.annotate(last=Max("last_used_at")).values("last")), never),
            Coalesce(Subquery(secrets.annotate(last=Max("last_used_at")).values("last")), never),
        ),
    )
    return annotated


def last_used(client: Application) -> datetime | None:
    at: datetime = client.last_used_at
    return at if at > NEVER else None


def hosts(client: Application) -> list[str]:
    """Where the client may send people: hosts with ports, or the schemes of applications."""
    places = (urlsplit(uri) for uri in client.redirect_uris.split())
    return list(dict.fromkeys(at.netloc if at.scheme in {"http", "https"} else f"{at.scheme}:" for at in places))


@admin.display(description=_("Redirect hosts"))
def redirect_hosts(client: Application) -> str:
    found = hosts(client)
    more = len(found) - SHOWN_HOSTS
    return ", ".join(found[:SHOWN_HOSTS]) + (f" +{more}" if more > 0 else "")


@admin.display(description=_("Verified"), boolean=True, ordering="is_verified")
def verified(client: Application) -> bool:
    return bool(client.is_verified)


@admin.display(description=_("Users"), ordering="users")
def users(client: Application) -> str:
    return str(client.users)


@admin.display(description=_("Last used"), ordering="last_used_at")
def last_used_column(client: Application) -> str:
    at = last_used(client)
    return f"{at:%Y-%m-%d %H:%M}" if at else str(_("Never"))


def yes_or_no(value: object) -> str:
    return "yes" if value else "no"


download_csv = as_csv(
    "clients",
    {
        "name": lambda row: row.name,
        "client_id": lambda row: row.client_id,
        "type": lambda row: row.kind,
        "keeps_secret": lambda row: yes_or_no(not row.is_public),
        "verified": lambda row: yes_or_no(row.is_verified),
        "enabled": lambda row: yes_or_no(row.is_enabled),
        "redirect_uris": lambda row: row.redirect_uris,
        "users": users,
        "last_used": last_used,
    },
)
