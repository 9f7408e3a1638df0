"""Random lives of codes and tokens against their model, as many steps as asked:
`python -m tests.oauth.long_run_of_tokens 1000000`.

On the database of GATEHOUSE_DATABASE_URL, which must be empty. Looks for any answer that is not
the model's. Prints one JSON object; exit 1 if there was one, which is named by the steps it needs.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402 after the settings
from django.core.management import call_command  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from tests.oauth.token_lives import Play, play_steps  # noqa: E402


def main(wanted: int) -> int:
    call_command("migrate", verbosity=0)
    setup_test_environment()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True
    play, lives, failed = Play(), 0, []
    try:
        lives = play_steps(play, wanted)
    except AssertionError as difference:
        failed.append(str(difference)[:1000])
    print(json.dumps({"steps": play.steps, "lives": lives, "answers": play.told, "failed": failed}))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
