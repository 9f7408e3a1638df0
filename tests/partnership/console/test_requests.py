"""The page "Requests": a partner's calls and operations by day, for its own people and for staff."""

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from partnership import call_counts, request_log
from partnership.models import LoggedCall, Operation, Project
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita(db):
    """Rita of the support: she looks, and changes nothing."""
    person = cast.person("rita@example.com", "Rita", is_staff=True)
    person.groups.set(Group.objects.filter(name="Support"))
    return cast.signed_in(person)


@pytest.fixture
def called(globex, shop):
    """globex's shop is five days old; two days ago it made four calls, and today one."""
    Project.objects.filter(pk=shop).update(created_at=timezone.now() - timedelta(days=5))
    request_log.waiting.clear()
    now = timezone.now()
    before = now - timedelta(days=2)
    call_counts.count(
        [
            LoggedCall(partner=globex.partner, environment="live", status=status, milliseconds=took, answered_at=at)
            for status, took, at in (
                (200, 3, before),
                (201, 4, before),
                (404, 2, before),
                (503, 300, before),
                (200, 3, now),
            )
        ]
    )


def rows(response):
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(response.getvalue().decode().splitlines()))


def summary(html, name):
    return re.search(rf'<p id="{name}-summary">(.*?)</p>', html)[1]


def day(days_ago):
    return f"{datetime.now(UTC) - timedelta(days=days_ago):%Y-%m-%d}"


def test_calls_are_drawn_by_status_and_told_in_words_and_a_table(vera, called):
    page = vera.read("/requests", days="7")

    assert summary(page, "requests") == (f"Total: 5 requests. Most on one day: 4 on {day(2)}. 2xx: 3, 4xx: 1, 5xx: 1.")
    assert summary(page, "latency").startswith("Of all calls, half took at most 3 ms, and 95 of 100 at most 304 ms.")
    assert page.count('role="img"') == 3
    assert page.count("<details>") == 3
    assert f'<th scope="row">{day(2)}</th><td class="number">2</td><td class="number">1</td>' in page


def test_a_day_without_a_project_is_a_gap_and_one_without_a_call_a_zero(vera, called):
    found = {row["day"]: row for row in rows(vera.get("/requests", format="csv", days="7"))}

    assert [found[day(ago)]["requests_2xx"] for ago in (6, 3, 2, 1)] == ["", "", "2", "0"]
    assert [found[day(ago)]["latency_p95_ms"] for ago in (2, 1)] == ["304", ""]
    assert (found[day(6)]["operations_failed"], found[day(1)]["operations_failed"]) == ("", "0")


def test_operations_count_by_how_they_ended(vera, called, shop):
    made = Operation.objects.get(project=shop)
    for status, code in (("failed", "disk_full"), ("canceled", "")):
        at = timezone.now() - timedelta(days=1)
        Operation.objects.create(
            project=made.project, type="pause", status=status, error_code=code,
            created_at=at, due_at=at, deadline_at=at, finished_at=at,
        )  # fmt: skip

    page = vera.read("/requests", days="7")

    assert summary(page, "operations").endswith("succeeded: 1, failed: 1, canceled: 1.")


def test_the_environments_stand_apart(vera, called, globex_test):
    globex_test.get("catalog")
    request_log.write()
    vera.environment = "test"

    assert "Total: 1 requests" in summary(vera.read("/requests"), "requests")


def test_nobody_has_called_yet(of_initech):
    page = of_initech.read("/requests")

    assert [summary(page, name) for name in ("requests", "latency", "operations")] == ["No data."] * 3
    assert 'role="img"' not in page


def test_a_stranger_finds_no_such_page(of_initech, globex):
    of_initech.partner = globex.partner
    assert of_initech.get("/requests").status_code == 404
    assert of_initech.get("/requests", format="csv").status_code == 404


@pytest.mark.parametrize("column", ["=HYPERLINK(1)", "@x", "\r\nx: y", "requests' or 1"])
def test_no_word_of_the_address_comes_into_the_file(vera, called, column):
    text = vera.get("/requests", format="csv", column=column, days=column).getvalue().decode()

    header, *lines = text.splitlines()
    assert header == (
        "day,requests_2xx,requests_4xx,requests_5xx,latency_p50_ms,latency_p95_ms,"
        "operations_succeeded,operations_failed,operations_canceled"
    )
    assert len(lines) == 30
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d(,\d*){8}", line) for line in lines)


def test_a_chart_has_a_file_of_its_own(vera, called):
    assert list(rows(vera.get("/requests", format="csv", column="latency"))[0]) == [
        "day", "latency_p50_ms", "latency_p95_ms",
    ]  # fmt: skip


class TestStaff:
    def at(self, client, query=""):
        return f"/admin/partnership/partner/{client.partner.pk}/requests/{query}"

    def test_read_the_same_and_the_test_environment_by_itself(self, rita, globex, called):
        live = rita.get(self.at(globex)).content.decode()
        test = rita.get(self.at(globex, "?environment=test")).content.decode()

        assert summary(live, "requests").startswith("Total: 5 requests.")
        assert summary(test, "requests") == "No data."
        assert "Test data</span>" in test
        assert len(rows(rita.get(self.at(globex, "?format=csv&days=366")))) == 366

    def test_who_may_not_see_partners_sees_none_of_it(self, globex):
        clerk = cast.signed_in(cast.person("carl@example.com", "Carl", is_staff=True))
        assert clerk.get(self.at(globex)).status_code == 403

    def test_of_no_partner_there_is_none(self, rita):
        assert rita.get("/admin/partnership/partner/ps_none00000001/requests/").status_code == 404
