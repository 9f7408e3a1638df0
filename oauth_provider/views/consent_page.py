"""What the consent page says, in the order in which it says it (pages.md, "Consent")."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import cast
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise

from accounts.models import User
from oauth_provider import redirect_uris, resources, scopes
from oauth_provider.authorization_request import AuthorizationRequest
from oauth_provider.models import Application, Registration


@dataclass(frozen=True, slots=True)
class ScopeGroup:
    """The lines under one heading: You, Organizations or Projects."""

    title: str | Promise
    lines: list[scopes.Line]


class DestinationKind(StrEnum):
    HTTPS = "https"
    LOOPBACK = "loopback"
    PRIVATE_SCHEME = "private_scheme"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the answer goes. `text` is an origin with its host in punycode, a loopback host,
    or a scheme with its punctuation: what a look-alike name can't hide behind.
    """

    kind: DestinationKind
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Of a client that staff did not register: the host of its document, "" if it registered itself.

    `is_local`: it sends people to programs on their machine alone, so anybody may call himself so.
    """

    document_host: str
    is_local: bool


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Context `page` of `oauth/consent.html`.

    `already_allowed` is empty unless some scopes are new and some are not.
    """

    handle: str
    application_name: str
    logo_url: str
    initials: str
    is_verified: bool
    email: str
    groups: list[ScopeGroup]
    already_allowed: list[ScopeGroup]
    may_write_projects: bool
    resource_name: str  # where the token is for, "" for us
    destination: Destination
    homepage_url: str
    privacy_url: str
    terms_url: str
    origin: Origin | None

    @property
    def has_new_scopes(self) -> bool:
        return bool(self.already_allowed)


def consent_page(asked: AuthorizationRequest, user: User, *, allowed: str, handle: str) -> ConsentPage:
    """The page that shows `user` what `asked` wants; `allowed` is what was allowed before."""
    application = asked.application
    wanted = scopes.expand(asked.scope)
    known = wanted & scopes.expand(allowed)
    is_partly_new = bool(known) and known != wanted
    return ConsentPage(
        handle=handle,
        application_name=application.name,
        logo_url=application.logo.url if application.logo else "",
        initials=initials(application.name),
        is_verified=application.is_verified,
        email=user.email,
        groups=grouped(wanted - known if is_partly_new else wanted, is_trusted=application.trusted_with_keys),
        already_allowed=grouped(known, is_trusted=application.trusted_with_keys) if is_partly_new else [],
        may_write_projects="projects:write" in wanted,
        resource_name=asked.target.server.name if asked.target.server else "",
        destination=destination(asked.redirect_uri),
        homepage_url=application.homepage_url,
        privacy_url=application.privacy_url,
        terms_url=application.terms_url,
        origin=origin_of(application),
    )


def origin_of(application: Application) -> Origin | None:
    registration: Registration | None = getattr(application, "registration", None)
    if registration is None:
        return None
    is_local = all(map(redirect_uris.is_loopback, application.redirect_uris.split()))
    return Origin(str(registration.document_host), is_local)


def render_before(redirect_uri: str, request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    """The page, whose form may be answered by a redirect to the client (pages.md, "All pages")."""

    @csp_update({"form-action": [form_action_for(redirect_uri)]})
    def show(request: HttpRequest) -> HttpResponseBase:
        return render(request, template, context)

    return cast(HttpResponse, show(request))


def form_action_for(redirect_uri: str) -> str:
    """What `form-action` must allow for the answer to reach `redirect_uri`: an origin or a scheme."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"


def initials(name: str) -> str:
    """The first letters of the first two words of `name`, for want of a logo."""
    return "".join(word[0] for word in name.split()[:2]).upper()


def grouped(names: Collection[str], *, is_trusted: bool) -> list[ScopeGroup]:
    """The scopes of `names` under their headings, in the order of the table."""
    chosen = [scope for scope in resources.scopes_named(names) if not scope.machine_only]
    titles = dict.fromkeys(scope.group for scope in chosen)
    return [
        ScopeGroup(title, [scopes.line(scope, is_trusted=is_trusted) for scope in chosen if scope.group == title])
        for title in titles
    ]


def destination(redirect_uri: str) -> Destination:
    """What the page says about the place that `redirect_uri`, already checked, leads to."""
    parts = urlsplit(redirect_uri)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"}:
        punctuation = "://" if redirect_uri[len(parts.scheme) :].startswith("://") else ":"
        return Destination(DestinationKind.PRIVATE_SCHEME, parts.scheme + punctuation)
    if redirect_uris.is_loopback(redirect_uri):
        return Destination(DestinationKind.LOOPBACK, host)
    port = f":{parts.port}" if parts.port else ""
    return Destination(DestinationKind.HTTPS, f"{parts.scheme}://{punycode(host)}{port}")


def punycode(host: str) -> str:
    """`host` in the letters that DNS sees; where there is no such form, escaped letters."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode()
