"""/metrics: events by what became of each, and how large batches are."""

import re

from django.test import Client


def scraped():
    text = Client().get("/metrics").content.decode()
    counted = re.findall(r'^gatehouse_usage_events_total\{verdict="(\w+)"\} (\S+)$', text, re.MULTILINE)
    sizes = re.search(r"^gatehouse_usage_batch_events_sum (\S+)$", text, re.MULTILINE)
    return {**{verdict: float(number) for verdict, number in counted}, "sent": float(sizes[1])}


def test_each_verdict_is_counted(gauge):
    gauge.send(gauge.event("before"))
    before = scraped()

    once = gauge.event("1")
    gauge.send(once, gauge.event("2"), once, gauge.event("3", {"ai_tokens": -1}), None)

    after = scraped()
    grown = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    assert grown == {"accepted": 2, "duplicate": 1, "invalid_value": 1, "invalid_event": 1, "sent": 5}
