"""A webhook that hung rests by a column of its own, and what is due is looked for by webhook. The index is made beside the writing."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NEW = ("delivery_due_by_webhook", "(webhook_id, due_at, id)")
OLD = ("delivery_due", "(due_at)")


def exchange(editor: BaseDatabaseSchemaEditor, made: tuple[str, str], dropped: tuple[str, str]) -> None:
    beside = "CONCURRENTLY" if editor.connection.vendor == "postgresql" else ""
    name, columns = made
    editor.execute(f"DROP INDEX {beside} IF EXISTS {name}")  # what a broken off attempt left is not valid
    editor.execute(f"CREATE INDEX {beside} {name} ON partnership_delivery {columns} WHERE status = 'pending'")
    editor.execute(f"DROP INDEX {beside} IF EXISTS {dropped[0]}")


def forwards(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    exchange(editor, NEW, OLD)


def backwards(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    exchange(editor, OLD, NEW)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("partnership", "0010_event_lookups")]

    operations = [
        migrations.AddField("webhook", "rests_until", models.DateTimeField(editable=False, null=True)),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(forwards, backwards)],
            state_operations=[
                migrations.RemoveIndex("delivery", OLD[0]),
                migrations.AddIndex(
                    "delivery",
                    models.Index(fields=["webhook", "due_at", "id"], condition=models.Q(status="pending"), name=NEW[0]),
                ),
            ],
        ),
    ]
