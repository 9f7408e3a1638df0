"""What partners read of usage (usage.md, "Reads"): a project's figures, the partnership's, and what is behind them."""

import csv
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.conf import settings

from partnership.models import Project
from tests.partnership.clients import GLOBEX_SECRET, PartnerClient, add_secret
from tests.usage.clients import MeterClient, white_label_project
from usage.metrics import METRICS, NAMES, PEAKS, SUMS
from usage.models import IngestGate
from usage.sql_store import store

TODAY = datetime(2025, 11, 18, 12, tzinfo=UTC)
BEGUN = datetime(2025, 11, 1, tzinfo=UTC)
READ = {"start_date": "2025-11-10", "end_date": "2025-11-18"}


@pytest.fixture(autouse=True)
def on_a_day_in_november(one_clock):
    one_clock.move_to(TODAY, tick=False)


@pytest.fixture
def partner(globex, shop):
    """globex at the wire; its shop is there since the first of November."""
    add_secret(globex, GLOBEX_SECRET)
    Project.objects.update(created_at=BEGUN)
    return PartnerClient(globex, GLOBEX_SECRET)


@pytest.fixture
def use(gauge):
    """`use("2025-11-10", ai_tokens=1500)`: one event at noon of that day, accepted."""
    count = iter(range(1000))

    def use(day, project=None, **data):
        subject = str(project.pk) if project else gauge.project
        event = gauge.event(f"e{next(count)}", data, time=f"{day}T12:00:00Z", subject=subject)
        assert gauge.verdicts(event) == ["ok"]
        return event

    return use


def ask(partner, path, **query):
    return partner.wire.get(f"{partner.base}/{path}", query, headers={"X-Partnership-Secret": partner.secret})


def read(partner, path, **query):
    response = ask(partner, path, **query)
    assert response.status_code == 200, response.content
    return json.loads(response.content, parse_float=Decimal)


def lines(response):
    return list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))


class TestProject:
    @pytest.mark.contract("partnership.md", "White-label", "GET `:projectId/usage`")
    @pytest.mark.contract("usage.md", "Reads", "project")
    def test_the_documented_answer(self, partner, shop, use):
        use("2025-11-10", database_size_bytes=1048576, ai_tokens=1500, ai_credits="0.15")
        use("2025-11-11", file_storage_bytes=5242880, mcp_calls=12, ai_credits="1.35")

        body = read(partner, f"{shop.pk}/usage", **READ)

        assert "last_activity_at" in body["project"]
        body["project"].pop("last_activity_at")
        assert body["project"] == {"id": str(shop.pk), "name": "Shop", "status": "creating"}
        assert body["period"] == {"start": "2025-11-10T00:00:00Z", "end": "2025-11-18T23:59:59Z"}
        assert body["summary"] == {
            **dict.fromkeys((metric.project_name for metric in METRICS.values()), 0),
            "max_database_size_bytes": 1048576,
            "max_file_storage_bytes": 5242880,
            "total_ai_tokens": 1500,
            "total_mcp_calls": 12,
            "total_ai_credits": Decimal("1.5"),
        }
        assert [row["usage_date"] for row in body["daily_usage"]] == [f"2025-11-{day}" for day in range(10, 19)]
        first, second = body["daily_usage"][:2]
        assert first == {
            "usage_date": "2025-11-10",
            **dict.fromkeys(NAMES, 0),
            "database_size_bytes": 1048576,
            "ai_tokens": 1500,
            "ai_credits": Decimal("0.15"),
        }
        assert (second["database_size_bytes"], second["estimated"]) == (1048576, True)
        assert body["adjustments"] == []

    @pytest.mark.contract("usage.md", "Reads", "query")
    def test_without_a_period_it_is_the_week_until_today(self, partner, shop):
        body = read(partner, f"{shop.pk}/usage")
        assert body["period"] == {"start": "2025-11-11T00:00:00Z", "end": "2025-11-18T23:59:59Z"}

    @pytest.mark.contract("usage.md", "Reads", "zeros")
    def test_no_usage_is_zeros(self, partner, shop):
        body = read(partner, f"{shop.pk}/usage", **READ)
        assert set(body["summary"].values()) == {0}
        assert {value for row in body["daily_usage"] for name, value in row.items() if name in NAMES} == {0}

    def test_a_future_end_is_fine_and_has_no_rows(self, partner, shop):
        body = read(partner, f"{shop.pk}/usage", start_date="2025-11-18", end_date="2025-12-31")
        assert [row["usage_date"] for row in body["daily_usage"]] == ["2025-11-18"]
        later = read(partner, f"{shop.pk}/usage", start_date="2025-12-01", end_date="2025-12-31")
        assert (later["daily_usage"], set(later["summary"].values())) == ([], {0})

    def test_what_a_clock_ahead_of_ours_sent_for_tomorrow_is_in_the_next_read(self, partner, shop, meter, one_clock):
        one_clock.move_to(datetime(2025, 11, 18, 23, 58, tzinfo=UTC), tick=False)
        gauge = MeterClient(meter, str(shop.pk))
        assert gauge.verdicts(gauge.event("1", {"ai_tokens": 7}, time="2025-11-19T00:01:00Z")) == ["ok"]
        ahead = {"start_date": "2025-11-18", "end_date": "2025-11-30"}
        body = read(partner, f"{shop.pk}/usage", **ahead)
        assert [(row["usage_date"], row["ai_tokens"]) for row in body["daily_usage"]] == [
            ("2025-11-18", 0),
            ("2025-11-19", 7),
        ]
        assert body["summary"]["total_ai_tokens"] == 7
        total = read(partner, "usage", group_by="project", **ahead)
        assert (total["summary"]["ai_tokens"], total["projects"][0]["ai_tokens"]) == (7, 7)
        assert [row["ai_tokens"] for row in lines(ask(partner, "usage", format="csv", **ahead))] == ["0", "7"]
        assert read(partner, f"{shop.pk}/usage")["period"]["end"] == "2025-11-18T23:59:59Z"

    def test_rows_begin_and_end_with_the_project(self, partner, shop):
        Project.objects.update(
            created_at=datetime(2025, 11, 12, 23, tzinfo=UTC),
            status="deleted",
            operation_status="",
            deleted_at=datetime(2025, 11, 14, 1, tzinfo=UTC),
        )
        body = read(partner, f"{shop.pk}/usage", **READ)
        assert [row["usage_date"] for row in body["daily_usage"]] == ["2025-11-12", "2025-11-13", "2025-11-14"]
        assert body["project"]["status"] == "deleted"

    @pytest.mark.contract("usage.md", "Metrics", "carried on")
    def test_the_summary_is_the_fold_of_its_rows(self, partner, shop, use):
        for day, size in (("2025-11-10", 5), ("2025-11-12", 9), ("2025-11-13", 7)):
            use(day, database_size_bytes=size, ai_credits="0.000001")
        body = read(partner, f"{shop.pk}/usage", **READ)
        assert body["summary"]["max_database_size_bytes"] == max(r["database_size_bytes"] for r in body["daily_usage"])
        assert body["summary"]["total_ai_credits"] == sum(r["ai_credits"] for r in body["daily_usage"])

    @pytest.mark.contract("usage.md", "Reads", "exact numbers")
    @pytest.mark.contract("usage.md", "Metrics", "exact")
    def test_credits_are_exact_without_exponent(self, partner, shop, use):
        use("2025-11-10", ai_credits="0.000001")
        use("2025-11-11", ai_credits="9007199254.740991")
        text = ask(partner, f"{shop.pk}/usage", **READ).content.decode()
        assert '"ai_credits": 0.000001' in text
        assert '"total_ai_credits": 9007199254.740992' in text

    @pytest.mark.contract("usage.md", "Reads", "malformed")
    @pytest.mark.parametrize(
        ("query", "param"),
        [
            ({"start_date": "10.11.2025"}, "start_date"),
            ({"start_date": "20251110"}, "start_date"),
            ({"end_date": "2025-02-30"}, "end_date"),
            ({"end_date": ""}, "end_date"),
            ({"start_date": "2025-11-19", "end_date": "2025-11-18"}, "start_date"),
            ({"start_date": "2024-11-17", "end_date": "2025-11-18"}, "start_date"),
            ({"start": "2025-11-10"}, "start"),
            ({"end_date": ["2025-11-18", "2025-11-18"]}, "end_date"),
            ({"format": "xml"}, "format"),
        ],
    )
    def test_a_wrong_parameter_is_named(self, partner, shop, query, param):
        refused = ask(partner, f"{shop.pk}/usage", **query)
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_error")
        assert [fault["param"] for fault in refused.json()["errors"]] == [param]
        assert refused.json()["message"].startswith(f"{param} ")

    def test_366_days_are_the_most(self, partner, shop):
        assert ask(partner, f"{shop.pk}/usage", start_date="2024-11-18", end_date="2025-11-18").status_code == 200

    def test_anothers_project_and_the_other_environment_are_not_found(self, partner, initech):
        theirs, test = white_label_project(initech), white_label_project(partner.partner, environment="test")
        for project in (theirs.pk, test.pk, "no-uuid"):
            assert ask(partner, f"{project}/usage").json()["code"] == "project_not_found"

    def test_a_secret_without_the_scope_reads_nothing(self, partner, shop):
        secret = "gps_" + "r" * 43
        add_secret(partner.partner, secret, scopes="projects:read")
        narrow = PartnerClient(partner.partner, secret)
        for path in (f"{shop.pk}/usage", "usage", "statements", f"{shop.pk}/usage/events"):
            assert narrow.get(path)["code"] == "insufficient_scope"

    def test_a_co_branded_partner_has_no_white_label_reads(self, partner, shop):
        partner.partner.is_white_label, partner.partner.is_co_branded = False, True
        partner.partner.save()
        assert partner.get(f"{shop.pk}/usage")["code"] == "wrong_partnership_type"
        assert partner.get("usage").status == 200

    @pytest.mark.contract("usage.md", "Reads", "csv")
    @pytest.mark.parametrize("how", [{"format": "csv"}, {"HTTP_ACCEPT": "text/csv"}])
    def test_the_daily_rows_as_csv(self, partner, shop, use, how):
        use("2025-11-10", ai_tokens=1500, ai_credits="0.15")
        accept = {"Accept": how["HTTP_ACCEPT"]} if "HTTP_ACCEPT" in how else {}
        query = READ | ({"format": "csv"} if not accept else {})
        headers = {"X-Partnership-Secret": partner.secret, **accept}

        response = partner.wire.get(f"{partner.base}/{shop.pk}/usage", query, headers=headers)

        assert response["Content-Type"] == "text/csv; charset=utf-8"
        rows = lines(response)
        assert list(rows[0]) == ["usage_date", *NAMES, "estimated"]
        assert (rows[0]["usage_date"], rows[0]["ai_tokens"], rows[0]["ai_credits"]) == ("2025-11-10", "1500", "0.15")
        assert len(rows) == 9


class TestPartnership:
    @pytest.fixture
    def forge(self, partner):
        project = white_label_project(partner.partner, "=cmd()")
        Project.objects.update(created_at=BEGUN)
        return project

    @pytest.mark.contract("partnership.md", "White-label", "GET `usage`")
    @pytest.mark.contract("usage.md", "Reads", "partnership")
    @pytest.mark.contract("usage.md", "Metrics", "peak of a partnership")
    def test_sums_add_up_and_peaks_are_the_highest_day(self, partner, forge, use):
        use("2025-11-10", database_size_bytes=100, ai_tokens=1)
        use("2025-11-10", forge, database_size_bytes=10, ai_tokens=2)
        use("2025-11-11", database_size_bytes=20, ai_credits="0.5")
        use("2025-11-11", forge, database_size_bytes=95, ai_credits="0.25")

        body = read(partner, "usage", **READ)

        assert body["partnership"] == {"id": "ps_globex000001", "name": "Globex"}
        assert body["summary"] == {
            **dict.fromkeys((metric.total_name for metric in METRICS.values()), 0),
            "database_bytes": 115,  # on the second day: neither the sum of the peaks (195) nor the highest (100)
            "ai_tokens": 3,
            "ai_credits": Decimal("0.75"),
        }

    @pytest.mark.contract("usage.md", "Reads", "granularity")
    def test_by_day(self, partner, forge, use):
        use("2025-11-10", ai_tokens=1)
        use("2025-11-12", forge, ai_tokens=2)
        body = read(partner, "usage", granularity="day", **READ)
        by_day = {row["usage_date"]: row["ai_tokens"] for row in body["daily_usage"]}
        assert (len(by_day), by_day["2025-11-10"], by_day["2025-11-11"], by_day["2025-11-12"]) == (9, 1, 0, 2)
        assert body["summary"]["ai_tokens"] == sum(by_day.values())

    @pytest.mark.contract("usage.md", "Reads", "group_by")
    def test_by_project_page_by_page(self, partner, shop, forge, use):
        use("2025-11-10", ai_tokens=1)
        use("2025-11-12", forge, ai_tokens=2)
        first = read(partner, "usage", group_by="project", limit=1, **READ)
        second = read(partner, "usage", group_by="project", limit=1, cursor=first["next_cursor"], **READ)
        rows = first["projects"] + second["projects"]
        assert {row["name"]: row["ai_tokens"] for row in rows} == {"Shop": 1, "=cmd()": 2}
        assert second["next_cursor"] is None
        assert set(rows[0]) == {"id", "name", "status", *(metric.total_name for metric in METRICS.values())}

    def test_a_total_is_the_sum_of_its_projects_before_one_of_them_was_made_too(self, partner, shop, use):
        use("2025-11-10", ai_tokens=1)
        Project.objects.update(created_at=TODAY)
        period = {"start_date": "2025-11-10", "end_date": "2025-11-12"}
        body = read(partner, "usage", group_by="project", **period)
        assert [(row["id"], row["ai_tokens"]) for row in body["projects"]] == [(str(shop.pk), 1)]
        assert body["summary"]["ai_tokens"] == 1
        rows = lines(ask(partner, "usage", format="csv", **period))
        assert [(row["usage_date"], row["ai_tokens"]) for row in rows] == [("2025-11-10", "1")]

    def test_deleted_projects_stay_and_test_ones_never_come_in(self, partner, shop, use):
        use("2025-11-10", ai_tokens=1)
        before = read(partner, "usage", **READ)["summary"]
        gone = {"status": "deleted", "operation_status": "", "deleted_at": TODAY}
        Project.objects.filter(pk=shop.pk).update(**gone)
        white_label_project(partner.partner, "Trial", environment="test")
        assert read(partner, "usage", **READ)["summary"] == before
        assert [row["status"] for row in read(partner, "usage", group_by="project", **READ)["projects"]] == ["deleted"]

    @pytest.mark.parametrize(
        "query",
        [
            {"group_by": "region"},
            {"granularity": "hour"},
            {"metric": "ai_tokens"},
            {"limit": "many"},
            {"cursor": "x", "format": "csv"},
        ],
    )
    def test_an_unknown_wish_is_refused(self, partner, query):
        assert ask(partner, "usage", **query).json()["errors"][0]["param"] == next(iter(query))

    def test_attack_151_csv_of_every_project_is_no_program(self, partner, forge, use):
        use("2025-11-10", forge, ai_tokens=2)
        rows = lines(ask(partner, "usage", format="csv", **READ))
        assert len(rows) == 18
        assert {row["project_name"] for row in rows} == {"Shop", "'=cmd()"}
        totals = lines(ask(partner, "usage", format="csv", group_by="project", **READ))
        assert {row["name"]: row["ai_tokens"] for row in totals} == {"Shop": "0", "'=cmd()": "2"}
        days = lines(ask(partner, "usage", format="csv", granularity="day", **READ))
        assert [row["ai_tokens"] for row in days][:2] == ["2", "0"]


class TestEvents:
    @pytest.mark.contract("usage.md", "Closing", "taken apart")
    def test_the_events_behind_a_number_add_up_to_it(self, partner, shop, use):
        for tokens in (1, 20, 300):
            use("2025-11-10", ai_tokens=tokens)
        use("2025-11-10", mcp_calls=1)
        use("2025-11-11", ai_tokens=4000)
        query = {"date": "2025-11-10", "metric": "ai_tokens", "limit": 2}

        first = read(partner, f"{shop.pk}/usage/events", **query)
        second = read(partner, f"{shop.pk}/usage/events", cursor=first["next_cursor"], **query)

        events = first["events"] + second["events"]
        assert first["value"] == 321 == sum(event["value"] for event in events)
        assert second["next_cursor"] is None
        assert {event["source"] for event in events} == {"/edge/eu-1"}
        assert len({event["id"] for event in events}) == 3

    def test_of_a_peak_the_highest_is_the_number(self, partner, shop, use):
        for size in (5, 9, 7):
            use("2025-11-10", database_size_bytes=size)
        body = read(partner, f"{shop.pk}/usage/events", date="2025-11-10", metric="database_size_bytes")
        assert body["value"] == 9 == max(event["value"] for event in body["events"])

    @pytest.mark.contract("usage.md", "Closing", "expired")
    def test_a_day_whose_events_are_gone_says_so(self, partner, shop, use):
        use("2025-11-10", ai_tokens=5)
        store.forget(date(2025, 11, 11))
        IngestGate.objects.update(oldest_event_day=date(2025, 11, 11))
        gone = ask(partner, f"{shop.pk}/usage/events", date="2025-11-10", metric="ai_tokens")
        assert (gone.status_code, gone.json()["code"]) == (410, "events_expired")
        assert read(partner, f"{shop.pk}/usage", **READ)["summary"]["total_ai_tokens"] == 5

    def test_what_was_taken_back_is_not_behind_it(self, partner, shop, use, gauge):
        event = use("2025-11-10", ai_tokens=5)
        use("2025-11-10", ai_tokens=2)
        assert gauge.verdicts(gauge.void("v1", event["id"])) == ["ok"]
        body = read(partner, f"{shop.pk}/usage/events", date="2025-11-10", metric="ai_tokens")
        assert (body["value"], [each["value"] for each in body["events"]]) == (2, [2])

    @pytest.mark.parametrize(
        ("query", "param"),
        [
            ({"metric": "ai_tokens"}, "date"),
            ({"date": "2025-11-10"}, "metric"),
            ({"date": "2025-11-10", "metric": "tokens"}, "metric"),
            ({"date": "2025-11-10", "metric": "ai_tokens", "cursor": "x"}, "cursor"),
            ({"date": "2025-11-10", "metric": "ai_tokens", "limit": "201"}, "limit"),
        ],
    )
    def test_what_is_asked_must_be_clear(self, partner, shop, query, param):
        refused = ask(partner, f"{shop.pk}/usage/events", **query)
        assert (refused.status_code, refused.json()["errors"][0]["param"]) == (422, param)


def test_attack_158_a_machine_that_meters_one_environment_never_moves_the_other(partner, shop, use, gauge):
    """Trap 27."""
    use("2025-11-10", ai_tokens=1)
    trial = white_label_project(partner.partner, "Trial", environment="test")
    assert gauge.verdicts(gauge.event("t", subject=str(trial.pk), time="2025-11-10T12:00:00Z")) == ["unknown_project"]
    assert read(partner, "usage", **READ)["summary"]["ai_tokens"] == 1


def test_trap_25_today_counts_as_it_stands(partner, shop, use):
    use("2025-11-18", ai_tokens=1)
    before = read(partner, f"{shop.pk}/usage", **READ)["summary"]["total_ai_tokens"]
    use("2025-11-18", ai_tokens=2)
    assert (before, read(partner, f"{shop.pk}/usage", **READ)["summary"]["total_ai_tokens"]) == (1, 3)


@pytest.mark.contract("usage.md", "Metrics", "registry")
def test_the_registry_is_the_contracts_table():
    table = (settings.ROOT / "docs" / "contract" / "usage.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \| (peak|sum) \|", table, re.MULTILINE)
    assert rows == [(each.name, each.project_name, each.total_name, each.kind) for each in METRICS.values()]
    assert NAMES == PEAKS + SUMS


def test_last_activity_is_when_it_was_last_used(partner, shop, use):
    use("2025-11-17", ai_tokens=1)
    body = read(partner, f"{shop.pk}/usage", **READ)
    assert body["project"]["last_activity_at"] == "2025-11-17T12:00:00.000Z"
