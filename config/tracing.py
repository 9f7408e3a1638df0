"""Traces by OpenTelemetry: a span for each request, its statements and what the worker did.

Loaded only where GATEHOUSE_TRACES_URL is set, as its packages are the extra `tracing`. A span has names
and numbers alone: no path, no address, no statement's text, nobody's id but the request's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from config.metrics import METHODS, route_of

GetResponse = Callable[[HttpRequest], HttpResponse]
Execute = Callable[[str, Any, bool, dict[str, Any]], Any]

ASKED_ALL_DAY = frozenset({"/livez", "/readyz", "/metrics"})
VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "SAVEPOINT", "RELEASE", "COPY"})
INCOMING = TraceContextTextMapPropagator()  # `traceparent` (W3C Trace Context)


@lru_cache(maxsize=1)
def tracer() -> Tracer:
    """Sends in the background; what can't be sent is dropped, and no request waits for it.

    By the share alone and not by the caller's flag: strangers don't decide what is recorded.
    """
    resource = Resource.create({"service.name": "gatehouse", "service.version": settings.VERSION})
    provider = TracerProvider(resource=resource, sampler=TraceIdRatioBased(settings.TRACES_SHARE))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.TRACES_URL)))
    return provider.get_tracer("gatehouse")


class TracingMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in ASKED_ALL_DAY:
            return self.get_response(request)
        parent = INCOMING.extract({"traceparent": request.headers.get("traceparent", "")})
        method = request.method if request.method in METHODS else "other"
        with tracer().start_as_current_span(str(method), context=parent, kind=SpanKind.SERVER) as span:
            structlog.contextvars.bind_contextvars(trace_id=f"{span.get_span_context().trace_id:032x}")
            with connection.execute_wrapper(traced_statement):
                response = self.get_response(request)
            route = route_of(request)
            span.update_name(f"{method} {route}")
            span.set_attributes(
                {
                    "http.request.method": str(method),
                    "http.route": route,
                    "http.response.status_code": response.status_code,
                    "gatehouse.request_id": request.META["gatehouse.request_id"],
                }
            )
            if response.status_code >= 500:
                span.set_status(StatusCode.ERROR)
        return response


def traced_statement(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """A span by the statement's verb: a text may have values in it."""
    verb = str(sql).split(None, 1)[0].upper()
    name = verb if verb in VERBS else "statement"
    with tracer().start_as_current_span(name, kind=SpanKind.CLIENT) as span:
        span.set_attributes({"db.system.name": connection.vendor, "db.operation.name": name})
        return execute(sql, params, many, context)


def record_chore(name: str, seconds: float, done: Mapping[str, int], *, has_failed: bool) -> None:
    """After the fact, as most looks for work find none, and are none."""
    ended = time.time_ns()
    span = tracer().start_span(f"chore {name}", start_time=ended - int(seconds * 1e9))
    span.set_attributes({f"gatehouse.done.{what}": count for what, count in done.items()})
    if has_failed:
        span.set_status(StatusCode.ERROR)
    span.end(ended)
