"""docs/usage.md: its lines, one after the other, do what it says."""

import json
import re
import shlex
from datetime import UTC, date, datetime
from uuid import UUID

from django.conf import settings

from tests.usage.clients import MeterClient
from usage.sql_store import store

GUIDE = settings.ROOT / "docs" / "usage.md"
SEND = re.compile(r'^curl .*"\$GATEHOUSE/usage/v1/events".*$', re.MULTILINE)


def run(line: str, gauge: MeterClient):
    now = datetime.now(UTC).isoformat()
    for name, value in {"GATEHOUSE": "", "TOKEN": gauge.token, "PROJECT_ID": gauge.project, "NOW": now}.items():
        line = line.replace(f"${name}", value)
    words = shlex.split(line)
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    return gauge.send_raw(words[words.index("-d") + 1].encode(), headers["Content-Type"])


def test_the_guides_lines_send_an_event_a_batch_and_take_one_back(gauge):
    said = [run(line, gauge) for line in SEND.findall(GUIDE.read_text())]

    assert [(each["accepted"], [r["code"] for r in each["rejected"]]) for each in said] == [
        (1, []),
        (1, ["invalid_value"]),
        (1, []),
    ]
    today: date = datetime.now(UTC).date()
    amounts = store.daily(UUID(gauge.project), today, today)[0].amounts
    assert (amounts["ai_tokens"], amounts["mcp_calls"], amounts["egress_bytes"]) == (0, 12, 204800)
    assert json.dumps(said[0].body) == '{"accepted": 1, "duplicates": 0, "rejected": []}'
