"""Code flows one way: what import-linter can't see. Source: docs/decisions/0040."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from partnership.events import WEBHOOK_TYPES

# Lowest first: an app may know those before it.
ORDER = ["accounts", "oauth_provider", "partnership", "usage", "config"]
OURS = [label for label in ORDER if apps.is_installed(label) or label == "config"]
NAMES = "|".join(ORDER)
# What names code without importing it: a dotted path or an app label in quotes, an include.
DOTTED = re.compile(rf"""["']({NAMES})\.[\w.]+["']""")


def sources(label):
    return list((settings.ROOT / label).rglob("*.py"))


def is_above(named, label):
    return ORDER.index(named) > ORDER.index(label)


@pytest.mark.parametrize("label", [label for label in OURS if label != "config"])
def test_no_app_names_one_above_it_in_a_string(label):
    upward = [
        f"{path.relative_to(settings.ROOT)}: {found[0]}"
        for path in sources(label)
        for found in DOTTED.finditer(path.read_text())
        if is_above(found[1], label) and found[0].strip("\"'") not in WEBHOOK_TYPES  # words of the wire
    ]
    assert upward == [], "name what is below, or move the code up"


@pytest.mark.parametrize("label", [label for label in OURS if label != "config"])
def test_no_foreign_key_points_upwards(label):
    upward = [
        f"{model.__name__}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model
        if field.related_model._meta.app_label in ORDER and is_above(field.related_model._meta.app_label, label)
    ]
    assert upward == []


def test_no_migration_waits_for_one_above_it():
    upward = [
        f"{migration.app_label}.{migration.name} -> {app}.{name}"
        for migration in MigrationLoader(None).disk_migrations.values()
        for app, name in migration.dependencies
        if migration.app_label in ORDER and app in ORDER and is_above(app, migration.app_label)
    ]
    assert upward == []


def test_no_drawer_for_shared_things():
    drawers = {"utils", "common", "core", "helpers", "lib", "services", "signals"}
    found = [path for label in OURS for path in sources(label) if path.stem in drawers or path.parent.name in drawers]
    assert found == []


def test_nothing_is_imported_late():
    late = re.compile(r"^[ ]+(?:from|import) (?!typing)[\w.]+", re.MULTILINE)
    found = [
        f"{Path(path).relative_to(settings.ROOT)}: {line.strip()}"
        for label in OURS
        for path in sources(label)
        for line in late.findall(without_type_checking(path.read_text()))
    ]
    # AppConfig.ready is the place that Django gives for registering checks.
    assert [line for line in found if not line.split(":")[0].endswith("apps.py")] == []


def without_type_checking(text: str) -> str:
    return re.sub(r"^if TYPE_CHECKING:\n(?:[ ]+.*\n|\n)+", "", text, flags=re.MULTILINE)
