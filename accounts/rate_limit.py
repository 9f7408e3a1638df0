"""Fixed-window counters, the same for every process of a deployment.

django-ratelimit counts in the shared cache for pages and forms; on the hot paths one Redis
script does (docs/decisions/0006). The embedded profile is one process: its cache is memory.
Source: contract/README.md, rule 7; oauth.md, "Rate limits".
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec

import redis
import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django_ratelimit import ALL
from django_ratelimit.core import _get_window, _make_cache_key, get_usage
from redis.exceptions import NoScriptError

from accounts.client_address import limit_key
from accounts.errors import ApiError, RateLimited, Unavailable

P = ParamSpec("P")

log = structlog.get_logger("gatehouse.limit")

# Limits of calls that only read, where they are called so.
READS = ("profile", "partner")
REST_SECONDS = 1

COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}
"""
COUNT_SHA = hashlib.sha1(COUNT.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a limit a key has used in its current window."""

    name: str
    limit: int
    window_seconds: int
    count: int
    reset_seconds: int

    @property
    def is_over(self) -> bool:
        return self.count > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """Of draft-ietf-httpapi-ratelimit-headers-10."""
        remaining = max(0, self.limit - self.count)
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"{self.name}";r={remaining};t={self.reset_seconds}',
        }

    def check(self) -> None:
        """Raises RateLimited (429), with Retry-After, when the limit is used up."""
        if self.is_over:
            raise RateLimited(self.reset_seconds, headers=self.headers)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Inside it a refusal tells what is left too: it was let through (README rule 7)."""
        try:
            yield
        except ApiError as refusal:
            refusal.headers.update(self.headers)
            raise


class Counters:
    """Redis, which is left alone for a moment where it did not answer in time: its silence would hold every thread."""

    def __init__(self) -> None:
        self.rests_until = 0.0

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Raises redis.RedisError."""
        if time.monotonic() < self.rests_until:
            raise redis.TimeoutError("it did not answer a moment ago")
        try:
            yield
        except redis.TimeoutError:
            self.rests_until = time.monotonic() + REST_SECONDS
            raise


counters = Counters()


class Line(threading.local):
    """A thread's own connection to Redis: taking one out of the client's pool costs more than the count."""

    def __init__(self) -> None:
        pool = redis.ConnectionPool.from_url(settings.REDIS_URL, **settings.REDIS_OPTIONS)
        self.connection = pool.make_connection()

    def count(self, key: str, window_seconds: int) -> tuple[int, int]:
        """How often `key` was counted in its window, and the seconds that are left of it. Raises redis.RedisError."""
        try:
            return self.ask("EVALSHA", COUNT_SHA, 1, key, window_seconds)
        except (redis.ConnectionError, NoScriptError):  # it has restarted, or ended what was long silent
            return self.ask("EVAL", COUNT, 1, key, window_seconds)

    def ask(self, *command: str | int) -> tuple[int, int]:
        self.connection.send_command(*command)  # type: ignore[no-untyped-call]
        count, left = self.connection.read_response()
        return int(count), int(left)


@lru_cache(maxsize=1)
def line() -> Line:
    return Line()


def use(name: str, key: str, request: HttpRequest, *, count: bool = True, rate: tuple[int, int] | None = None) -> Usage:
    """Counts one use of limit `name` by `key`; `count=False` only looks.

    `rate` (count, window in seconds) stands in for the table's where a row of its own says it.
    """
    limit, window_seconds = rate or settings.RATE_LIMITS[name]
    per = f"{limit}/{window_seconds}s"
    try:
        with counters.asked():
            usage = get_usage(request, group=name, key=lambda _group, _request: key, rate=per, increment=count)
    except redis.RedisError as fault:
        return uncounted(name, limit, window_seconds, request, fault)
    return Usage(name, limit, window_seconds, usage["count"], max(1, usage["time_left"]))


def give_back(name: str, key: str) -> None:
    """Undoes one `use`: the try was right and does not count. Gone if the window has ended, or Redis.

    The library has no way back, hence its own function for the name of the counter.
    """
    limit, window_seconds = settings.RATE_LIMITS[name]
    window = _get_window(key, window_seconds)
    with suppress(ValueError, redis.RedisError):
        cache.decr(_make_cache_key(name, window, f"{limit}/{window_seconds}s", key, ALL))


def use_hot(name: str, key: str, request: HttpRequest, *, rate: tuple[int, int] | None = None) -> Usage:
    """`use` in one atomic round trip, for paths where the library costs a third of the rate."""
    if not settings.REDIS_URL:
        return use(name, key, request, rate=rate)
    limit, window_seconds = rate or settings.RATE_LIMITS[name]
    try:
        with counters.asked():
            count, left = line().count(f"limit:{name}:{key}", window_seconds)
    except redis.RedisError as fault:
        return uncounted(name, limit, window_seconds, request, fault)
    return Usage(name, limit, window_seconds, count, max(1, left))


def uncounted(name: str, limit: int, window_seconds: int, request: HttpRequest, fault: redis.RedisError) -> Usage:
    """While nobody counts, reads go on as the first of their window; everything else is refused.

    Raises Unavailable (503). Why: docs/decisions/0150.
    """
    request.META["gatehouse.uncounted_limit"] = name  # for /metrics
    if name not in READS or request.method not in ("GET", "HEAD"):
        raise Unavailable(detail=f"limit {name} not counted: {type(fault).__name__}")
    log.warning("limit not counted", limit=name, detail=type(fault).__name__)
    return Usage(name, limit, window_seconds, 1, window_seconds)


def limited_by_address(
    name: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """A view that counts every request of an address against limit `name`."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def limited(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            usage = use_hot(name, limit_key(request), request)
            usage.check()
            with usage.told():
                response = view(request, *args, **kwargs)
            for header, value in usage.headers.items():
                response[header] = value
            return response

        return limited

    return decorate
