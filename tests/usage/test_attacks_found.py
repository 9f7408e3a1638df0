"""What an attack on metering found (docs/attacks.md, rows 113 to 121)."""

import base64
import gzip
import json
import zlib
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from partnership import operations, waiting
from partnership.models import Project
from tests.cast import signed_in
from tests.partnership.clients import ACME_SECRET, GLOBEX_SECRET, PartnerClient, add_secret
from tests.partnership.clients import partner as co_branded
from tests.usage.clients import counted
from usage import collectors, statements
from usage.collectors import Sample
from usage.intervals import event_id
from usage.models import Event
from usage.request_body import MAX_BYTES, MAX_MEMBERS, MAX_VALUES

GZIP = {"Content-Encoding": "gzip"}
LONG = b"1" * 5000  # more digits than Python turns into a number


@pytest.fixture
def partner(globex, shop):
    add_secret(globex, GLOBEX_SECRET)
    return PartnerClient(globex, GLOBEX_SECRET)


@pytest.fixture
def worker(monkeypatch, settings, tmp_path):
    """Time that a request waits is time in which a worker does what is due."""
    settings.EMBEDDED_PROJECTS = tmp_path / "projects"
    monkeypatch.setattr(waiting, "sleep", lambda _seconds: operations.run_due(timezone.now()))


def ask_events(partner, gauge, **query):
    query = {"date": datetime.now(UTC).date().isoformat(), "metric": "ai_tokens", **query}
    headers = {"X-Partnership-Secret": partner.secret}
    return partner.wire.get(f"{partner.base}/{gauge.project}/usage/events", query, headers=headers)


def cursor(held):
    return base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")


@pytest.mark.parametrize("rest", [b", ", b"]]", b", NaN]", b", " + b"[" * 100_000])
def test_attack_113_what_breaks_after_a_long_number_is_400(gauge, rest):
    said = gauge.send_raw(b"[" + LONG + rest)
    assert (said.status, said["code"]) == (400, "invalid_request")


def test_attack_113_a_long_number_alone_is_a_refused_event(gauge):
    assert gauge.send_raw(b"[" + LONG + b"]")["rejected"][0]["code"] == "invalid_event"


AT = "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "held",
    [
        [AT, "/edge", "\ud800"],
        [AT, "\ud800", "1"],
        [AT, "/edge", "\0"],
        [AT, ["/edge"], {"id": 1}],
        [AT, "/edge", 1],
        [AT, "/edge", "i" * 256],
        ["0001-01-01T00:00:00+14:00", "/edge", "1"],
        ["9999-12-31T23:59:59-14:00", "/edge", "1"],
        [True, "/edge", "1"],
        {"at": 1, "source": 2, "id": 3},
        "abc",
    ],
)
def test_attack_114_a_forged_cursor_of_events_is_422(partner, gauge, held):
    refused = ask_events(partner, gauge, cursor=cursor(held))
    assert (refused.status_code, refused.json()["errors"][0]["param"]) == (422, "cursor")


def test_attack_114_the_last_day_of_the_calendar_has_no_events(partner, gauge):
    said = ask_events(partner, gauge, date="9999-12-31")
    assert (said.status_code, said.json()["events"]) == (200, [])


def test_attack_115_members_of_nothing_are_left_off(gauge):
    body = json.dumps([gauge.event()]).encode()
    members = gzip.compress(b"") * (MAX_MEMBERS - 1) + gzip.compress(body)
    assert gauge.send_raw(gzip.compress(b"") + members, **GZIP).status == 413
    assert not Event.objects.exists()
    assert gauge.send_raw(members, **GZIP)["accepted"] == 1


def test_attack_115_zeros_behind_the_file_are_no_gzip(gauge):
    """Python's own reader takes them for padding, and looks at each."""
    assert gauge.send_raw(gzip.compress(b"[]") + bytes(1000), **GZIP).status == 400


def test_attack_115_members_longer_than_a_piece_are_one_body(gauge):
    body = json.dumps([gauge.event()]).encode().ljust(300_000)
    stored = [zlib.compressobj(0, wbits=31) for _ in range(2)]
    packed = b"".join(
        packer.compress(part) + packer.flush()
        for packer, part in zip(stored, (body[:150_000], body[150_000:]), strict=True)
    )
    assert gauge.send_raw(packed, **GZIP)["accepted"] == 1


@pytest.mark.parametrize("piece", [b"[],", b"{},", b"1.0,", b'"",'])
def test_attack_116_more_values_than_events_have_are_not_read(gauge, monkeypatch, piece):
    monkeypatch.setattr("usage.literals.parse", None)
    body = b"[" + piece * MAX_VALUES + b"0]"
    assert len(body) < MAX_BYTES
    said = gauge.send_raw(body, packed=True)
    assert (said.status, said["code"]) == (413, "request_too_large")


def test_attack_119_nobody_sends_a_collectors_event_before_it_does(gauge, shop):
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    source, id_ = f"{collectors.SOURCE}/sizes", event_id(shop.pk, "database_size_bytes", start)
    event = gauge.event(id_, {"database_size_bytes": 1}, source=source, time=start.isoformat())
    assert gauge.verdicts(event) == ["invalid_event"]
    collectors.count(
        "sizes",
        [Sample(shop.pk, "live", "database_size_bytes", start, start, {"database_size_bytes": 10**9})],
        datetime.now(UTC),
    )
    assert counted(gauge.project, "database_size_bytes", start.date()) == 10**9


def test_attack_121_after_a_cut_the_partner_reads_no_name_that_the_person_gave(alice, worker):
    acme = PartnerClient(co_branded("ps_acme00000001", "Acme", is_co_branded=True), ACME_SECRET)
    add_secret(acme.partner, ACME_SECRET)
    acme.sync_for(acme.connect(), "Shop")
    Project.objects.update(name="Divorce papers")
    by_project = {"group_by": "project"}
    assert "Divorce papers" in read_usage(acme, **by_project)
    signed_in(alice).post(f"/account/apps/partners/{acme.partner.pk}/cut")
    for query in (by_project, {**by_project, "format": "csv"}, {"format": "csv"}):
        said = read_usage(acme, **query)
        assert "Shop" in said
        assert "Divorce" not in said
    month = datetime.now(UTC).date().replace(day=1)
    assert [line.name for line in statements.lines_of(acme.partner, "live", month)] == ["Shop"]


def read_usage(partner, **query):
    response = partner.wire.get(f"{partner.base}/usage", query, headers={"X-Partnership-Secret": partner.secret})
    return response.getvalue().decode()
