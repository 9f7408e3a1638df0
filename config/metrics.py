"""/metrics for Prometheus: requests by route and status, with their time, and which limits they met.

Open to this machine alone, or to who knows GATEHOUSE_METRICS_TOKEN: rates per route tell
strangers who signs in when. With several processes `serve` names a folder in
PROMETHEUS_MULTIPROC_DIR before this module is first imported, where they add up.
"""

from __future__ import annotations

import ipaddress
import os
import re
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from config.queue_metrics import QueueCollector
from config.usage_metrics import UsageCollector

GetResponse = Callable[[HttpRequest], HttpResponse]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = Counter("gatehouse_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "gatehouse_request_seconds",
    "Time to answer",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30),
)
LIMITS_HIT = Counter("gatehouse_limits_hit", "Requests refused because a limit was used up", ["limit"])
LIMITS_UNCOUNTED = Counter(
    "gatehouse_limits_uncounted", "Requests whose limit nobody counted: Redis was away", ["limit"]
)
CALLS_DROPPED = Counter("gatehouse_request_log_dropped", "Calls of partners that the request log had no room for")
LIMIT_NAME = re.compile(r'"([a-z_]+)";')

FROM_ROWS = (UsageCollector(), QueueCollector())
for collector in FROM_ROWS:
    REGISTRY.register(collector)


class MetricsMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        route = route_of(request)
        REQUESTS.labels(method, route, str(response.status_code)).inc()
        SECONDS.labels(method, route).observe(time.perf_counter() - started)
        if response.status_code == 429:
            LIMITS_HIT.labels(limit_of(response)).inc()
        if limit := request.META.get("gatehouse.uncounted_limit"):
            LIMITS_UNCOUNTED.labels(limit).inc()
        return response


def route_of(request: HttpRequest) -> str:
    """The pattern and not the path: a path has ids in it, and strangers can invent any number."""
    match = request.resolver_match
    return f"/{match.route}" if match else "none"


def limit_of(response: HttpResponse) -> str:
    """The name that a refusal's own header gives; `other` where a library refuses without one."""
    named = LIMIT_NAME.match(response.headers.get("RateLimit-Policy", ""))
    return named.group(1) if named else "other"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For who `may_read`, which config/health.py asks first."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        for each in FROM_ROWS:
            registry.register(each)
    return HttpResponse(
        generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
    )


def may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}")
    # Behind a proxy on this machine everybody comes from loopback, but with this header.
    return "X-Forwarded-For" not in request.headers and is_loopback(request.META.get("REMOTE_ADDR", ""))


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
