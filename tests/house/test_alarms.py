"""The alarms and the dashboard of deploy/: they parse, name metrics that there are, and each alarm has a mend."""

import json
import re
from datetime import UTC, datetime

import promql_parser
import pytest
import yaml
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from oauth_provider import keys
from tests.house.test_metrics import scrape
from usage import collectors  # noqa: F401  its counters are the worker's
from usage.models import SelfCheck

DEPLOY = settings.ROOT / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((DEPLOY / "grafana" / "gatehouse.json").read_text())
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OF_PROMETHEUS = {"up": {"job", "instance"}}
OF_HISTOGRAMS = {"le"}


def expressions():
    """Where each stands, and its text."""
    alarms = [(rule["alert"], rule["expr"]) for rule in RULES]
    return alarms + [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]]


def selectors(node):
    """Every name of a metric in a parsed expression, with the labels it is chosen by."""
    if isinstance(node, promql_parser.VectorSelector):
        return [(node.name, {matcher.name for matcher in node.matchers.matchers})]
    found = []
    for name in ("expr", "lhs", "rhs", "vector_selector", "args", "param"):
        inner = getattr(node, name, None)
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, promql_parser.Expr):
                found += selectors(each)
    return found


@pytest.fixture
def exported(db, alice):
    """name -> labels of what /metrics has on a deployment where everything has happened once."""
    keys.rotate(NOON)
    SelfCheck.objects.create(started_at=NOON, finished_at=NOON, is_running=False)
    for _ in range(settings.RATE_LIMITS["signin_account"][0] + 1):
        Client().post("/accounts/login/", {"login": alice.email, "password": "a guess"})
    families = text_string_to_metric_families(scrape().content.decode())
    names = dict(OF_PROMETHEUS)
    for family in families:
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        labels = {label for sample in family.samples for label in sample.labels}
        names |= {family.name + suffix: labels for suffix in suffixes}
    return names


def test_each_expression_parses_and_names_metrics_that_are_exported(exported):
    # Of rows that are not here: a collector's, and what it could not measure.
    of_rows = {"kind", "reason", "verdict"}
    known = set().union(*exported.values(), of_rows, OF_HISTOGRAMS)
    for where, text in expressions():
        found = selectors(promql_parser.parse(text))
        assert found, where
        for name, labels in found:
            assert name in exported, where
            assert labels <= exported[name], where
        for summed_by in re.findall(r"by \(([\w, ]+)\)", text):
            assert set(summed_by.split(", ")) <= known, where


def test_each_alarm_has_a_mend_in_the_manual_and_the_manual_names_no_other():
    told = set(re.findall(r"^\| `(Gatehouse\w+)` \|", (settings.ROOT / "docs" / "operating.md").read_text(), re.M))

    assert told == {rule["alert"] for rule in RULES}


def test_each_alarm_says_what_and_how_bad():
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]


def test_the_panels_stand_beside_each_other():
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]

    assert len(set(places)) == len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
