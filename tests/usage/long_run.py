"""Random lives of the metering store against its model, as many as asked: `python -m tests.usage.long_run 100000`.

On the database of GATEHOUSE_DATABASE_URL, which must be empty. `2/3` after the number: the second
third of them. Looks for any verdict or figure that differs. Prints one JSON object; exit 1 if
there was a difference, which goes to stderr.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402 after the settings
from hypothesis import given, seed  # noqa: E402

from tests.long_runs import in_time, is_over, parts  # noqa: E402
from tests.usage.sequences import SEQUENCES, Play, many  # noqa: E402

AT_ONCE = 2000  # of one seed: hypothesis draws the first fifty small


def main(wanted: int, share: str = "1/1") -> int:
    call_command("migrate", verbosity=0)
    play, failed = Play(), []
    mine = parts(wanted, AT_ONCE, share)
    for number, how_many in in_time(mine):
        if difference := difference_in(play, number, how_many):
            failed.append(difference)
            break
    numbers = {"sequences": play.played, "asked for": sum(size for _, size in mine)}
    print(json.dumps({**numbers, "verdicts": {str(k): n for k, n in play.told.items()}, "failed": failed}))
    return int(bool(failed))


def difference_in(play: Play, number: int, how_many: int) -> str:
    @seed(number)
    @many(how_many)
    @given(SEQUENCES)
    def lives(sequence: tuple[list[tuple], list[tuple]]) -> None:
        if not is_over():
            play(sequence)

    try:
        lives()
    except Exception as difference:
        return f"seed {number}: {difference!r}"[:1000]
    return ""


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
