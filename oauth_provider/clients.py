"""Clients registered, changed, disabled and enabled, with all that this does to people's tokens.

Every effect can be stated before it happens: `effects` counts what `disable` would end, `hits`
what a change of scopes or redirect URIs would. Source: oauth.md, "Clients"; pages.md, "Admin".
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from oauth_provider import client_history, client_logos, client_secrets, redirect_uris, scopes
from oauth_provider.client_details import Details
from oauth_provider.models import AccessToken, Application, ClientSecret, Code, Consent, DeviceGrant, TokenFamily
from oauth_provider.opaque import new_client_id

RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Effects:
    """Live refresh and access tokens, and the people whose they are. Machines' tokens have no person."""

    tokens: int
    users: int


@dataclass(frozen=True, slots=True)
class Hits:
    """What a change takes away, and from whom."""

    scopes: tuple[str, ...]
    scope_effects: Effects
    redirect_uris: tuple[str, ...]
    # Authorizations that went through a removed address lately, as far back as codes are kept.
    authorizations: Effects

    def __bool__(self) -> bool:
        return bool(self.scopes or self.redirect_uris)


@dataclass(frozen=True, slots=True)
class Registered:
    application: Application
    secret: str | None  # in clear, for this once; None for a public client and a brought digest


@transaction.atomic
def register(
    details: Details,
    *,
    now: datetime,
    client_id: str = "",
    logo: bytes | None = None,
    secret_digest: bytes | None = None,
    source: str = Application.RegistrationSource.MANUAL,
    is_enabled: bool = True,
) -> Registered:
    """A new client. `details` and `client_id` (kept from elsewhere) have passed `client_details`."""
    application = Application(
        client_id=client_id or new_client_id(),
        registration_source=source,
        is_enabled=is_enabled,
        **details.columns(),
    )
    if logo is not None:
        application.logo = client_logos.keep(logo)
    application.save()
    if not details.keeps_secret or application.uses_keys:
        return Registered(application, None)
    if secret_digest is None:
        return Registered(application, client_secrets.issue(application, now))
    client_secrets.adopt(application, secret_digest, last_four="", now=now)
    return Registered(application, None)


@transaction.atomic
def change(application: Application, details: Details, *, logo: bytes | None, now: datetime) -> Hits:
    """Gives `application` new details; the codes and tokens that `hits` counts end with it.

    Its type and whether it keeps a secret stay: the holders of its tokens were promised them.
    """
    stored = lock(application)
    details = replace(details, kind=stored.kind, keeps_secret=not stored.is_public)
    taken = hits(stored, details, now)
    for column, value in details.columns().items():
        setattr(stored, column, value)
    if logo is not None:
        stored.logo = client_logos.keep(logo) if logo else ""
    stored.save()
    if taken.scopes and taken.scope_effects.tokens:
        client_history.record(stored, "tokens", f"{taken.scope_effects.tokens}", "0")
    if taken.scopes:
        end(stored, now, scope_texts=texts_with(stored, taken.scopes))
    for code in codes_through(live_codes(stored, now), details.redirect_uris) if taken.redirect_uris else []:
        Code.objects.filter(pk=code.pk, used_at=None).update(ended_at=now)
    return taken


def hits(application: Application, details: Details, now: datetime) -> Hits:
    """What `change` would take away if it were called now."""
    old = scopes.expand(application.allowed_scopes)
    removed = tuple(scopes.parse(" ".join(old - scopes.expand(" ".join(details.allowed_scopes)))))
    uris = tuple(uri for uri in application.redirect_uris.split() if uri not in details.redirect_uris)
    recent = Code.objects.filter(application=application, created_at__gt=now - RECENT)
    gone = codes_through(recent, details.redirect_uris) if uris else []
    return Hits(
        scopes=removed,
        scope_effects=effects(application, now, scope_texts=texts_with(application, removed)),
        redirect_uris=uris,
        authorizations=Effects(len(gone), len({code.user_id for code in gone})),
    )


def codes_through(codes: QuerySet[Code], kept: Collection[str]) -> list[Code]:
    """Those of `codes` whose redirect URI matches none of `kept`."""
    rows = codes.only("digest", "redirect_uri", "user_id")
    return [code for code in rows if not any(redirect_uris.matches(code.redirect_uri, uri) for uri in kept)]


def texts_with(application: Application, names: Collection[str]) -> list[str]:
    """The scope texts among `application`'s tokens and codes that hold one of `names`."""
    texts: set[str] = set()
    for model in (Code, DeviceGrant, TokenFamily, AccessToken):
        texts.update(model.objects.filter(application=application).values_list("scope", flat=True).distinct())
    return [text for text in texts if scopes.expand(text) & set(names)]


@transaction.atomic
def disable(application: Application, now: datetime) -> Effects:
    """Ends authorize, token, refresh and every token of the client, from the next request on."""
    stored = lock(application)
    if not stored.is_enabled:
        return Effects(0, 0)
    ended = effects(stored, now)
    stored.is_enabled = False
    stored.save(update_fields=["is_enabled", "updated"])
    end(stored, now)
    if ended.tokens:
        client_history.record(stored, "tokens", f"{ended.tokens}", "0")
    return ended


@transaction.atomic
def enable(application: Application, now: datetime) -> None:
    """Lets the client in again; people have to sign in to it anew.

    A grant that was being written while `disable` ran can have outlived it, dead only because
    the client is: it is ended here, before the client opens.
    """
    stored = lock(application)
    if stored.is_enabled:
        return
    end(stored, now)
    stored.is_enabled = True
    stored.save(update_fields=["is_enabled", "updated"])


def end(application: Application, now: datetime, *, scope_texts: list[str] | None = None) -> None:
    """Ends the client's codes, device codes, families and machine tokens, in this order: a code that is being
    redeemed is either ended here, or its family is there for the next statement to find.
    """
    within = Q() if scope_texts is None else Q(scope__in=scope_texts)
    Code.objects.filter(within, application=application, used_at=None, ended_at=None).update(ended_at=now)
    DeviceGrant.objects.filter(within, application=application, used_at=None, ended_at=None).update(ended_at=now)
    TokenFamily.objects.filter(within, application=application, ended_at=None).update(
        ended_at=now, end_reason=TokenFamily.EndReason.REVOKED
    )
    AccessToken.objects.filter(within, application=application, family=None, ended_at=None).update(ended_at=now)


def effects(application: Application, now: datetime, *, scope_texts: list[str] | None = None) -> Effects:
    """What `end` with the same arguments would end."""
    within = Q() if scope_texts is None else Q(scope__in=scope_texts)
    return effects_on([application], now, within)


def effects_on(applications: Collection[Application], now: datetime, within: Q | None = None) -> Effects:
    """In sum, a person who uses several of `applications` counted once."""
    within = within or Q()
    families = live_families(now).filter(within, application__in=applications)
    machine = AccessToken.objects.filter(
        within, application__in=applications, family=None, ended_at=None, expires_at__gt=now
    )
    bound = AccessToken.objects.filter(family__in=families, ended_at=None, expires_at__gt=now)
    users = families.values("user_id").distinct().count()
    return Effects(families.count() + bound.count() + machine.count(), users)


def live_families(now: datetime) -> QuerySet[TokenFamily]:
    """Families whose refresh token works: not ended, of a person as they are now."""
    return TokenFamily.objects.filter(
        ended_at=None, expires_at__gt=now, user__is_active=True, credentials_epoch=F("user__credentials_epoch")
    )


def live_codes(application: Application, now: datetime) -> QuerySet[Code]:
    return Code.objects.filter(application=application, used_at=None, ended_at=None, expires_at__gt=now)


def lock(application: Application) -> Application:
    """The row as it is now; nobody else changes it until the transaction ends."""
    stored: Application = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
    return stored


def is_used(application: Application) -> bool:
    """Whether anybody ever allowed or used it: then it is disabled and not deleted.

    Codes and tokens go when they have expired; a consent and a secret's last use stay.
    """
    rows = (Consent, Code, TokenFamily, AccessToken)
    was_used = ClientSecret.objects.filter(application=application).exclude(last_used_at=None).exists()
    return was_used or any(model.objects.filter(application=application).exists() for model in rows)
