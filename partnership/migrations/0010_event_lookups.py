"""Events are found by request and by person. Made beside what is written, as the audit log of years is long."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

INDEXES = {"event_by_request": "request_id", "event_by_actor": "actor_id"}


def make(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    beside = "CONCURRENTLY" if editor.connection.vendor == "postgresql" else ""
    for name, column in INDEXES.items():
        editor.execute(f"DROP INDEX {beside} IF EXISTS {name}")  # what a broken off attempt left is not valid
        editor.execute(f"CREATE INDEX {beside} {name} ON partnership_event ({column})")


def drop(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    beside = "CONCURRENTLY" if editor.connection.vendor == "postgresql" else ""
    for name in INDEXES:
        editor.execute(f"DROP INDEX {beside} IF EXISTS {name}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("partnership", "0009_call_counts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(make, drop)],
            state_operations=[
                migrations.AddIndex("event", models.Index(fields=[column], name=name))
                for name, column in INDEXES.items()
            ],
        ),
    ]
