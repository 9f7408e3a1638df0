"""Staff that reach for what they have no permission for, by every route of the admin.

Source: docs/attacks.md, rows 146 to 150.
"""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import User
from oauth_provider.models import Registration, ResourceServer
from partnership.models import Delivery, Operation, Webhook
from tests import cast
from tests.contract.routes import walk
from tests.everything import everything
from tests.partnership.conftest import globex, projects_folder, shop, worker  # noqa: F401
from usage.models import Alert, MeteringScope

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Of Django: doors of everybody, and an old address of the change page, which leads there.
OF_EVERYBODY = ("admin/login/", "admin/logout/", "admin/jsi18n/", "admin/password_change")
ROUTES = sorted(
    {
        route
        for route, _ in walk(get_resolver().url_patterns)
        if route.startswith("admin/")
        and route.count("/") > 2
        and not route.startswith(OF_EVERYBODY)
        and "(?P" not in route
        and not route.endswith("/<path:object_id>/")
    }
)
MODELS = sorted(admin.site._registry, key=lambda model: model.__name__)
HIDDEN = re.compile("secret|password|digest|encrypted|credentials")


def staff(*codenames):
    vera = cast.person("vera@example.com", "Vera View", is_staff=True)
    vera.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return cast.signed_in(User.objects.get(pk=vera.pk))


def viewer():
    """May look at everything."""
    return staff(*Permission.objects.filter(codename__startswith="view_").values_list("codename", flat=True))


@pytest.fixture
def rows(alice, globex, shop, acme_app, meter):  # noqa: F811 fixtures by their names
    """One of everything that the admin shows."""
    now = timezone.now()
    Registration.objects.create(
        application=acme_app.application, state="pending", asked_from="127.0.0.1", asked_at=now, auth_method="none"
    )
    ResourceServer.objects.create(
        name="Shop", identifier="https://shop.example/", audience="shop", client=acme_app.application
    )
    hook = Webhook.objects.create(
        partner=globex.partner, environment="live", url="https://globex.example/hook", created_at=now
    )
    globex.sync("Second")
    Operation.objects.update(status="failed", finished_at=now, error_code="x")
    Delivery.objects.filter(webhook=hook).update(status="failed", outcome="timed_out", finished_at=now)
    Alert.objects.create(
        partner=globex.partner,
        environment="live",
        metric="ai_tokens",
        threshold=1,
        period="month",
        made_by="staff",
        created_at=now,
    )
    MeteringScope.objects.create(application=meter.application, environment="live", all_projects=True)


def filled(route):
    """The route with the key of a row of its model; another number for what stands below it."""
    app, model = route.split("/")[1:3]
    of_model = [each for each in MODELS if (each._meta.app_label, each._meta.model_name) == (app, model)]
    row = of_model[0]._default_manager.order_by("pk").first() if of_model else None
    keys = iter([str(row.pk) if row else "1"])
    return "/" + PARAMETER.sub(lambda _: next(keys, "1"), route)


FORM = {"post": "yes", "confirm": "yes", "name": "Mine", "is_enabled": "on", "overlap": "now", "email": "m@example.com"}


def test_attack_146_staff_without_a_permission_see_and_change_nothing(rows):
    browser, before = staff(), everything()
    for route in ROUTES:
        for method in ("get", "post"):
            said = getattr(browser, method)(filled(route), FORM)
            is_nothing = said.headers.get("Location") == "/admin/"
            assert said.status_code in (403, 404, 405) or is_nothing, (method, route)
    assert everything() == before


def test_attack_147_who_may_look_changes_nothing(rows):
    browser, before = viewer(), everything()
    shown = {route for route in ROUTES if browser.post(filled(route), FORM).status_code not in (403, 404, 405)}
    assert everything() == before
    assert {route for route in shown if not looks(route)} == set()


def looks(route):
    """Lists, histories and figures, which a POST shows as a GET does."""
    shows = r"/(history|use|usage|overview|requests|statements|secrets|people)/$"
    return route.count("/") == 3 or bool(re.search(shows, route))


def test_attack_147_no_action_of_a_list_changes_for_who_may_look(rows):
    browser, before = viewer(), everything()
    for model in MODELS:
        kind, row = admin.site._registry[model], model._default_manager.order_by("pk").first()
        for action in {name for _, name, _ in kind._get_base_actions()} if row else ():
            browser.post(list_of(model), {"action": action, "_selected_action": [row.pk], **FORM})
    assert everything() == before


def list_of(model):
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def test_attack_148_no_list_is_an_oracle_of_secrets(rows):
    """`?password__startswith=...` would tell by the number of rows what nobody may read."""
    browser = viewer()
    hidden = [
        (list_of(m), field.name) for m in MODELS for field in m._meta.concrete_fields if HIDDEN.search(field.name)
    ]
    assert ("/admin/accounts/user/", "password") in hidden
    answered = [
        (path, name) for path, name in hidden if browser.get(path, {f"{name}__startswith": "m"}).status_code != 400
    ]
    assert answered == []


@pytest.mark.parametrize(
    ("path", "lookup"),
    [
        ("accounts/organization", "memberships__user__password__startswith"),
        ("partnership/project", "partner__secrets__digest__startswith"),
        ("partnership/partner", "secrets__digest__startswith"),
        ("oauth_provider/registration", "application__client_secret__startswith"),
    ],
)
def test_attack_148_nor_is_one_by_way_of_another_table(rows, path, lookup):
    assert viewer().get(f"/admin/{path}/", {lookup: "m"}).status_code == 400


def test_attack_149_who_may_change_people_gives_nobody_powers(alice, db):
    browser = staff("view_user", "change_user", "add_user")
    powers = {"is_staff": "on", "is_superuser": "on", "groups": [Group.objects.create(name="All").pk]}
    form = {"email": alice.email, "name": "Alice", "is_active": "on", **powers, "user_permissions": ["1"]}
    browser.post(f"/admin/accounts/user/{alice.pk}/change/", form)
    browser.post("/admin/accounts/user/add/", {**form, "email": "new@example.com"})
    for user in User.objects.filter(email__in=[alice.email, "new@example.com"]):
        assert (user.is_staff, user.is_superuser, user.groups.count(), user.user_permissions.count()) == (
            False,
            False,
            0,
            0,
        )
    assert User.objects.filter(email="new@example.com").exists()


def test_attack_150_a_form_of_another_site_does_nothing_in_the_admin(rows):
    boss = cast.person("boss@example.com", "Boss", is_staff=True, is_superuser=True)
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = cast.signed_in(boss).cookies
    before = everything()
    for route in ROUTES:
        assert browser.post(filled(route), FORM, headers={"Origin": "https://evil.example"}).status_code == 403, route
    assert everything() == before
