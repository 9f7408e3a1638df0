"""Who comes into a partner's console: invited by mail, by staff at first and by owners from then on."""

import re
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from partnership import request_log
from partnership.models import Event, PartnerInvitation, PartnerMember
from tests import cast
from tests.post import letters

pytestmark = pytest.mark.django_db


def link_in_mail() -> str:
    return urlsplit(re.search(r"https?://\S+/partners/invitations/\S+", letters()[-1].body)[0]).path


def role_of(user):
    return PartnerMember.objects.filter(user=user).values_list("role", flat=True).first()


def events_of(partner):
    return list(partner.events.filter(type__startswith="member.").order_by("id").values_list("type", "actor_kind"))


@pytest.fixture
def sam(db):
    return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))


def people(partner, rest=""):
    return f"/admin/partnership/partner/{partner.pk}/people/{rest}"


class TestInvited:
    def test_staff_invite_the_first_owner_by_mail(self, globex, sam, alice):
        page = sam.post(people(globex.partner, "invite/"), {"email": "Alice@example.com", "role": "owner"}, follow=True)
        assert "An invitation was sent" in page.content.decode()

        browser, link = cast.signed_in(alice), link_in_mail()
        shown = browser.get(link).content.decode()
        assert "Join the console of Globex?" in shown
        assert "Sam" not in shown + letters()[-1].body
        assert role_of(alice) is None
        joined = browser.post(link, follow=True)

        assert (role_of(alice), joined.redirect_chain[-1][0]) == ("owner", f"/partners/{globex.partner.pk}/live")
        assert events_of(globex.partner) == [("member.invited", "staff"), ("member.joined", "user")]
        assert "alice" not in str(list(globex.partner.events.values_list("data", flat=True)))

    def test_an_owner_invites_a_colleague(self, olga, alice):
        page = olga.reads_after("/members/invite", {"email": "alice@example.com", "role": "developer"})

        assert "An invitation was sent to alice@example.com." in page
        assert "Olga invites you" in letters()[-1].body
        cast.signed_in(alice).post(link_in_mail())
        assert role_of(alice) == "developer"

    def test_an_address_that_is_none_is_told_at_its_field(self, olga):
        page = olga.post("/members/invite", {"email": "no", "role": "developer"}).content.decode()

        assert 'aria-invalid="true"' in page
        assert letters() == []

    def test_the_higher_role_stays(self, olga, dan):
        olga.post("/members/invite", {"email": dan.person.email, "role": "viewer"})
        dan.browser.post(link_in_mail())

        assert role_of(dan.person) == "developer"

    def test_a_new_invitation_replaces_the_open_one(self, olga, alice):
        olga.post("/members/invite", {"email": "alice@example.com", "role": "viewer"})
        first = link_in_mail()
        olga.post("/members/invite", {"email": "ALICE@example.com", "role": "owner"})

        browser = cast.signed_in(alice)
        assert browser.post(first).status_code == 404
        browser.post(link_in_mail())
        assert role_of(alice) == "owner"

    def test_mail_to_whomever_one_likes_has_a_limit(self, olga, settings):
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"invitation": (1, 3600)}
        form = {"email": "alice@example.com", "role": "viewer"}

        assert [olga.post("/members/invite", form).status_code for _try in range(2)] == [302, 429]

    def test_attack_180_an_invitation_in_other_hands_or_used_up_lets_nobody_in(self, olga, alice, mallory, later):
        olga.post("/members/invite", {"email": "alice@example.com", "role": "owner"})
        link = link_in_mail()
        for browser in (cast.signed_in(mallory), cast.signed_in(olga.person)):
            assert browser.get(link).status_code == browser.post(link).status_code == 404
        cast.signed_in(alice).post(link)
        PartnerMember.objects.filter(user=alice).delete()
        assert cast.signed_in(alice).post(link).status_code == 404

        olga.post("/members/invite", {"email": "alice@example.com", "role": "owner"})
        link = link_in_mail()
        later(days=7, seconds=1)
        assert cast.signed_in(alice).post(link).status_code == 404
        assert role_of(alice) is role_of(mallory) is None

    def test_attack_181_who_is_no_owner_any_more_lets_nobody_in_by_an_old_invitation(self, olga, globex, alice, bob):
        PartnerMember.objects.create(partner=globex.partner, user=bob, role="owner", created_at=timezone.now())
        for end in ("role", "remove"):
            PartnerMember.objects.filter(user=bob).update(role="owner")
            browser = cast.signed_in(bob)
            browser.post(olga.at("/members/invite"), {"email": "alice@example.com", "role": "owner"})
            row = PartnerMember.objects.get(user=bob).pk
            olga.post(f"/members/{row}/{end}", {"role": "viewer"})

            assert cast.signed_in(alice).post(link_in_mail()).status_code == 404
        assert not PartnerInvitation.objects.exists()


class TestAmongThemselves:
    def row(self, desk):
        return PartnerMember.objects.get(user=desk.person).pk

    def test_an_owner_gives_a_role_and_takes_it(self, olga, dan):
        assert "The role was changed." in olga.reads_after(f"/members/{self.row(dan)}/role", {"role": "owner"})
        assert role_of(dan.person) == "owner"
        assert "The member was removed." in olga.reads_after(f"/members/{self.row(dan)}/remove")
        assert dan.get().status_code == 404
        assert events_of(olga.partner) == [("member.role_changed", "user"), ("member.removed", "user")]

    def test_no_other_role_is_given(self, olga, dan):
        assert olga.post(f"/members/{self.row(dan)}/role", {"role": "emperor"}).status_code == 400
        assert role_of(dan.person) == "developer"

    def test_everybody_may_leave_and_nobody_but_an_owner_removes(self, olga, dan, vera):
        assert vera.post(f"/members/{self.row(dan)}/remove").status_code == 403
        assert "You have left Globex." in vera.reads_after(f"/members/{self.row(vera)}/remove")
        assert (role_of(dan.person), role_of(vera.person)) == ("developer", None)

    def test_the_last_owner_stays(self, olga, dan):
        for path in (f"/members/{self.row(olga)}/remove", f"/members/{self.row(olga)}/role"):
            assert olga.post(path, {"role": "viewer"}).status_code == 409
        assert role_of(olga.person) == "owner"

    def test_an_invitation_is_taken_back(self, olga, alice):
        olga.post("/members/invite", {"email": "alice@example.com", "role": "viewer"})
        row = PartnerInvitation.objects.get().pk

        assert "not valid any more" in olga.reads_after(f"/invitations/{row}/withdraw")
        assert cast.signed_in(alice).get(link_in_mail()).status_code == 404

    def test_a_viewer_sees_colleagues_and_no_forms_but_the_one_to_leave(self, vera, olga):
        page = vera.read("/members")

        assert "olga@example.com" in page
        assert page.count("<form") == 1


class TestStaff:
    def test_change_a_role_withdraw_and_remove_also_the_last_owner(self, globex, olga, sam):
        row = PartnerMember.objects.get(user=olga.person).pk
        sam.post(people(globex.partner, f"{row}/role/"), {"role": "viewer"})
        assert role_of(olga.person) == "viewer"
        sam.post(people(globex.partner, f"{row}/remove/"))
        assert role_of(olga.person) is None

        sam.post(people(globex.partner, "invite/"), {"email": "x@example.com", "role": "owner"})
        invitation = PartnerInvitation.objects.get()
        assert "x@example.com" in sam.get(people(globex.partner)).content.decode()
        sam.post(people(globex.partner, f"invitations/{invitation.pk}/withdraw/"))
        assert not PartnerInvitation.objects.exists()

    def test_an_address_that_is_none_is_told(self, globex, sam):
        page = sam.post(people(globex.partner, "invite/"), {"email": "no", "role": "owner"})
        assert (page.status_code, "errorlist" in page.content.decode()) == (200, True)

    def test_who_may_only_look_changes_nobody(self, globex, olga, settings):
        rita = cast.person("rita@example.com", "Rita", is_staff=True)
        looks = cast.signed_in(rita)
        assert looks.get(people(globex.partner)).status_code == 403
        rita.user_permissions.add(Permission.objects.get(codename="view_partner"))
        row = PartnerMember.objects.get(user=olga.person).pk

        assert "olga@example.com" in looks.get(people(globex.partner)).content.decode()
        for rest in ("invite/", f"{row}/role/", f"{row}/remove/", "invitations/1/withdraw/"):
            assert looks.post(people(globex.partner, rest), {"role": "viewer"}).status_code == 403
        assert role_of(olga.person) == "owner"

    def test_another_partner_s_people_are_not_there(self, globex, initech, olga, sam):
        row = PartnerMember.objects.get(user=olga.person).pk

        assert sam.post(people(initech.partner, f"{row}/remove/")).status_code == 404
        assert sam.get(people(initech.partner, f"{row}/remove/")).status_code == 405


class TestTheWayIn:
    def test_who_belongs_to_one_partner_is_there_at_once(self, olga):
        assert olga.browser.get("/partners", follow=True).redirect_chain == [(f"/partners/{olga.partner.pk}/live", 302)]
        assert olga.browser.get(f"/partners/{olga.partner.pk}")["Location"] == f"/partners/{olga.partner.pk}/live"

    def test_who_belongs_to_several_chooses(self, olga, initech):
        PartnerMember.objects.create(
            partner=initech.partner, user=olga.person, role="viewer", created_at=timezone.now()
        )
        page = olga.browser.get("/partners").content.decode()
        assert "Globex" in page
        assert "Initech" in page

    def test_the_account_leads_there_and_of_others_says_nothing(self, olga, mallory):
        assert 'href="/partners"' in olga.browser.get("/account").content.decode()
        stranger = cast.signed_in(mallory)
        assert 'href="/partners"' not in stranger.get("/account").content.decode()
        assert "You belong to no partner" in stranger.get("/partners").content.decode()

    def test_the_overview_says_what_is_there(self, olga, globex, shop):
        globex.get("nothing")
        request_log.write()
        page = olga.read()
        assert "1 project" in page
        assert "method_not_allowed" in page
        assert "project.created" in page
        olga.environment = "test"
        assert "0 projects" in olga.read()
        assert Event.objects.exists()
