"""Traces: what a span says and what it never says; off, nothing of it is loaded (by us: redis looks for it)."""

import os
import subprocess
import sys

import pytest
from django.test import Client
from django.utils import timezone
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from config import chores, tracing

PARENT = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def spans(settings, monkeypatch):
    """The finished spans so far, by a call."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "tracer", lambda: provider.get_tracer("test"))
    settings.TRACES_URL = "http://collector.acme.example/v1/traces"
    first, *rest = settings.MIDDLEWARE
    settings.MIDDLEWARE = [first, "config.tracing.TracingMiddleware", *rest]
    return exporter.get_finished_spans


def of_requests(spans):
    return [span for span in spans() if span.kind == SpanKind.SERVER]


@pytest.mark.django_db
def test_a_request_is_a_span_by_its_route_with_its_statements(spans):
    answer = Client().get("/api/oauth/v1/authorize/some-handle-of-alice12?state=of-alice")

    (span,) = of_requests(spans)
    assert span.name == "GET /api/oauth/v1/authorize/<handle:handle>"
    assert span.attributes["http.response.status_code"] == 403
    assert span.attributes["gatehouse.request_id"] == answer["X-Request-Id"]
    statements = [each for each in spans() if each.kind == SpanKind.CLIENT]
    assert {each.context.trace_id for each in statements} <= {span.context.trace_id}
    assert "alice" not in str([each.to_json() for each in spans()])


@pytest.mark.django_db
def test_the_trace_of_the_caller_goes_on(spans):
    Client().get("/accounts/login/", headers={"traceparent": f"00-{PARENT}-00f067aa0ba902b7-01"})

    (span,) = of_requests(spans)
    assert f"{span.context.trace_id:032x}" == PARENT


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "garbage", f"00-{PARENT}-00f067aa0ba902b7-01,x", "é" * 500])
def test_a_garbled_parent_is_none(spans, given):
    assert Client().get("/accounts/login/", headers={"traceparent": given}).status_code == 200

    (span,) = of_requests(spans)
    assert span.parent is None or f"{span.context.trace_id:032x}" == PARENT


@pytest.mark.django_db
def test_probes_are_no_spans(spans):
    for path in ("/livez", "/readyz", "/metrics"):
        Client().get(path)

    assert spans() == ()


def test_a_chore_is_a_span_when_it_did_something_or_failed(spans):
    def fail(now):
        raise RuntimeError("of alice")

    runs = {"busy": lambda now: {"mails": 2}, "idle": lambda now: {"mails": 0}, "failing": fail}
    for name, run in runs.items():
        chores.do(chores.Chore(name, 60, run), timezone.now())

    assert [span.name for span in spans()] == ["chore busy", "chore failing"]
    assert spans()[0].attributes == {"gatehouse.done.mails": 2}
    assert spans()[1].status.status_code == StatusCode.ERROR
    assert "alice" not in spans()[1].to_json()


@pytest.mark.processes
@pytest.mark.parametrize(("url", "loaded"), [("", False), ("http://127.0.0.1:1/v1/traces", True)])
def test_nothing_of_it_is_loaded_unless_it_is_asked_for(url, loaded):
    look = (
        "import sys; from django.core.wsgi import get_wsgi_application; get_wsgi_application(); "
        "print('config.tracing' in sys.modules, 'opentelemetry.exporter' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", look],
        env={**os.environ, "GATEHOUSE_TRACES_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.splitlines()[-1] == f"{loaded} {loaded}"
