"""Waiting for an operation's end within a request.

No transaction is open meanwhile, the row is looked at a few times a second, and at most half
of a process's threads wait: a waiting partner must not stop sign-ins. Whoever finds no place
is answered as if the time had passed.
"""

import threading
import time

from django.conf import settings
from django.db import connection

from partnership.models import Operation

SHORT_SECONDS = 1.0
LONG_SECONDS = 25.0
LOOKS_SECONDS = (0.02, 0.03, 0.05, 0.1, 0.2)

places = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 2))
sleep = time.sleep
# Set when the process stops: who waits is answered at once, as if the time had passed.
stopping = threading.Event()
clock = time.monotonic


def wait_for(operation: Operation, *, seconds: float) -> Operation:
    """`operation` as it is when it has ended, or when `seconds` have passed."""
    if not operation.is_open or not places.acquire(blocking=False):
        return operation
    try:
        return look_until_over(operation, clock() + seconds)
    finally:
        places.release()


def look_until_over(operation: Operation, until: float) -> Operation:
    looks = iter(LOOKS_SECONDS)
    pause = LOOKS_SECONDS[0]
    while operation.is_open and not stopping.is_set() and (left := until - clock()) > 0:
        pause = next(looks, pause)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        sleep(min(pause, left))
        operation = Operation.objects.select_related("project").get(pk=operation.pk)
    return operation
