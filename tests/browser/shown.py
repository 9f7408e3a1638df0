"""Every page that a person sees, and its important states: one row each, looked at and pictured by one test.

The pages of the admin are not listed here: the stage finds one of each kind by its links (tests/words/staff.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import resolve
from playwright.sync_api import Page

from config import guides
from config.errors import dialect, render_page
from tests.browser import states
from tests.contract.routes import EXAMPLES, Row, all_routes, row_of

AUTHORIZE = "/api/oauth/v1/authorize"
CONSOLE = "/partners/{partner}/live"


@dataclass(frozen=True, slots=True)
class Shown:
    """`path` with ids of the stage in braces (`int` is a passkey's); `who` looks at it; `then` leads to the state."""

    name: str
    path: str
    who: str = ""
    then: Callable[[Page], None] | None = None
    status: int = 200

    @property
    def route(self) -> str:
        """As the table of strangers has it."""
        path = re.sub(r"{(\w+)}", lambda found: EXAMPLES.get(found[1], EXAMPLES["uuid"]), self.path)
        return "" if self.status == 404 else str(resolve(urlsplit(path).path).route)


ENTRANCE = (
    Shown("sign-in", "/accounts/login/"),
    Shown("sign-in-refused", "/accounts/login/", then=states.sign_in_wrongly),
    Shown("sign-in-to-an-application", AUTHORIZE + "?{verified}"),
    Shown("sign-in-second-step", "/accounts/login/", then=states.come_to_the_second_step),
    Shown("sign-up", "/accounts/signup/"),
    Shown("sign-up-refused", "/accounts/signup/", then=states.sign_up_wrongly),
    Shown("sign-up-code", "/accounts/signup/", then=states.sign_up),
    Shown("inactive", "/accounts/inactive/"),
    Shown("reset", "/accounts/password/reset/"),
    Shown("reset-sent", "/accounts/password/reset/done/"),
    Shown("reset-link-used", "/accounts/password/reset/key/1-x-y/"),
    Shown("reset-done", "/accounts/password/reset/key/done/"),
)
CONSENT = (
    Shown("consent", AUTHORIZE + "?{web}", "alice"),
    Shown("consent-loopback", AUTHORIZE + "?{loopback}", "alice"),
    Shown("consent-private-scheme", AUTHORIZE + "?{private}", "alice"),
    Shown("consent-verified", AUTHORIZE + "?{verified}", "alice"),
    Shown("consent-new-scopes", AUTHORIZE + "?{more}", "alice"),
    Shown("consent-registered-itself", AUTHORIZE + "?{agent}", "alice"),
    Shown("authorize-unknown-client", AUTHORIZE + "?client_id=unknown", status=400),
    Shown("authorize-other-address", AUTHORIZE + "?{elsewhere}", status=400),
    Shown("consent-expired", AUTHORIZE + "/{handle}", "alice", status=403),
    Shown("continue-expired", "/continue/{handle}", "alice", status=403),
    Shown("device", "/device", "alice"),
    Shown("device-unknown", "/device", "alice", states.enter_an_unknown_code),
    Shown("device-confirm", "/device?user_code={code}", "alice"),
    Shown("device-done", "/device?user_code={code}", "alice", states.allow_the_device),
    Shown("sign-out-from-an-application", "/api/oauth/v1/logout", "alice"),
    Shown("signed-out", "/api/oauth/v1/logout"),
)
ACCOUNT = (
    Shown("account", "/account", "alice"),
    Shown("account-refused", "/account", "alice", states.save_no_name),
    Shown("data", "/account/data", "bob"),
    Shown("data-not-yet", "/account/data", "sam"),
    Shown("data-refused", "/account/data", "bob", states.delete_somebody_else),
    Shown("data-deleted", "/account/data", "dora", states.delete_dora),
    Shown("security", "/account/security", "alice"),
    Shown("security-second-step", "/account/security", "pia"),
    Shown("organizations", "/account/organizations", "alice"),
    Shown("organization", "/account/organizations/{team}", "alice"),
    Shown("organization-usage", "/account/organizations/{team}/usage", "alice"),
    Shown("organization-invitation", "/account/organizations/invitations/{invitation}", "bob"),
    Shown("apps", "/account/apps", "alice"),
    Shown("apps-none", "/account/apps", "bob"),
    Shown("apps-agree", "/account/apps/agree/{agreement}", "alice"),
    Shown("address", "/accounts/email/", "alice"),
    Shown("sign-out", "/accounts/logout/", "alice"),
    Shown("password", "/accounts/password/change/", "alice"),
    Shown("password-refused", "/accounts/password/change/", "alice", states.change_password_wrongly),
    Shown("sign-in-again", "/accounts/reauthenticate/", "alice"),
    Shown("sign-in-again-second-step", "/accounts/2fa/reauthenticate/", "tina"),
    Shown("totp-add", "/accounts/2fa/totp/activate/", "alice"),
    Shown("totp-remove", "/accounts/2fa/totp/deactivate/", "tina"),
    Shown("codes", "/accounts/2fa/recovery-codes/", "tina"),
    Shown("codes-new", "/accounts/2fa/recovery-codes/generate/", "tina"),
    Shown("passkey-add", "/accounts/2fa/webauthn/add/", "alice"),
    Shown("passkey-rename", "/accounts/2fa/webauthn/keys/{int}/edit/", "pia"),
    Shown("passkey-remove", "/accounts/2fa/webauthn/keys/{int}/remove/", "pia"),
)
PARTNERS = (
    Shown("partners", "/partners", "olga"),
    Shown("console-invitation", "/partners/invitations/{console_invitation}", "bob"),
    Shown("console", CONSOLE, "olga"),
    Shown("console-projects", f"{CONSOLE}/projects", "olga"),
    Shown("console-projects-none", "/partners/{empty_partner}/test/projects", "olga"),
    Shown("console-project", CONSOLE + "/projects/{shop}", "olga"),
    Shown("console-project-usage", CONSOLE + "/projects/{shop}/usage", "olga"),
    Shown("console-operations", f"{CONSOLE}/operations", "olga"),
    Shown("console-operation", CONSOLE + "/operations/{operation}", "olga"),
    Shown("console-webhooks", f"{CONSOLE}/webhooks", "olga"),
    Shown("console-webhook", CONSOLE + "/webhooks/{hook}", "olga"),
    Shown("console-events", f"{CONSOLE}/events", "olga"),
    Shown("console-calls", f"{CONSOLE}/calls", "olga"),
    Shown("console-calls-refused", f"{CONSOLE}/calls?status=abc", "olga"),
    Shown("console-requests", f"{CONSOLE}/requests", "olga"),
    Shown("console-requests-none", "/partners/{empty_partner}/test/requests", "olga"),
    Shown("console-usage", f"{CONSOLE}/usage", "olga"),
    Shown("console-usage-day", CONSOLE + "/usage/{day}/ai_tokens", "olga"),
    Shown("console-statements", f"{CONSOLE}/statements", "olga"),
    Shown("console-statement", CONSOLE + "/statements/{month}", "olga"),
    Shown("console-secrets", f"{CONSOLE}/secrets", "olga"),
    Shown("console-secret-once", f"{CONSOLE}/secrets", "olga", states.rotate_the_first_secret),
    Shown("console-members", f"{CONSOLE}/members", "olga"),
)
HOUSE = (
    Shown("demo", "/demo"),
    Shown("demo-forged", "/demo/callback", then=states.come_back_with_a_forged_state),
    Shown("mail", "/dev/mail"),
    Shown("mail-one", "/dev/mail/{mail}"),
    Shown("status", "/status"),
    *(Shown(f"docs-{guide.name}", guide.address) for guide in guides.GUIDES),
    Shown("docs-calls", "/docs/calls"),
    Shown("docs-calls-oauth", "/docs/calls/oauth"),  # one for all areas: the longest
    Shown("docs-search", "/docs/search"),
    Shown("docs-search-found", "/docs/search?q=webhook"),
    Shown("error-403", "/accounts/login/", then=states.send_a_form_out_of_date),
    Shown("error-403-staff", "/admin/", "alice", status=403),
    Shown("error-404", "/nothing", status=404),
)
STAFF = (
    Shown("staff-client-refused", "/admin/oauth_provider/application/add/", "sam", states.register_wrongly),
    Shown("staff-client-secret-once", "/admin/oauth_provider/application/add/", "sam", states.register),
    Shown("staff-client-takes-away", "/admin/oauth_provider/application/{acme}/change/", "sam", states.take_a_scope),
    Shown("staff-client-native", "/admin/oauth_provider/application/add/?kind=native", "sam"),
    Shown("staff-client-machine", "/admin/oauth_provider/application/add/?kind=machine", "sam"),
    Shown("staff-client-delete", "/admin/oauth_provider/application/{unused}/delete/", "sam"),
    Shown("staff-usage-year", "/admin/partnership/partner/{partner}/usage/?days=366", "sam"),
    Shown("staff-usage-test", "/admin/partnership/partner/{partner}/usage/?environment=test&days=7", "sam"),
    Shown("staff-requests-year", "/admin/partnership/partner/{partner}/requests/?days=366", "sam"),
    Shown("staff-requests-test", "/admin/partnership/partner/{partner}/requests/?environment=test&days=7", "sam"),
    Shown("staff-found", "/admin/find/?q=demo", "sam"),
    Shown("staff-found-nothing", "/admin/find/?q=nothing", "sam"),
    Shown("staff-clients-found", "/admin/oauth_provider/application/?q=acme&kind__exact=web", "sam"),
    Shown("staff-refuse-registrations", "/admin/oauth_provider/registration/", "sam", states.refuse_registrations),
    Shown("staff-disable-clients", "/admin/oauth_provider/application/", "sam", states.disable_clients),
    Shown("staff-pause-projects", "/admin/partnership/project/", "sam", states.pause_projects),
    Shown(
        "staff-refused-in-part", "/admin/partnership/operation/?status__exact=succeeded", "sam", states.retry_operations
    ),
)
PARTS = {"people": (*ENTRANCE, *CONSENT, *ACCOUNT), "console": PARTNERS, "house": HOUSE, "staff": STAFF}
PAGES = tuple(shown for part in PARTS.values() for shown in part)

# What a browser may ask for that is no page: files, answers of programs, and what leads on to a page above.
NO_PAGES = frozenset({
    "",
    "accounts/2fa/",
    "accounts/2fa/authenticate/",  # in sign-in-second-step
    "accounts/2fa/recovery-codes/download/",
    "accounts/2fa/webauthn/",
    "accounts/2fa/webauthn/login/",
    "accounts/2fa/webauthn/reauthenticate/",
    "accounts/confirm-email/",  # in sign-up-code
    "accounts/confirm-email/change",
    "accounts/login/code/confirm/",
    "accounts/password/set/",
    "accounts/sessions/",
    "admin/login/",
    "admin/logout/",
    "brand/accent.css",
    "brand/logo",
    "demo/start",
    "docs/openapi.json",
    "docs/openapi.yaml",
    "docs/postman.json",
    "media/client-logos/<str:name>",
    "partners/<str:partner_id>",
})  # fmt: skip
# Pages of django-allauth for accounts elsewhere, of which there are none.
NOT_REACHED = ("accounts/3rdparty/", "accounts/social/")


def page_routes() -> set[str]:
    """Every route that shows a page to somebody; of the admin none (see above)."""
    found = {route for route in all_routes() if not route.startswith(("admin/", *NOT_REACHED))}
    # As `resolve` joins them: without the anchor of a part that is a regular expression.
    return {route.replace("^", "") for route in found - NO_PAGES if is_got(row_of(route)) and is_page(route)}


def is_got(row: Row | None) -> bool:
    return row is None or row.method == "GET"


def is_page(route: str) -> bool:
    return dialect("/" + route) is render_page and not route.startswith(".well-known/")
