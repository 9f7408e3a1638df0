"""Usage events that one core reads and checks in a second, without a database: the best of 25 rounds of 5,000.

GATEHOUSE_PROFILE=embedded DJANGO_SETTINGS_MODULE=config.settings python -m bench.usage_parsing

In time of this process, so that others on the machine count little; nothing is asserted.
"""

import json
import time
from uuid import uuid4

from usage.cloud_events import read_event
from usage.literals import parse

EVENTS = 5_000


def main() -> None:
    text = json.dumps([event(number) for number in range(EVENTS)])
    seconds = min(one_round(text) for _ in range(25))
    print(f"{EVENTS / seconds:,.0f} events/s read and checked")


def event(number: int) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/edge/eu-1",
        "type": "usage.recorded",
        "subject": f"5d0f7c3a-3c1e-4f6e-9a57-{number % 1_000:012}",
        "time": f"2026-01-31T23:59:{number % 60:02}Z",
        "data": {"ai_tokens": 1500 + number, "ai_credits": "0.15"},
    }


def one_round(text: str) -> float:
    started = time.process_time()
    raws = parse(text)
    assert isinstance(raws, list)
    for raw in raws:
        read_event(raw)
    return time.process_time() - started


if __name__ == "__main__":
    main()
