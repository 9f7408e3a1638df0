"""Random lives of codes and tokens against their model, as many steps as asked:
`python -m tests.oauth.long_run_of_tokens 1000000`.

On the database of GATEHOUSE_DATABASE_URL, which must be empty. `2/3` after the number: the
second third of them. Looks for any answer that is not the model's. Prints one JSON object; exit 1
if there was one, which is named by the steps it needs.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402 after the settings
from django.core.management import call_command  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from tests.long_runs import in_time, parts  # noqa: E402
from tests.oauth.token_lives import STEPS_OF_A_PART, Play, play_steps  # noqa: E402


def main(wanted: int, share: str = "1/1") -> int:
    call_command("migrate", verbosity=0)
    setup_test_environment()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True
    play, lives, failed = Play(), 0, []
    mine = parts(wanted, STEPS_OF_A_PART, share)
    for part, steps in in_time(mine):
        try:
            lives += play_steps(play, part, steps)
        except AssertionError as difference:
            failed.append(str(difference)[:1000])
            break
    numbers = {"steps": play.steps, "asked for": sum(size for _, size in mine), "lives": lives}
    print(json.dumps({**numbers, "answers": play.told, "failed": failed}))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
