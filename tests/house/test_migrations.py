"""A migration leaves the code of the release before running: both run side by side while a new version goes out."""

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

# Released, or so old that nobody comes from before them (docs/decisions/0154).
BEFORE = {"accounts": "0004", "oauth_provider": "0009", "partnership": "0005", "usage": "0008", "config": "0001"}
STOPS_OLD_CODE = (migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel)


def later_migrations():
    ours = {app.label for app in apps.get_app_configs() if app.label in BEFORE}
    for (label, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if label in ours and name[:4] > BEFORE[label]:
            yield pytest.param(migration, id=f"{label}.{name}")


def stumbles(operation, made):
    """What old code would stumble over; `made`: the models that the same migration makes."""
    if isinstance(operation, STOPS_OLD_CODE):
        return f"{type(operation).__name__}: leave it for the next release, whose old code asks for it no more"
    if not isinstance(operation, migrations.AddField) or operation.model_name.lower() in made:
        return ""
    field = operation.field
    if field.null or field.many_to_many or field.db_default is not NOT_PROVIDED:
        return ""
    return f"{operation.model_name}.{operation.name}: old code inserts without it. Give it null or db_default"


@pytest.mark.parametrize("migration", [*later_migrations()] or [None])
def test_old_code_tolerates_it(migration):
    operations = migration.operations if migration else []
    made = {one.name.lower() for one in operations if isinstance(one, migrations.CreateModel)}
    assert [said for one in operations if (said := stumbles(one, made))] == []


@pytest.mark.parametrize(
    ("operation", "is_fine"),
    [
        (migrations.AddField("user", "nick", models.TextField(default="")), False),
        (migrations.AddField("user", "nick", models.TextField(db_default="")), True),
        (migrations.AddField("user", "nick", models.TextField(null=True)), True),
        (migrations.RemoveField("user", "name"), False),
        (migrations.RenameField("user", "name", "nick"), False),
        (migrations.AddIndex("user", models.Index(fields=["name"], name="i")), True),
    ],
)
def test_what_it_stumbles_over(operation, is_fine):
    assert (stumbles(operation, set()) == "") == is_fine
