"""Every registered route, and what a stranger gets there.

A new endpoint fails `test_routes.py` until it has a row here: decide what somebody without
any credential is answered, write the row, and the test proves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

# An example of each kind of value in a route.
EXAMPLES = {
    "int": "1",
    "str": "example",
    "uuid": "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11",
    "slug": "example",
    "handle": "some-handle-of-alice12",
    "path": "1",
}
CONVERTED = re.compile(r"<(?:(\w+):)?\w+>")
GROUP = re.compile(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True, slots=True)
class Row:
    """What a stranger is answered: `status` to `method`, and what stands in the answer."""

    method: str
    status: int
    says: str = ""  # the error code in a JSON answer, or the start of Location


SIGN_IN = "/accounts/login/"
BEARER = Row("GET", 401)
BEARER_ACTION = Row("POST", 401)
PAGE = Row("GET", 200)
ASKS_TO_SIGN_IN = Row("GET", 302, SIGN_IN)
ACTION_ASKS_TO_SIGN_IN = Row("POST", 302, SIGN_IN)
PARTNER = Row("GET", 401, "invalid_credentials")
PARTNER_ACTION = Row("POST", 401, "invalid_credentials")
PARTNER_DELETE = Row("DELETE", 401, "invalid_credentials")
STAFF = Row("GET", 302, "/admin/login/")

CONSOLE = "partners/<str:partner_id>/<str:environment>"
STRANGERS: dict[str, Row] = {
    "api/oauth/v1/authorize": Row("GET", 400),
    "api/oauth/v1/authorize/<handle:handle>": Row("GET", 403),
    "continue/<handle:handle>": Row("GET", 403),
    "continue/<handle:handle>/another-account": Row("POST", 403),
    "api/oauth/v1/token": Row("POST", 401, "invalid_client"),
    "api/oauth/v1/device_authorization": Row("POST", 401, "invalid_client"),
    "device": ASKS_TO_SIGN_IN,
    "device/answer": ACTION_ASKS_TO_SIGN_IN,
    "device/another-account": ACTION_ASKS_TO_SIGN_IN,
    "api/oauth/v1/par": Row("POST", 401, "invalid_client"),
    "api/oauth/v1/introspect": Row("POST", 401, "invalid_client"),
    "api/oauth/v1/revoke": Row("POST", 401, "invalid_client"),
    "api/oauth/v1/userinfo": Row("GET", 401, "invalid_token"),
    "api/oauth/v1/logout": PAGE,
    "api/oauth/v1/logout/confirm": Row("POST", 302, "/account"),
    "api/oauth/v1/clients/register": Row("POST", 400, "invalid_request"),  # in development, where some are let in
    "api/oauth/v1/clients/register/<str:client_id>": Row("DELETE", 401, "invalid_token"),
    "api/oauth/v1/jwks.json": PAGE,
    ".well-known/oauth-authorization-server": PAGE,
    ".well-known/openid-configuration": PAGE,
    ".well-known/oauth-protected-resource": PAGE,
    # One for each area that takes tokens; "1" is none.
    ".well-known/oauth-protected-resource/<path:below>": Row("GET", 404),
    "auth/v1/profile": BEARER,
    "organizations/v1": BEARER,
    "organizations/v1/<str:organization_id>": BEARER,
    "organizations/v1/<str:organization_id>/projects": BEARER,
    "projects/v1/<str:project_id>": BEARER,
    "projects/v1/<str:project_id>/access-api-key": BEARER,
    "projects/v1/<str:project_id>/pause": BEARER_ACTION,
    "projects/v1/<str:project_id>/restore": BEARER_ACTION,
    "projects/v1/<str:project_id>/restart": BEARER_ACTION,
    "projects/v1/<str:project_id>/upgrade-instance": BEARER_ACTION,
    "projects/v1/<str:project_id>/transfer": BEARER_ACTION,
    ".well-known/jwks.json": PAGE,
    "partnership/v1/<str:partner_id>/connect-user": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/sync-embedded-project": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/projects": PARTNER,
    "partnership/v1/<str:partner_id>/catalog": PARTNER,
    "partnership/v1/<str:partner_id>/events": PARTNER,
    "partnership/v1/<str:partner_id>/operations/<str:operation_id>": PARTNER,
    "partnership/v1/<str:partner_id>/operations/<str:operation_id>/cancel": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/operations/<str:operation_id>/retry": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/webhooks": PARTNER,
    "partnership/v1/<str:partner_id>/webhooks/<str:webhook_id>": PARTNER,
    "partnership/v1/<str:partner_id>/webhooks/<str:webhook_id>/rotate-secret": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/webhooks/<str:webhook_id>/replay": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/webhooks/<str:webhook_id>/deliveries": PARTNER,
    "partnership/v1/<str:partner_id>/webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/replay": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/<str:project_id>": PARTNER_DELETE,
    "partnership/v1/<str:partner_id>/<str:project_id>/metadata": PARTNER,
    "partnership/v1/<str:partner_id>/<str:project_id>/pause": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/<str:project_id>/restore": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/<str:project_id>/upgrade": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/<str:project_id>/restart": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/<str:project_id>/authorization": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/<str:project_id>/rotate-api-key": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/<str:user_id>/sync-project": PARTNER_ACTION,
    "partnership/v1/<str:partner_id>/<str:user_id>/<str:project_id>/metadata": PARTNER,
    "account/apps/partners/<str:partner_id>/cut": ACTION_ASKS_TO_SIGN_IN,
    "partners": ASKS_TO_SIGN_IN,
    "partners/invitations/<str:token>": ASKS_TO_SIGN_IN,
    "partners/<str:partner_id>": ASKS_TO_SIGN_IN,
    CONSOLE: ASKS_TO_SIGN_IN,
    f"{CONSOLE}/projects": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/projects/<str:project_id>": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/projects/<str:project_id>/pause": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/projects/<str:project_id>/restore": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/projects/<str:project_id>/upgrade": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/projects/<str:project_id>/restart": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/projects/<str:project_id>/delete": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/projects/<str:project_id>/rotate-api-key": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/operations": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/operations/<str:operation_id>": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/operations/<str:operation_id>/cancel": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/operations/<str:operation_id>/retry": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/webhooks": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/webhooks/add": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/webhooks/<str:webhook_id>": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/webhooks/<str:webhook_id>/change": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/webhooks/<str:webhook_id>/switch": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/webhooks/<str:webhook_id>/rotate-secret": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/webhooks/<str:webhook_id>/delete": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/webhooks/<str:webhook_id>/replay": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/replay": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/usage": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/usage/<str:day>/<str:metric>": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/projects/<str:project_id>/usage": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/requests": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/statements": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/statements/<str:month>": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/events": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/calls": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/secrets": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/secrets/<int:secret_id>/rotate": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/secrets/<int:secret_id>/end": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/members": ASKS_TO_SIGN_IN,
    f"{CONSOLE}/members/invite": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/members/<int:member_id>/remove": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/members/<int:member_id>/role": ACTION_ASKS_TO_SIGN_IN,
    f"{CONSOLE}/invitations/<int:invitation_id>/withdraw": ACTION_ASKS_TO_SIGN_IN,
    # The token out of a mail is the proof; "example" is none.
    "account/apps/agree/<str:token>": Row("GET", 404),
    "usage/v1/events": BEARER_ACTION,
    "usage/v1/organizations/<str:organization_id>": BEARER,
    "partnership/v1/<str:partner_id>/usage": PARTNER,
    "partnership/v1/<str:partner_id>/statements": PARTNER,
    "partnership/v1/<str:partner_id>/statements/<str:month>": PARTNER,
    "partnership/v1/<str:partner_id>/alerts": PARTNER,
    "partnership/v1/<str:partner_id>/alerts/<str:alert_id>": PARTNER,
    "partnership/v1/<str:partner_id>/<str:project_id>/usage": PARTNER,
    "partnership/v1/<str:partner_id>/<str:project_id>/usage/events": PARTNER,
    "tracking/v1/agent-connected": BEARER_ACTION,
    "platform/insforge/latest-version": PAGE,
    "": Row("GET", 302, "/account"),
    "account": ASKS_TO_SIGN_IN,
    "account/language": ACTION_ASKS_TO_SIGN_IN,
    "account/data": ASKS_TO_SIGN_IN,
    "account/data/export": ACTION_ASKS_TO_SIGN_IN,
    "account/data/delete": ACTION_ASKS_TO_SIGN_IN,
    "account/security": ASKS_TO_SIGN_IN,
    "account/security/sessions/end-others": ACTION_ASKS_TO_SIGN_IN,
    "account/security/sessions/<int:session_id>/end": ACTION_ASKS_TO_SIGN_IN,
    "account/organizations": ASKS_TO_SIGN_IN,
    "account/organizations/invitations/<str:token>": ASKS_TO_SIGN_IN,
    "account/organizations/<uuid:organization_id>": ASKS_TO_SIGN_IN,
    "account/organizations/<uuid:organization_id>/usage": ASKS_TO_SIGN_IN,
    "account/organizations/<uuid:organization_id>/invite": ACTION_ASKS_TO_SIGN_IN,
    "account/organizations/<uuid:organization_id>/invitations/<int:invitation_id>/withdraw": ACTION_ASKS_TO_SIGN_IN,
    "account/organizations/<uuid:organization_id>/members/<int:membership_id>/remove": ACTION_ASKS_TO_SIGN_IN,
    "account/organizations/<uuid:organization_id>/members/<int:membership_id>/role": ACTION_ASKS_TO_SIGN_IN,
    # Of a deployment that brings its own; this one does not.
    "brand/accent.css": Row("GET", 404),
    "brand/logo": Row("GET", 404),
    # The embedded profile alone has these two: its mails are caught and not sent.
    "dev/mail": PAGE,
    "dev/mail/<str:name>": Row("GET", 404),
    "account/apps": ASKS_TO_SIGN_IN,
    "account/apps/revoke-all": ACTION_ASKS_TO_SIGN_IN,
    "account/apps/<int:application_id>/revoke": ACTION_ASKS_TO_SIGN_IN,
    "media/client-logos/<str:name>": Row("GET", 404),
    "admin/login/": ASKS_TO_SIGN_IN,
    # The embedded profile alone has the demo: an application of its own, open like one.
    "demo": PAGE,
    "demo/start": Row("GET", 302, "/api/oauth/v1/authorize"),
    "demo/callback": Row("GET", 302, "/demo"),
    "demo/<str:action>": Row("POST", 404),
    "docs": PAGE,
    "docs/openapi.yaml": PAGE,
    "docs/openapi.json": PAGE,
    "docs/postman.json": PAGE,
    "docs/search": PAGE,
    "docs/calls": PAGE,
    "docs/calls/<slug:name>": Row("GET", 404),
    "docs/<slug:name>": Row("GET", 404),
    "status": PAGE,
    "admin/logout/": Row("GET", 302, "/admin/"),
}

# Routes of libraries, by what they start with: the library's own door is one for all of them.
LIBRARY_STRANGERS: dict[str, Row] = {
    "admin/": STAFF,
}

# Pages for strangers, or doors of django-allauth with tests of their own in tests/accounts. May only shrink.
NOT_WALKED = ("accounts/",)


# Pages for people, and the pages of operation: not the API, so not in its reference.
NOT_IN_REFERENCE = (
    "account",
    "admin/",
    "brand/",
    "continue/",
    "demo",
    "dev/",
    "device",
    "docs",
    "media/",
    "partners/",
    "status",
)
# What only a page of ours, in the person's browser, leads to.
STEPS_OF_A_PAGE = ("api/oauth/v1/authorize/<handle:handle>", "api/oauth/v1/logout/confirm")


def all_routes() -> list[str]:
    return [route for route, _ in walk(get_resolver().url_patterns)]


def walk(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from walk(pattern.url_patterns, route)


def row_of(route: str) -> Row | None:
    if route in STRANGERS:
        return STRANGERS[route]
    return next((row for start, row in LIBRARY_STRANGERS.items() if route.startswith(start)), None)


def example(route: str) -> str:
    """A path that the route matches."""
    path = CONVERTED.sub(lambda found: EXAMPLES[found[1] or "str"], route)
    return "/" + GROUP.sub("auth", path).replace("^", "").replace("$", "")
