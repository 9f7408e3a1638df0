import time

# Of this process, for the "Ready in" of `serve`.
STARTED_SECONDS = time.monotonic()
