"""Random lives of the metering store against its model, as many as asked: `python -m tests.usage.long_run 100000`.

On the database of GATEHOUSE_DATABASE_URL, which must be empty. Looks for any verdict or figure
that differs. Prints one JSON object; exit 1 if there was a difference, which goes to stderr.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402 after the settings
from hypothesis import given, seed  # noqa: E402

from tests.usage.sequences import SEQUENCES, Play, many  # noqa: E402

AT_ONCE = 2000  # of one seed: a failure names it and is found again quickly


def main(wanted: int) -> int:
    call_command("migrate", verbosity=0)
    play = Play()
    played, failed = 0, []
    while played < wanted and not failed:
        number = min(AT_ONCE, wanted - played)

        @seed(played)
        @many(number)
        @given(SEQUENCES)
        def lives(sequence: tuple[list[tuple], list[tuple]]) -> None:
            play(sequence)

        try:
            lives()
        except Exception as difference:
            failed.append(f"seed {played}: {difference}"[:300])
        played += number
    print(json.dumps({"sequences": played, "verdicts": {str(k): n for k, n in play.told.items()}, "failed": failed}))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
