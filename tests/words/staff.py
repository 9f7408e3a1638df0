"""Staff's way through the admin: every page that a link leads to, each kind once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.test import Client

from accounts.models import User
from config import demo_data
from oauth_provider.models import DocumentHost, ResourceServer
from partnership import members
from partnership.events import SYSTEM
from partnership.members import Hand
from partnership.models import Delivery, Event, Operation, Partner, Project, Webhook
from tests import cast
from tests.clients import OAuthClient
from tests.oauth.test_registration import CONTRACT, register, token_of
from tests.words.people import Page
from usage import self_check, statements
from usage.models import Alert, MeteringScope

HREF = re.compile(r'href="((?:/admin/|\./|\.\./)?[^"#?:]*)[^"]*"')
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|ps_\w+|\d{4}-\d\d(-\d\d)?|\d+|/regions?/[\w-]+|(?<=/region/)[\w.-]+")
LEFT = ("/admin/logout/", "/admin/jsi18n/", "/admin/password_change/", "/admin/r/")
GROUPS_OWN = "/admin/auth/group/*/delete/"  # Django lists rows there that have no name in any language


def fill(now: datetime) -> None:
    """The demo, and one of each thing that it lacks. `settings.REGISTRATION` has to be `staff`."""
    demo_data.seed(now)
    alice = User.objects.get(email="alice@example.com")
    app = OAuthClient(cast.web_application(), cast.ACME_SECRET)
    register(CONTRACT, token_of(alice, app))
    orders = ResourceServer.objects.create(
        name="Orders", identifier="https://orders.example/api", audience="https://orders.example"
    )
    orders.scopes.create(name="orders:read", text="Read orders")
    DocumentHost.objects.create(host="apps.example", policy="refused")
    globex = Partner.objects.get(is_white_label=True)
    hook = Webhook.objects.create(partner=globex, environment="live", url="https://globex.example/hook", created_at=now)
    members.invite(globex, "carol@example.com", "viewer", by=Hand(alice, SYSTEM), now=now)
    failed = {"status": "failed", "outcome": "timed_out", "created_at": now, "due_at": now, "finished_at": now}
    Delivery.objects.create(webhook=hook, event=Event.objects.filter(partner=globex).first(), **failed)
    Operation.objects.filter(pk=Operation.objects.first().pk).update(
        status="failed", error_code="provisioner_failed", error_message="", is_retryable=True, finished_at=now
    )
    Alert.objects.create(
        partner=globex, project=Project.objects.filter(partner=globex, environment="live").first(), created_at=now,
        metric="ai_credits", threshold=500_000, made_by="staff", staff=User.objects.get(is_staff=True),
    )  # fmt: skip
    MeteringScope.objects.create(application=cast.machine_application(), all_projects=True)
    statements.close_due(now + timedelta(days=40))
    self_check.run_due(now)


def crawl(browser: Client) -> Iterator[Page]:
    """From the home on. The label is the address without its ids, so that both languages have the same."""
    waiting, seen = ["/admin/"], {"/admin/"}
    while waiting:
        path = waiting.pop(0)
        page = browser.get(path, follow=True)
        yield IDS.sub("*", path), page
        for href in HREF.findall(page.content.decode()):
            kind = IDS.sub("*", href)
            if href.startswith("/admin/") and not href.startswith(LEFT) and kind not in {*seen, GROUPS_OWN}:
                seen.add(kind)
                waiting.append(href)
