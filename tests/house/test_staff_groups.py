"""The parts of staff that a migration makes: Support reads, Operators act, Owners grant."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from tests import cast

pytestmark = pytest.mark.django_db
# Pages that show what anybody could make of the others' rights stay with superusers.
SUPERUSERS_ALONE = {"auth.group"}


def staff(name, *groups):
    person = cast.person(f"{name}@example.com", name.title(), is_staff=True)
    person.groups.set(Group.objects.filter(name__in=groups))
    return person


@pytest.fixture
def rita():
    return staff("rita", "Support")


@pytest.fixture
def oscar():
    return staff("oscar", "Operators")


@pytest.fixture
def olivia():
    return staff("olivia", "Owners")


def page_of(person, name="change"):
    return reverse(f"admin:accounts_user_{name}", args=[person.pk])


def form_of(person, **changes):
    values = {"email": person.email, "name": person.name, "is_active": "on"} | changes
    return {name: value for name, value in values.items() if value is not None}


def group(name):
    return Group.objects.get(name=name)


def shown_models():
    return {model._meta.label_lower for model in admin.site._registry}


def test_each_page_of_the_admin_is_read_by_support_or_named_as_superusers():
    readable = {
        f"{app}.{codename.removeprefix('view_')}"
        for app, codename in group("Support").permissions.values_list("content_type__app_label", "codename")
    }

    assert shown_models() - readable == SUPERUSERS_ALONE


def test_each_part_has_what_the_part_below_has_and_more():
    parts = [set(group(name).permissions.values_list("pk", flat=True)) for name in ("Support", "Operators", "Owners")]

    assert parts[0] < parts[1] < parts[2]


def test_support_reads_everything_and_changes_nothing(rita, alice):
    browser = cast.signed_in(rita)

    for label in shown_models():
        path = f"/admin/{label.replace('.', '/')}/"
        assert browser.get(path).status_code == (403 if label in SUPERUSERS_ALONE else 200), path
        assert browser.get(f"{path}add/").status_code in (403, 404), path
    assert browser.get(page_of(alice)).status_code == 200
    assert browser.post(page_of(alice), form_of(alice, name="Mine")).status_code == 403
    assert all(
        codename.startswith("view_") for codename in group("Support").permissions.values_list("codename", flat=True)
    )


def test_operators_switch_people_off_and_give_nobody_a_part(oscar, alice):
    browser = cast.signed_in(oscar)

    browser.post(page_of(alice), form_of(alice, is_active=None, is_staff="on", groups=group("Owners").pk))

    alice.refresh_from_db()
    assert (alice.is_active, alice.is_staff, alice.groups.count()) == (False, False, 0)


def test_operators_do_not_change_staff(oscar, rita):
    assert cast.signed_in(oscar).post(page_of(rita), form_of(rita, email="mine@example.com")).status_code == 403


def test_owners_give_parts_but_nobody_every_right(olivia, alice):
    form = form_of(alice, is_staff="on", is_superuser="on", groups=group("Operators").pk)

    cast.signed_in(olivia).post(page_of(alice), form)

    alice.refresh_from_db()
    assert (alice.is_staff, alice.is_superuser) == (True, False)
    assert [each.name for each in alice.groups.all()] == ["Operators"]


@pytest.mark.parametrize("is_active", [True, False])
def test_owners_do_not_change_who_may_more(olivia, is_active):
    ada = cast.person("ada@example.com", "Ada", is_staff=True, is_superuser=True, is_active=is_active)
    more = staff("mona")
    more.user_permissions.add(Permission.objects.get(codename="change_group"))
    more.is_active = is_active
    more.save()

    for person in (ada, more):
        assert (
            cast.signed_in(olivia).post(page_of(person), form_of(person, email="mine@example.com")).status_code == 403
        )


def test_owners_give_no_group_that_may_more_than_they(olivia, alice):
    keepers = Group.objects.create(name="Keepers")
    keepers.permissions.add(Permission.objects.get(codename="change_group"))
    browser = cast.signed_in(olivia)

    assert "Keepers" not in browser.get(page_of(alice)).content.decode()
    browser.post(page_of(alice), form_of(alice, is_staff="on", groups=keepers.pk))
    assert not alice.groups.exists()


def test_owners_alone_see_to_provisioners(olivia, oscar):
    add = reverse("admin:partnership_provisioner_add")

    assert cast.signed_in(oscar).get(add).status_code == 403
    assert cast.signed_in(olivia).get(add).status_code == 200
