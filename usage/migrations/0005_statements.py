"""Statements of closed months, and the triggers that keep them as they were written."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = ("usage_statement", "usage_statementline")


def add_triggers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """On SQLite a DELETE stays possible to who has the file; the digest tells of it."""
    if schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_final BEFORE UPDATE ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'statements are for good'); END"
            )
        return
    schema_editor.execute(
        "CREATE FUNCTION usage_statement_is_final() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'statements are for good' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in TABLES:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_final BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION usage_statement_is_final()"
        )


def remove_triggers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    on = " ON {0}" if schema_editor.connection.vendor == "postgresql" else ""
    for table in TABLES:
        schema_editor.execute(f"DROP TRIGGER {table}_final{on.format(table)}")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION usage_statement_is_final()")


class Migration(migrations.Migration):
    dependencies = [
        ("partnership", "0004_tenures"),
        ("usage", "0004_estimated_partner_days"),
    ]

    operations = [
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("partner_name", models.CharField(max_length=100)),
                ("environment", models.CharField(choices=[("live", "live"), ("test", "test")], max_length=4)),
                ("month", models.DateField(verbose_name="month")),
                ("closed_at", models.DateTimeField(verbose_name="closed on")),
                ("amounts", models.JSONField()),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="partnership.partner"
                    ),
                ),
            ],
            options={
                "verbose_name": "statement",
                "verbose_name_plural": "statements",
                "ordering": ["-month"],
            },
        ),
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project_id", models.UUIDField()),
                ("name", models.CharField(max_length=100)),
                ("amounts", models.JSONField()),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="usage.statement"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(
                fields=("partner", "environment", "month"), name="statement_once_a_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.UniqueConstraint(
                fields=("statement", "project_id"), name="statement_line_once_a_project"
            ),
        ),
        migrations.RunPython(add_triggers, remove_triggers),
    ]
