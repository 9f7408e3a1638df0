"""Charts and statements as people see them: staff in the admin, members under their organization."""

import csv
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import Membership, Organization, Role
from partnership.models import Project, Tenure
from tests import cast
from tests.usage.clients import ago, today, white_label_project
from usage import statements
from usage.models import MeteringScope

AT = "/admin/partnership"
GIB = 2**30


@pytest.fixture
def sam(db):
    """A browser of Sam's, who works here and may do everything."""
    return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))


@pytest.fixture
def viewer(db):
    """Vera works here and may look at partners and projects, no more."""
    vera = cast.person("vera@example.com", "Vera View", is_staff=True)
    names = ("view_partner", "view_project")
    vera.user_permissions.set(Permission.objects.filter(codename__in=names))
    return cast.signed_in(vera)


@pytest.fixture
def clerk(db):
    """Carl works here, and partners are none of his business."""
    return cast.signed_in(cast.person("carl@example.com", "Carl Clerk", is_staff=True))


@pytest.fixture
def old_shop(shop):
    """The shop, made five days ago."""
    Project.objects.filter(pk=shop.pk).update(created_at=datetime.now(UTC) - timedelta(days=5))
    return shop


@pytest.fixture
def team(alice, bob, old_shop):
    """The shop is the team's, as if people had made it."""
    organization = Organization.objects.create(name="Alice and Bob", type="team", slug="alice-and-bob")
    for person, role in ((alice, Role.OWNER), (bob, Role.MEMBER)):
        Membership.objects.create(organization=organization, user=person, role=role)
    Project.objects.filter(pk=old_shop.pk).update(mode="platform", partner=None, organization=organization)
    Tenure.objects.create(project=old_shop, organization=organization, from_at=datetime.now(UTC) - timedelta(days=5))
    return organization


def page(browser, path, status=200):
    answer = browser.get(path)
    assert answer.status_code == status, answer
    return answer.content.decode()


def picture(html, metric):
    """The chart of a metric, as the page has it."""
    start = html.index(f'<svg class="chart" role="img" aria-labelledby="{metric}-title"')
    found = html[start : html.index("</div>", start)].split('<svg class="chart links"')[0]
    return ElementTree.fromstring(found)


def classes(html, metric, tag):
    return [each.get("class") for each in picture(html, metric).iter(tag) if each.get("class")]


def summary(html, metric):
    return unescape(re.search(rf'<p id="{metric}-summary">(.*?)</p>', html)[1])


def rows(answer):
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(answer.getvalue().decode().splitlines()))


def send(gauge, id_, days_ago, **data):
    assert gauge.verdicts(gauge.event(id_, data, time=ago(days=days_ago))) == ["ok"]


def day(days_ago):
    return (today() - timedelta(days=days_ago)).isoformat()


class TestProject:
    def at(self, project, **query):
        return f"{AT}/project/{project.pk}/usage/?" + "&".join(f"{name}={value}" for name, value in query.items())

    def test_sums_are_bars_and_peaks_a_line_with_gaps_estimates_and_today(self, sam, gauge, old_shop):
        send(gauge, "1", 4, ai_tokens=1000, database_size_bytes=3 * GIB // 2)
        send(gauge, "2", 0, ai_tokens=500)

        html = page(sam, self.at(old_shop, days=7))

        assert classes(html, "ai_tokens", "rect") == ["zero s1", "bar s1", *["zero s1"] * 3, "bar s1 today"]
        heights = [each.get("height") for each in picture(html, "ai_tokens").iter("rect")]
        assert (heights[1], heights[-1]) == ("100.00%", "50.00%")
        dots = classes(html, "database_size_bytes", "circle")
        assert dots == ["dot s1", "dot s1", *["dot s1 estimated"] * 3, "dot s1 estimated today"]
        assert classes(html, "database_size_bytes", "polyline") == ["line s1", "line s1 today"]
        assert summary(html, "ai_tokens") == f"Total: 1,500 tokens. Most on one day: 1,000 on {day(4)}."
        assert summary(html, "database_size_bytes") == f"Highest: 1.5 GiB on {day(0)}. Last: 1.5 GiB."
        assert summary(html, "mcp_calls") == "Nothing was used on any day."

    def test_credits_keep_their_places(self, sam, gauge, old_shop):
        send(gauge, "1", 1, ai_credits="0.000001")
        send(gauge, "2", 2, ai_credits="1.25")
        html = page(sam, self.at(old_shop, days=7))
        assert summary(html, "ai_credits") == f"Total: 1.250001 credits. Most on one day: 1.25 on {day(2)}."

    def test_nothing_at_all_says_so(self, sam, old_shop):
        Project.objects.update(created_at=datetime.now(UTC) + timedelta(days=1))
        html = page(sam, self.at(old_shop))
        assert html.count("No data.") == 9
        assert 'role="img"' not in html

    def test_a_day_leads_to_its_events_and_they_add_up(self, sam, gauge, old_shop):
        send(gauge, "one", 1, ai_tokens=1000, mcp_calls=1)
        send(gauge, "two", 1, ai_tokens=500)
        send(gauge, "none", 1, mcp_calls=5)
        there = f"{AT}/project/{old_shop.pk}/usage/{day(1)}/ai_tokens/"

        assert f'href="{there}"' in page(sam, self.at(old_shop))
        html = page(sam, there)

        assert "AI tokens on " + day(1) + ": 1,500 tokens" in html
        shown = re.findall(r'<td class="number">(.*?)</td><td><code>/edge/eu-1</code></td><td><code>(.*?)</code>', html)
        assert sorted(shown) == [("1,000", "one"), ("500", "two")]
        assert f"usage/events?date={day(1)}&amp;metric=ai_tokens" in html
        assert "Meter" in html

    def test_more_events_than_a_page_has_are_all_there(self, sam, gauge, old_shop):
        events = [gauge.event(f"e{number}", {"mcp_calls": 1}, time=ago(days=1)) for number in range(51)]
        assert set(gauge.verdicts(*events)) == {"ok"}
        html = page(sam, there := f"{AT}/project/{old_shop.pk}/usage/{day(1)}/mcp_calls/")
        older = page(sam, there + unescape(re.search(r'href="(\?cursor=.*?)"', html)[1]))
        ids = re.findall(r"<td><code>(e\d+)</code>", html + older)
        assert (len(ids), len(set(ids)), "Older" in older) == (51, 51, False)

    @pytest.mark.parametrize(
        "wrong",
        [
            *(f"{no_day}/ai_tokens/" for no_day in ("2026-13-01", "x", "20260131", "2026-W05-1", "9999-12-31")),
            "2026-01-01/ai/",
            "2026-01-01/ai_tokens/?cursor=x",
        ],
    )
    def test_a_day_or_metric_that_is_none_is_404(self, sam, old_shop, wrong):
        page(sam, f"{AT}/project/{old_shop.pk}/usage/{wrong}", 404)

    def test_the_csv_is_the_api_s(self, sam, gauge, old_shop):
        send(gauge, "1", 4, ai_credits="0.15", database_size_bytes=7)
        whole = rows(sam.get(self.at(old_shop, days=7, format="csv")))
        one = rows(sam.get(self.at(old_shop, days=7, format="csv", column="ai_credits")))
        assert [row["usage_date"] for row in whole] == [day(number) for number in range(5, -1, -1)]
        assert whole[1]["ai_credits"] == "0.15"
        assert (whole[2]["database_size_bytes"], whole[2]["estimated"]) == ("7", "true")
        assert one[1] == {"usage_date": day(4), "ai_credits": "0.15", "estimated": ""}


class TestPartner:
    def at(self, partner, **query):
        return f"{AT}/partner/{partner.pk}/usage/?" + "&".join(f"{name}={value}" for name, value in query.items())

    def test_days_before_its_first_project_are_a_gap(self, sam, gauge, globex, old_shop):
        html = page(sam, self.at(globex, days=7))
        send(gauge, "1", 1, ai_tokens=5)
        assert html.count("Nothing was used on any day.") == 9
        assert len(classes(page(sam, self.at(globex, days=7)), "ai_tokens", "rect")) == 6

    def test_test_data_stands_apart_and_is_marked(self, sam, meter, gauge, globex, old_shop):
        trial = white_label_project(globex, "Trial", environment="test")
        send(gauge, "1", 1, ai_tokens=5)
        MeteringScope.objects.create(application=meter.application, environment="test", all_projects=True)
        assert gauge.verdicts(gauge.event("3", {"ai_tokens": 70}, subject=str(trial.pk))) == ["ok"]

        live, test = page(sam, self.at(globex)), page(sam, self.at(globex, environment="test"))

        assert summary(live, "ai_tokens").startswith("Total: 5 ")
        assert summary(test, "ai_tokens").startswith("Total: 70 ")
        assert ("in no live total" in live, "in no live total" in test) == (False, True)
        assert ("Trial" in live, "Trial" in test, ">Shop<" in test) == (False, True, False)
        assert "days=7&amp;environment=test" in test

    def test_the_ten_that_used_most_lead_to_their_own_charts(self, sam, gauge, globex, old_shop):
        others = [white_label_project(globex, f"Number {number}") for number in range(10)]
        for number, project in enumerate([old_shop, *others]):
            event = gauge.event(f"{number}", {"mcp_calls": 100 - number}, subject=str(project.pk))
            assert gauge.verdicts(event) == ["ok"]

        html = page(sam, self.at(globex, metric="mcp_calls"))

        listed = re.findall(r'<th scope="row"><a href="([^"]*)">([A-Z][^<]*)</a></th><td class="number">(\d+)', html)
        assert [name for _, name, _ in listed] == ["Shop", *(f"Number {number}" for number in range(9))]
        assert [int(amount) for *_, amount in listed] == list(range(100, 90, -1))
        assert listed[0][0] == f"{AT}/project/{old_shop.pk}/usage/"
        assert '<rect width="91.00%" height="100%"/>' in html

    def test_a_day_leads_to_its_projects_and_they_to_their_events(self, sam, gauge, globex, old_shop):
        send(gauge, "1", 1, mcp_calls=3)
        there = f"{AT}/partner/{globex.pk}/usage/live/{day(1)}/mcp_calls/"
        assert f'href="{there}"' in page(sam, self.at(globex))
        html = page(sam, there)
        assert f"MCP calls on {day(1)}: 3 calls" in html
        assert f"{AT}/project/{old_shop.pk}/usage/{day(1)}/mcp_calls/" in html
        page(sam, there.replace("live", "real"), 404)
        page(sam, there.replace("mcp_calls", "mcp"), 404)
        page(sam, there.replace(day(1), "9999-12-31"), 404)
        assert "0 calls" in page(sam, there.replace(day(1), "9999-12-30"))

    def test_the_csv_has_the_days_of_all_projects(self, sam, gauge, globex, old_shop):
        send(gauge, "1", 1, mcp_calls=3)
        listed = rows(sam.get(self.at(globex, days=7, format="csv")))
        assert [row["mcp_calls"] for row in listed] == ["0", "0", "0", "0", "0", "3", "0"]

    @pytest.mark.parametrize("days", ["7", "30", "90", "366"])
    def test_the_periods_are_links(self, sam, globex, days):
        html = page(sam, self.at(globex))
        assert f'href="?days={days}"' in html
        chosen = page(sam, self.at(globex, days=days))
        assert f'href="?days={days}" aria-current="true"' in chosen

    @pytest.mark.parametrize("days", ["0", "8", "-1", "x", "99999999999999999999"])
    def test_another_period_is_the_usual_one(self, sam, globex, days):
        assert 'href="?days=30" aria-current="true"' in page(sam, self.at(globex, days=days))


class TestStatements:
    @pytest.fixture
    def closed(self, globex, gauge, shop, one_clock):
        Project.objects.update(created_at=datetime(2026, 1, 2, tzinfo=UTC))
        one_clock.move_to(datetime(2026, 1, 20, 12, tzinfo=UTC), tick=False)
        assert gauge.verdicts(gauge.event("1", {"ai_tokens": 1500, "ai_credits": "0.25"})) == ["ok"]
        one_clock.move_to(datetime(2026, 2, 7, 12, tzinfo=UTC), tick=False)
        statements.close_due(datetime.now(UTC))
        assert gauge.verdicts(gauge.event("2", {"ai_tokens": 9}, time="2026-01-30T12:00:00Z")) == ["ok"]
        one_clock.move_to(datetime(2026, 3, 7, 12, tzinfo=UTC), tick=False)
        statements.close_due(datetime.now(UTC))
        return globex.statements.get(month="2026-01-01")

    @pytest.fixture
    def sam(self, closed):
        return cast.signed_in(cast.person("sam@example.com", "Sam Staff", is_staff=True, is_superuser=True))

    def test_months_are_listed_with_their_digests(self, sam, globex, closed):
        html = page(sam, f"{AT}/partner/{globex.pk}/statements/")
        assert (closed.digest in html, "2026-02-07 12:00" in html) == (True, True)
        assert "No month is closed yet" in html  # of test data

    def test_one_shows_figures_and_what_came_late(self, sam, globex, closed):
        january = page(sam, f"{AT}/partner/{globex.pk}/statements/live/2026-01/")
        february = page(sam, f"{AT}/partner/{globex.pk}/statements/live/2026-02/")
        assert ("1,500" in january, "The figures still have it" in january) == (True, True)
        assert ("AI tokens: 9 tokens" in january, "AI tokens: 9 tokens" in february) == (False, True)

    def test_the_files_are_those_of_the_api(self, sam, globex, shop, closed):
        there = f"{AT}/partner/{globex.pk}/statements/live/2026-01/"
        body = json.loads(sam.get(f"{there}?format=json").content, parse_float=Decimal)
        [row] = rows(sam.get(f"{there}?format=csv"))
        assert (body["digest"], body["summary"]["ai_credits"]) == (closed.digest, Decimal("0.25"))
        assert (row["id"], row["ai_tokens"]) == (str(shop.pk), "1500")

    def test_the_charts_mark_the_closed_month(self, sam, globex, closed):
        html = page(sam, f"{AT}/partner/{globex.pk}/usage/?days=90")
        assert "closed" in classes(html, "ai_tokens", "rect")
        assert "closed month: never changes" in html

    def test_another_months_or_partners_is_404(self, sam, globex, initech, closed):
        for path in (
            f"{globex.pk}/statements/live/2025-12",
            f"{globex.pk}/statements/test/2026-01",
            f"{initech.pk}/statements/live/2026-01",
            f"{globex.pk}/statements/live/x",
        ):
            page(sam, f"{AT}/partner/{path}/", 404)


class TestWhoMayLook:
    def paths(self, partner, project):
        return [
            f"{AT}/partner/{partner.pk}/usage/",
            f"{AT}/partner/{partner.pk}/usage/?format=csv",
            f"{AT}/partner/{partner.pk}/usage/live/2026-01-01/ai_tokens/",
            f"{AT}/partner/{partner.pk}/statements/",
            f"{AT}/partner/{partner.pk}/statements/live/2026-01/",
            f"{AT}/project/{project.pk}/usage/",
            f"{AT}/project/{project.pk}/usage/?format=csv",
            f"{AT}/project/{project.pk}/usage/2026-01-01/ai_tokens/",
        ]

    def test_staff_who_may_see_partners_and_projects(self, viewer, globex, shop):
        no_statement_yet = f"{AT}/partner/{globex.pk}/statements/live/2026-01/"
        answers = {path: viewer.get(path).status_code for path in self.paths(globex, shop)}
        assert answers.pop(no_statement_yet) == 404
        assert set(answers.values()) == {200}

    def test_no_other_staff(self, clerk, globex, shop):
        assert {clerk.get(path).status_code for path in self.paths(globex, shop)} == {403}

    def test_nobody_else(self, alice, globex, shop):
        paths = self.paths(globex, shop)
        answers = [browser.get(path) for browser in (cast.signed_in(alice), Client()) for path in paths]
        assert {answer.status_code for answer in answers} == {302}
        assert {answer["Location"].startswith("/admin/login/") for answer in answers} == {True}

    def test_the_partner_s_and_the_project_s_own_pages_lead_there(self, viewer, globex, shop):
        assert f"{AT}/partner/{globex.pk}/usage/" in page(viewer, f"{AT}/partner/{globex.pk}/change/")
        assert f"{AT}/project/{shop.pk}/usage/" in page(viewer, f"{AT}/project/{shop.pk}/change/")


class TestOrganization:
    def at(self, team, **query):
        return f"/account/organizations/{team.pk}/usage?" + "&".join(f"{name}={value}" for name, value in query.items())

    def test_members_see_what_their_projects_used(self, bob, team, gauge):
        send(gauge, "1", 2, ai_tokens=1500)
        html = page(cast.signed_in(bob), self.at(team, days=7, metric="ai_tokens"))
        assert summary(html, "ai_tokens") == f"Total: 1,500 tokens. Most on one day: 1,500 on {day(2)}."
        assert len(classes(html, "ai_tokens", "rect")) == 6  # of seven days; on the first there was no project
        assert '<th scope="row">Shop</th><td class="number">1,500</td>' in html
        assert f"GET /usage/v1/organizations/{team.pk}?start_date={day(6)}" in html

    def test_the_figures_are_those_of_the_api(self, bob, team, gauge, acme_app):
        send(gauge, "1", 2, ai_tokens=1500, ai_credits="0.15", database_size_bytes=7)
        send(gauge, "2", 1, ai_tokens=1, database_size_bytes=5)
        token = acme_app.tokens_for(bob, scope="projects:read")["access_token"]
        query = {"start_date": day(6), "end_date": day(0)}
        answer = Client().get(f"/usage/v1/organizations/{team.pk}", query, headers={"Authorization": f"Bearer {token}"})
        figures = json.loads(answer.content, parse_float=Decimal)["usage_summary"]
        listed = rows(cast.signed_in(bob).get(self.at(team, days=7, format="csv")))
        assert len(listed) == 7
        assert sum(int(row["ai_tokens"]) for row in listed) == figures["ai_tokens"] == 1501
        assert sum(Decimal(row["ai_credits"]) for row in listed) == figures["ai_credits"]
        assert max(int(row["database_size_bytes"]) for row in listed) == figures["database_bytes"] == 7

    def test_what_others_have_is_absent(self, mallory, team):
        page(cast.signed_in(mallory), self.at(team), 404)
        page(cast.signed_in(mallory), self.at(team, format="csv"), 404)

    def test_a_transfer_ends_the_charts_on_its_day(self, bob, team, old_shop, gauge):
        send(gauge, "1", 4, ai_tokens=5)
        other = Organization.objects.create(name="Other", type="team", slug="other")
        moved_at = datetime.now(UTC) - timedelta(days=2)
        Tenure.objects.filter(project=old_shop).update(until_at=moved_at)
        Tenure.objects.create(project=old_shop, organization=other, from_at=moved_at)
        html = page(cast.signed_in(bob), self.at(team, days=7))
        assert classes(html, "ai_tokens", "rect") == ["zero s1", "bar s1", "zero s1"]

    def test_the_organization_s_page_leads_there(self, bob, team):
        assert self.at(team).rstrip("?") in page(cast.signed_in(bob), f"/account/organizations/{team.pk}")

    def test_without_projects_there_is_no_data(self, alice, db):
        html = page(cast.signed_in(alice), self.at(alice.personal_organization))
        assert html.count("No data.") == 10
