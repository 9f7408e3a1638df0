"""A deployment in which there is something of everything to be seen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils import timezone

from accounts import mail, organizations
from accounts.caught_mail import CaughtMailBackend, names
from accounts.models import Organization, OutgoingMail, User
from config import demo_data, errors
from oauth_provider import client_metadata, client_secrets, registration
from oauth_provider.registration import Applicant
from partnership import connections, members, operations, request_log
from partnership.events import SYSTEM
from partnership.models import Connection, Delivery, Operation, Partner, PartnerMember, Project, Webhook
from tests import cast
from tests.accounts.test_second_step import add_app
from tests.browser.shown import Shown
from tests.browser.test_charts import fill
from tests.clients import OAuthClient
from tests.devices import Device
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret, partner
from tests.post import letters as sent
from tests.usage.world import World
from tests.words import staff, test_letters
from usage.models import Statement

FOUR = "user:read organizations:read projects:read projects:write"
NOBODY = "a" * 22  # a handle of no request


@dataclass(frozen=True)
class Stage:
    site: str
    ids: dict[str, str]
    papers: dict[str, str]  # HTML that no address serves: letters, and the page of our own failure
    staff_pages: list[Shown]

    def address(self, shown: Shown) -> str:
        return self.site + shown.path.format_map(self.ids)

    def cookie(self, who: str) -> dict[str, str]:
        person = User.objects.get(email=f"{who}@example.com")
        return {"name": "session", "value": cast.signed_in(person).cookies["session"].value, "url": self.site}

    def user_code(self) -> str:
        tv = Device(cast.Application.objects.get(name="Acme TV"))
        return str(tv.ask_for_codes(scope=FOUR)["user_code"])


def build(site: str, settings: Any, folder: Path) -> Stage:
    settings.VAR, settings.CAUGHT_MAIL = folder, folder / "mail"
    settings.EMBEDDED_PROJECTS, settings.REGISTRATION = folder / "projects", "staff"
    papers, now = letters(), timezone.now()
    demo_data.seed(now)
    team = of_a_team(User.objects.get(email="alice@example.com"), now)
    staff.fill(now)
    people = {
        name: cast.person(f"{name.lower()}@example.com", f"{name} Example")
        for name in ("Bob", "Dora", "Olga", "Pia", "Tina")
    }
    alice = User.objects.get(email="alice@example.com")
    cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True)
    papers["error-500"] = errors.server_error(RequestFactory().get("/account")).content.decode()
    settings.REGISTRATION = "loopback"
    agent = registered_itself(alice, now)
    ids = {
        **of_clients(alice),
        "agent": agent,
        **of_people(team, alice, people["Bob"], people["Tina"], people["Pia"], now),
        **of_the_console(people["Olga"], people["Bob"], now),
        "mail": caught(papers),
        "handle": NOBODY,
    }
    return Stage(site, ids, papers, staff_pages())


def staff_pages() -> list[Shown]:
    """One of each kind of page that links of the admin lead to."""
    found: dict[str, Shown] = {}
    browser = cast.signed_in(User.objects.get(email="sam@example.com"))
    for _label, answer in staff.crawl(browser):
        path = answer.request["PATH_INFO"]
        route = resolve(path).route
        if path.startswith("/admin/") and route not in found:
            found[route] = Shown(unused("-".join(["staff", *kind_of(route, path)]), found.values()), path, "sam")
    return list(found.values())


def kind_of(route: str, path: str) -> list[str]:
    words = re.sub(r"<\w+:\w+>|\W", " ", route.removeprefix("admin/").partition("(")[0]).split()
    return words or ["home" if path == "/admin/" else "area"]


def unused(name: str, shown: Iterable[Shown]) -> str:
    """Pages below another have its words: its partner's usage, and a day of that."""
    alike = sum(re.fullmatch(rf"{name}(-\d+)?", each.name) is not None for each in shown)
    return f"{name}-{alike + 1}" if alike else name


@transaction.atomic
def letters() -> dict[str, str]:
    """What each letter looks like, under a name. What they are about is gone afterwards."""
    found, alice = {}, cast.person("alice@example.com", "Alice Example")
    for name, letter in test_letters.occasions(alice).items():
        mail.post(alice.email, letter(), None, timezone.now())
        message = mail.written(OutgoingMail.objects.latest("pk"))
        found["letter-" + re.sub(r"\W+", "-", name)] = str(message.alternatives[0].content)
    transaction.set_rollback(True)
    return found


def caught(papers: dict[str, str]) -> str:
    message = EmailMultiAlternatives(
        "Your code · Gatehouse", "Type this code.\n\n    ABCDEF\n", to=["carol@example.com"]
    )
    message.attach_alternative(papers["letter-account-email-email_confirmation"], "text/html")
    CaughtMailBackend().send_messages([message])
    return names()[0]


def registered_itself(alice: User, now: datetime) -> str:
    agent = {
        "client_name": "Agent",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    }
    metadata = client_metadata.read(agent)
    row = registration.register(metadata, Applicant(alice.pk, "198.51.100.7"), now).registration
    return OAuthClient(row.application, redirect_uri="http://127.0.0.1:49152/callback").authorize_query()


def of_clients(alice: User) -> dict[str, str]:
    """Queries of authorize, by what is special in each."""
    told = {"is_verified": True, "homepage_url": "https://a.example", "privacy_url": "https://a.example/privacy"}
    acme = OAuthClient(cast.Application.objects.filter(name="Acme", kind="web").first(), cast.ACME_SECRET)
    acme.tokens_for(alice, scope="user:read")
    cli = OAuthClient(cast.native_application("Acme CLI"), redirect_uri="http://127.0.0.1:5/callback")
    code = OAuthClient(cast.native_application("Acme Code", redirect_uris="vscode://acme.code/callback"))
    portal = OAuthClient(cast.web_application("A rather long name of an application", secret="p", **told))
    cast.native_application("Acme TV", redirect_uris="", allows_device_grant=True)
    seen = [secret.pk for secret in acme.application.secrets.all()]
    week = client_secrets.OVERLAPS["7d"][0]
    client_secrets.rotate(acme.application, overlap=week, seen=seen, now=timezone.now())
    elsewhere = acme.authorize_query(redirect_uri="https://elsewhere.example/callback")
    shelf = OAuthClient(cast.web_application("Shelf", secret="s"))
    return {
        "acme": str(acme.application.pk),
        "unused": str(shelf.application.pk),
        "web": shelf.authorize_query(scope=FOUR),
        "more": acme.authorize_query(scope=FOUR),
        "loopback": cli.authorize_query(scope=FOUR),
        "private": code.authorize_query(scope=FOUR),
        "verified": portal.authorize_query(scope=FOUR),
        "elsewhere": elsewhere,
    }


def of_a_team(alice: User, now: datetime) -> Organization:
    """With usage, which has to come before its month is closed."""
    team = organizations.create("Example Team", owner=alice)
    fill(Project.objects.get(pk=World().platform_project(team, now - timedelta(days=20))))
    return team


def of_people(team: Organization, alice: User, bob: User, tina: User, pia: User, now: datetime) -> dict[str, str]:
    token = organizations.invite(team, bob.email, "member", by=alice, now=now)
    add_app(cast.signed_in(tina))
    key = Authenticator.objects.create(user=pia, type="webauthn", data={"name": "Blue key"})
    studio = Partner.objects.get(name="Demo Studio")
    asked = {"name": alice.name, "email": alice.email, "environment": "live", "actor": SYSTEM, "now": now}
    connections.connect(studio, **asked)
    other = partner("ps_workshop00001", "Demo Workshop", is_co_branded=True)
    connections.connect(other, **asked)
    connections.cut(Connection.objects.get(partner=other), actor=SYSTEM, now=now)
    connections.connect(other, **asked)
    return {
        "team": str(team.pk),
        "invitation": token,
        "int": str(key.pk),
        "agreement": re.search(r"/account/apps/agree/(\S+)", "\n".join(each.body for each in sent()))[1],
    }


def of_the_console(olga: User, bob: User, now: datetime) -> dict[str, str]:
    cloud = Partner.objects.get(name="Demo Cloud")
    empty = Partner.objects.get(pk="ps_workshop00001")
    for owned in (cloud, empty):
        PartnerMember.objects.create(partner=owned, user=olga, role="owner", created_at=now)
    add_secret(cloud, GLOBEX_SECRET, name="office", networks="192.0.2.0/24", last_used_at=now)
    client = PartnerClient(cloud, GLOBEX_SECRET, Client(REMOTE_ADDR="192.0.2.7"))
    shop = Project.objects.filter(partner=cloud, environment="live").first()
    client.get("nothing/of/the/kind")
    client.post(f"{shop.pk}/upgrade", {"instance_type": "gigantic"})
    request_log.write()
    operations.run_due(now)
    hook = Webhook.objects.get(partner=cloud)
    long = "https://hooks.globex.example/a/rather/long/address/that/goes/on"
    Webhook.objects.filter(pk=hook.pk).update(failing_since=now, description="Billing", url=long)
    met = {"at": now.isoformat(), "outcome": "unexpected_status", "response_status": 500, "duration_ms": 12}
    Delivery.objects.filter(webhook=hook, status="failed").update(attempts=1, history=[met])
    return {
        "partner": cloud.pk,
        "empty_partner": empty.pk,
        "shop": str(shop.pk),
        "operation": str(Operation.objects.filter(project=shop).latest("created_at").pk),
        "hook": str(hook.pk),
        "day": f"{now:%Y-%m-%d}",
        "month": f"{Statement.objects.filter(partner=cloud).latest('month').month:%Y-%m}",
        "console_invitation": members.invite(cloud, bob.email, "viewer", by=members.Hand(olga, SYSTEM), now=now),
    }
