"""Voids and adjustments know the generation of their event, the gate what was forgotten and summed up;
daily rows of closed months refuse every change."""

from datetime import date

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SOURCE = {
    "db_constraint": False,
    "db_index": False,
    "on_delete": django.db.models.deletion.DO_NOTHING,
    "related_name": "+",
    "to": "usage.source",
}

# The triggers that call it are made by `usage/sql_store/closing.py`, with the day baked in:
# an ingest pays for a comparison with a constant and no more.
REFUSE_POSTGRESQL = """
CREATE FUNCTION usage_refuse_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'figures of a closed month never change'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'usage_closed_month';
END $$
"""
CLOSED = "(SELECT first_open_day FROM usage_ingestgate)"
REFUSE_SQLITE = [
    f"CREATE TRIGGER usage_{table}_closed_{verb} BEFORE {verb} ON usage_{table} WHEN {condition} "
    "BEGIN SELECT RAISE(ABORT, 'usage_closed_month: figures of a closed month never change'); END"
    for table, verb, condition in [
        ("daily", "insert", f"NEW.day < {CLOSED}"),
        ("daily", "update", f"OLD.day < {CLOSED} OR NEW.day < {CLOSED}"),
        ("daily", "delete", f"OLD.day < {CLOSED}"),
        ("adjustment", "insert", f"NEW.posted_on < {CLOSED}"),
        ("adjustment", "update", f"OLD.posted_on < {CLOSED} OR NEW.posted_on < {CLOSED}"),
        ("adjustment", "delete", f"OLD.posted_on < {CLOSED}"),
    ]
]


def refuse_changes(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(REFUSE_POSTGRESQL)
        return
    for statement in REFUSE_SQLITE:
        schema_editor.execute(statement)


def allow_changes(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION usage_refuse_closed() CASCADE")
        return
    for statement in REFUSE_SQLITE:
        schema_editor.execute(f"DROP TRIGGER {statement.split()[2]}")


class Migration(migrations.Migration):
    dependencies = [("usage", "0002_metering_scope")]

    operations = [
        migrations.RemoveConstraint("adjustment", "adjustment_once"),
        migrations.AddField("adjustment", "generation", models.SmallIntegerField(default=1), preserve_default=False),
        migrations.AddConstraint(
            "adjustment",
            models.UniqueConstraint(fields=("source", "event_id", "generation"), name="adjustment_once"),
        ),
        migrations.AddField("ingestgate", "oldest_event_day", models.DateField(default=date(2000, 1, 1))),
        migrations.AddField("ingestgate", "summed_before", models.DateField(default=date(2000, 1, 1))),
        migrations.DeleteModel("Void"),
        migrations.CreateModel(
            "Void",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "source_id",
                        "event_id",
                        "generation",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("event_id", models.BinaryField()),
                ("generation", models.SmallIntegerField()),
                ("by_event_id", models.BinaryField()),
                ("by_generation", models.SmallIntegerField()),
                ("is_adjustment", models.BooleanField()),
                ("by_source", models.ForeignKey(**SOURCE)),
                ("source", models.ForeignKey(**SOURCE)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("by_source", "by_event_id", "by_generation"), name="void_takes_one_back"
                    )
                ],
            },
        ),
        migrations.RunPython(refuse_changes, allow_changes),
    ]
