"""A process whose wall clock is wrong: `python -m tests.faults.skewed FILE manage.py serve`.

FILE holds by how many seconds, and is read again and again: writing to it makes the clock jump, in every process
that was forked from this one too. The monotonic clock goes on, as it does where NTP sets a host's clock. (libfaketime
either fakes that one too or makes every `time.sleep` of Python fail, by EINVAL.)
"""

import os
import runpy
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

true_time, true_sleep = time.time, time.sleep
# Before it is faked: what time it is beside the monotonic clock, which tells it from then on.
BEGAN = true_time() - time.monotonic()


def wrong(file: Path) -> datetime:
    return datetime.fromtimestamp(BEGAN + time.monotonic(), UTC) + timedelta(seconds=float(file.read_text() or 0))


def follow(file: Path, clock: time_machine.Traveller) -> None:
    said = file.read_text()
    while True:
        true_sleep(0.2)
        if (now := file.read_text()) not in ("", said):
            said = now
            clock.move_to(wrong(file), tick=True)


def main(name: str, script: str, *words: str) -> None:
    file = Path(name)
    clock = time_machine.travel(wrong(file), tick=True).start()

    def start() -> None:
        threading.Thread(target=follow, args=[file, clock], daemon=True).start()

    os.register_at_fork(after_in_child=start)
    start()
    sys.argv = [script, *words]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(*sys.argv[1:])
