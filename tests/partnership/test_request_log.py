"""What is kept of partners' calls, who finds it, and that no call waits for it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.prepared import insert_all
from config.chores import CHORES
from config.metrics import CALLS_DROPPED
from partnership import request_log
from partnership.models import LoggedCall
from tests import cast
from tests.statements import statements_sent

pytestmark = pytest.mark.django_db


def kept(**columns):
    request_log.write()
    return list(LoggedCall.objects.filter(**columns).order_by("id"))


def logged(partner, **columns):
    values = {"method": "GET", "path": "/partnership/v1/x", "status": 200, "request_id": "r", "milliseconds": 3}
    return LoggedCall.objects.create(
        **{"partner": partner, "environment": "live", "answered_at": timezone.now()} | values | columns
    )


def test_a_call_is_kept_with_how_it_was_answered(globex, shop):
    globex.get(f"{shop}/metadata?cursor=1", **{"X-Request-Id": "globex:7"})

    call = kept()[-1]
    assert (call.partner, call.environment, call.method) == (globex.partner, "live", "GET")
    assert call.path == f"/partnership/v1/{globex.partner.pk}/{shop}/metadata"
    assert (call.status, call.error_code, call.request_id) == (200, "", "globex:7")
    assert call.milliseconds >= 0
    assert timezone.now() - call.answered_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11/metadata", 404, "project_not_found"),
        ("POST", "connect-user", 403, "wrong_partnership_type"),
        ("POST", "sync-embedded-project", 422, "validation_error"),
        ("GET", "nothing/of/this/kind/here", 404, "not_found"),
        ("PUT", "catalog", 405, "method_not_allowed"),
        ("GET", "usage?start_date=x", 422, "validation_error"),
    ],
)
def test_a_refusal_is_kept_with_its_code(globex, method, path, status, code):
    globex.wire.generic(method, f"{globex.base}/{path}", headers={"X-Partnership-Secret": globex.secret})

    assert [(call.status, call.error_code) for call in kept()] == [(status, code)]


def test_what_a_limit_and_a_switched_off_partner_refuse_is_kept_too(globex):
    globex.partner.requests_per_minute = 1
    globex.partner.save()
    globex.get("catalog")
    globex.get("catalog")
    globex.partner.is_enabled = False
    globex.partner.save()
    globex.get("catalog")

    assert [call.error_code for call in kept()] == ["", "rate_limited", "partner_disabled"]


def test_calls_of_the_test_environment_stand_apart(globex_test):
    globex_test.get("catalog")

    assert kept()[0].environment == "test"


def test_attack_172_who_has_no_good_secret_writes_nothing_into_a_partner_s_log(globex, initech):
    for secret in (None, "gps_" + "x" * 43, initech.secret):
        headers = {"X-Partnership-Secret": secret} if secret else {}
        assert Client().get(f"{globex.base}/catalog", headers=headers).status_code == 401

    assert kept() == []


def test_attack_173_no_secret_of_a_path_and_nothing_of_query_or_body_is_kept(globex):
    leaked = "gps_" + "q" * 43
    for path in (f"{leaked}/metadata", "projects?external_id=private-word", "a%00b/metadata", "x" * 4000):
        globex.wire.generic(
            "POST", f"{globex.base}/{path}", b"private-word", headers={"X-Partnership-Secret": globex.secret}
        )

    paths = [call.path for call in kept()]
    assert paths[0] == f"{globex.base}/[redacted]/metadata"
    assert paths[2] == f"{globex.base}/ab/metadata"
    assert len(paths[3]) == 500
    assert not [path for path in paths if leaked in path or "private-word" in path]


def test_attack_174_a_flood_of_calls_fills_no_memory(globex, monkeypatch):
    monkeypatch.setattr(request_log, "AT_MOST", 2)
    dropped = CALLS_DROPPED._value.get()

    assert [globex.get("catalog").status for _call in range(5)] == [200] * 5

    assert len(request_log.waiting) == 2
    assert CALLS_DROPPED._value.get() == dropped + 3
    assert len(kept()) == 2


def test_a_call_sends_no_statement_for_it(globex, shop):
    globex.get(f"{shop}/metadata")
    with statements_sent() as sent:
        globex.get(f"{shop}/metadata")

    assert len([text for text in sent if "SAVEPOINT" not in text]) == 2
    assert not [text for text in sent if "loggedcall" in text]


def test_many_are_written_by_one_statement(globex, monkeypatch):
    monkeypatch.setattr(request_log, "AT_ONCE", 3)
    for _call in range(4):
        globex.get("catalog")
    assert request_log.full_batch.is_set()

    with statements_sent() as sent:
        assert request_log.write() == 4

    assert len([text for text in sent if 'INSERT INTO "partnership_loggedcall"' in text]) == 2
    assert len([text for text in sent if "INTO partnership_callcount" in text]) == 2


def test_what_the_database_does_not_take_now_waits(globex, monkeypatch):
    globex.get("catalog")
    with monkeypatch.context() as away:
        away.setattr(request_log, "insert_all", refuse(OperationalError("away")))
        assert request_log.write() == 0
    assert len(request_log.waiting) == 1

    assert len(kept()) == 1
    assert not request_log.waiting


def test_what_the_database_never_takes_holds_up_nobody(globex, monkeypatch):
    globex.get("catalog")
    with monkeypatch.context() as broken:
        broken.setattr(request_log, "insert_all", refuse(ValueError("no such thing")))
        request_log.write()

    globex.get("projects")
    assert [call.path.rpartition("/")[2] for call in kept()] == ["projects"]


def refuse(fault):
    def refused(rows):
        raise fault

    return refused


def test_after_its_days_the_worker_removes_a_call(globex, settings, monkeypatch):
    settings.REQUEST_LOG_DAYS = 7
    now = timezone.now()
    young = logged(globex.partner, answered_at=now - timedelta(days=6, hours=23))
    for _call in range(3):
        logged(globex.partner, answered_at=now - timedelta(days=7, seconds=1))

    assert next(chore for chore in CHORES if chore.name == "sweep_request_log").run(now) == {"logged_calls": 3}

    assert list(LoggedCall.objects.all()) == [young]


class TestStaff:
    @pytest.fixture
    def rita(self):
        person = cast.person("rita@example.com", "Rita", is_staff=True)
        person.groups.set(Group.objects.filter(name="Support"))
        return cast.signed_in(person)

    def test_find_a_failed_call_by_its_request_id_from_the_home(self, globex, rita):
        globex.get("nothing", **{"X-Request-Id": "globex:9"})
        globex.get("catalog", **{"X-Request-Id": "globex:99"})
        kept()

        home = rita.get("/admin/").content.decode()
        assert 'action="/admin/find/"' in home
        call = LoggedCall.objects.get(request_id="globex:9")
        assert rita.get("/admin/find/?q=globex:9")["Location"] == f"/admin/partnership/loggedcall/{call.pk}/change/"
        found = rita.get("/admin/partnership/loggedcall/?q=globex:9").content.decode()

        assert "globex:9<" in found
        assert "globex:99" not in found
        assert "/nothing" in found
        assert "method_not_allowed" in rita.get(f"/admin/partnership/loggedcall/{call.pk}/change/").content.decode()

    def test_who_may_not_look_gets_no_search(self, db):
        browser = cast.signed_in(cast.person("nora@example.com", "Nora", is_staff=True))

        assert "/admin/find/" not in browser.get("/admin/").content.decode()
        assert "Nothing was found" in browser.get("/admin/find/?q=globex").content.decode()
        assert browser.get("/admin/partnership/loggedcall/").status_code == 403


def test_many_rows_at_once_keep_what_one_by_one_would_have_kept(globex):
    given = {"method": "GET", "path": "/ü/{},\\%s", "environment": "live", "status": 200, "answered_at": timezone.now()}
    rows = [
        LoggedCall(partner=globex.partner, request_id=f"r{each}", milliseconds=each * 40_000, **given)
        for each in range(3)
    ]
    rows[0].save()

    insert_all(rows[1:])

    assert list(LoggedCall.objects.filter(request_id__startswith="r").order_by("id").values()) == [
        {field.attname: getattr(row, field.attname) for field in LoggedCall._meta.concrete_fields} for row in rows
    ]
