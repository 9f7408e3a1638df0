"""People and organizations in the admin, and the door to it."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts import organizations
from accounts.models import Organization, User
from tests.cast import PASSWORD, person, signed_in

PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def ada(db):
    return person("ada@example.com", "Ada Admin", is_staff=True, is_superuser=True)


def form_of(user, **changes):
    values = {"email": user.email, "name": user.name, "is_active": "on"} | changes
    return {name: value for name, value in values.items() if value is not None}


def test_the_admin_sends_a_stranger_to_the_common_sign_in(db):
    first = Client().get("/admin/")
    assert Client().get(first.headers["Location"]).headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"


def test_the_admin_turns_alice_away(alice):
    browser = signed_in(alice)
    assert browser.get(browser.get("/admin/").headers["Location"]).status_code == 403


def test_attack_170_in_production_staff_need_a_second_step(ada, settings):
    settings.STAFF_NEED_MFA = True
    browser = signed_in(ada)
    assert browser.get(browser.get("/admin/").headers["Location"]).headers["Location"] == "/account/security"
    Authenticator.objects.create(user=ada, type="webauthn", data={"name": "Key"})
    assert browser.get("/admin/").status_code == 200


def test_a_person_added_by_staff_has_an_organization_and_no_password(ada):
    signed_in(ada).post(f"{PEOPLE}add/", {"email": "Carol@example.com", "name": "Carol", "is_active": "on"})
    carol = User.objects.get(email="carol@example.com")
    assert carol.personal_organization.name == "Carol"
    assert not carol.has_usable_password()
    assert EmailAddress.objects.filter(user=carol, email="carol@example.com", verified=False).exists()


def test_switching_a_person_off_ends_tokens_and_sessions(ada, alice, acme_app):
    tokens, hers = acme_app.tokens_for(alice), signed_in(alice)
    signed_in(ada).post(f"{PEOPLE}{alice.pk}/change/", form_of(alice, is_active=None))
    assert acme_app.profile(tokens["access_token"]).status == 401
    assert hers.get("/account").status_code == 302


def meanwhile(user, **changes):
    """A context in which `changes` are made to `user` after a page has read the row, and before it writes it."""
    waiting = [changes]

    def before_it_is_written(execute, sql, params, many, context):
        if waiting and sql.startswith('UPDATE "accounts_user"'):
            User.objects.filter(pk=user.pk).update(**waiting.pop())
        return execute(sql, params, many, context)

    return connection.execute_wrapper(before_it_is_written)


def test_attack_206_a_new_name_leaves_what_somebody_else_changes_at_that_moment(alice):
    browser = signed_in(alice)
    with meanwhile(alice, is_active=False, credentials_epoch=7):
        browser.post("/account", {"name": "Alice Liddell"})
    alice.refresh_from_db()
    assert (alice.name, alice.is_active, alice.credentials_epoch) == ("Alice Liddell", False, 7)


def test_attack_206_a_new_password_leaves_a_switch_off_of_that_moment(alice):
    changes = {"oldpassword": PASSWORD, "password1": "a new battery staple", "password2": "a new battery staple"}
    browser = signed_in(alice)
    with meanwhile(alice, is_active=False):
        browser.post("/accounts/password/change/", changes)
    alice.refresh_from_db()
    assert (alice.check_password("a new battery staple"), alice.is_active) == (True, False)


def test_attack_206_of_two_new_passwords_at_once_each_ends_what_was_out_there(alice):
    changes = {"oldpassword": PASSWORD, "password1": "a new battery staple"}
    browser = signed_in(alice)
    with meanwhile(alice, credentials_epoch=7):
        browser.post("/accounts/password/change/", changes)
    alice.refresh_from_db()
    assert (alice.check_password("a new battery staple"), alice.credentials_epoch) == (True, 8)


def test_attack_206_staff_write_what_they_changed_and_nothing_else(ada, alice):
    browser = signed_in(ada)
    with meanwhile(alice, password="new", email="alice@liddell.example", credentials_epoch=7):
        browser.post(f"{PEOPLE}{alice.pk}/change/", form_of(alice, name="Alice Liddell", is_active=None))
    alice.refresh_from_db()
    assert (alice.name, alice.is_active, alice.credentials_epoch) == ("Alice Liddell", False, 8)
    assert (alice.password, alice.email) == ("new", "alice@liddell.example")


def test_switching_off_ends_tokens_of_a_person_who_was_off_before(alice, acme_app):
    alice.is_active = False
    alice.save()
    User.objects.filter(pk=alice.pk).update(is_active=True)
    alice.refresh_from_db()
    tokens = acme_app.tokens_for(alice)
    for is_active in (False, True):
        alice.is_active = is_active
        alice.save()
    assert acme_app.profile(tokens["access_token"]).status == 401


def test_a_person_is_not_deleted(ada, alice):
    assert signed_in(ada).post(f"{PEOPLE}{alice.pk}/delete/", {"post": "yes"}).status_code == 403


def test_only_a_superuser_gives_powers(ada, bob):
    bob.is_staff = True
    bob.save()
    bob.user_permissions.set(permissions("change_user", "view_user"))
    signed_in(bob).post(f"{PEOPLE}{bob.pk}/change/", form_of(bob, is_superuser="on", is_staff="on"))
    bob.refresh_from_db()
    assert not bob.is_superuser


def test_two_people_do_not_share_an_address_in_any_case(ada, alice):
    page = signed_in(ada).post(f"{PEOPLE}add/", {"email": "ALICE@example.com", "name": "Other", "is_active": "on"})
    assert "A person with this e-mail address exists." in page.content.decode()


def test_groups_are_checkboxes(ada, alice):
    text = signed_in(ada).get(f"{PEOPLE}{alice.pk}/change/").content.decode()
    assert "selectfilter" not in text
    assert 'id="id_groups"' in text


def test_attack_209_a_personal_organization_keeps_its_person_here_too(ada, alice, bob):
    hers = alice.personal_organization
    rows = {
        "memberships-TOTAL_FORMS": 2, "memberships-INITIAL_FORMS": 1,
        "memberships-0-id": hers.memberships.get().pk, "memberships-0-DELETE": "on",
        "memberships-0-organization": hers.pk, "memberships-0-user": alice.pk, "memberships-0-role": "owner",
        "memberships-1-organization": hers.pk, "memberships-1-user": bob.pk, "memberships-1-role": "owner",
    }  # fmt: skip
    form = {"name": "Hers", "slug": hers.slug, "plan": "pro", **rows}
    signed_in(ada).post(f"/admin/accounts/organization/{hers.pk}/change/", form)
    assert [member.user for member in hers.memberships.all()] == [alice]
    assert Organization.objects.get(pk=hers.pk).plan == "pro"


def test_attack_209_a_personal_organization_is_not_deleted(ada, alice):
    browser, hers = signed_in(ada), alice.personal_organization
    assert browser.post(f"/admin/accounts/organization/{hers.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": str(hers.pk), "post": "yes"}
    browser.post("/admin/accounts/organization/", chosen)
    assert Organization.objects.filter(pk=hers.pk).exists()


def test_an_organization_keeps_an_owner_here_too(ada, alice):
    team = organizations.create("Team", owner=alice)
    row = team.memberships.get()
    form = {
        "name": "Team", "slug": team.slug, "plan": "pro", "description": "",
        "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 1, "memberships-0-id": row.pk,
        "memberships-0-organization": team.pk, "memberships-0-user": alice.pk, "memberships-0-role": "member",
    }  # fmt: skip
    path = f"/admin/accounts/organization/{team.pk}/change/"
    assert "An organization keeps at least one owner." in signed_in(ada).post(path, form).content.decode()
    signed_in(ada).post(path, form | {"memberships-0-role": "owner"})
    assert Organization.objects.get(pk=team.pk).plan == "pro"


def permissions(*names):
    return Permission.objects.filter(codename__in=names)


def test_the_first_staff_is_made_by_a_command(bob, capsys):
    call_command("make_staff", "Bob@example.com")
    assert signed_in(bob).get("/admin/accounts/user/").status_code == 200
    assert "bob@example.com is staff." in capsys.readouterr().out


def test_attack_165_nobody_becomes_staff_by_an_address_that_was_not_proved(bob):
    EmailAddress.objects.filter(user=bob).update(verified=False)
    for address in ("bob@example.com", "nobody@example.com"):
        with pytest.raises(CommandError, match="Sign up first"):
            call_command("make_staff", address)
    bob.refresh_from_db()
    assert not bob.is_staff
