"""The tables of metering. Events are partitioned by generation on PostgreSQL, which Django can't say."""

from datetime import UTC, date, datetime

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EVENTS = """
CREATE TABLE usage_event (
    at timestamptz NOT NULL,
    database_size_bytes bigint,
    file_storage_bytes bigint,
    ai_tokens bigint,
    mcp_calls bigint,
    egress_bytes bigint,
    ai_credits bigint,
    email_requests bigint,
    function_calls bigint,
    ec2_compute bigint,
    source_id integer NOT NULL,
    client integer NOT NULL,
    delay_seconds integer NOT NULL,
    generation smallint NOT NULL,
    project_id uuid,
    event_id bytea NOT NULL,
    PRIMARY KEY (source_id, event_id, generation)
) PARTITION BY LIST (generation);
CREATE INDEX usage_event_by_day ON usage_event (((at AT TIME ZONE 'UTC')::date), project_id);
CREATE TABLE usage_event_1 PARTITION OF usage_event FOR VALUES IN (1);
ALTER TABLE usage_daily SET (fillfactor = 70);
"""
EVENT = migrations.CreateModel(
    name="Event",
    fields=[
        (
            "pk",
            models.CompositePrimaryKey(
                "source_id", "event_id", "generation", blank=True, editable=False, primary_key=True, serialize=False
            ),
        ),
        ("at", models.DateTimeField()),
        ("database_size_bytes", models.BigIntegerField(null=True)),
        ("file_storage_bytes", models.BigIntegerField(null=True)),
        ("ai_tokens", models.BigIntegerField(null=True)),
        ("mcp_calls", models.BigIntegerField(null=True)),
        ("egress_bytes", models.BigIntegerField(null=True)),
        ("ai_credits", models.BigIntegerField(null=True)),
        ("email_requests", models.BigIntegerField(null=True)),
        ("function_calls", models.BigIntegerField(null=True)),
        ("ec2_compute", models.BigIntegerField(null=True)),
        ("client", models.IntegerField()),
        ("delay_seconds", models.IntegerField()),
        ("generation", models.SmallIntegerField()),
        ("project_id", models.UUIDField(null=True)),
        ("event_id", models.BinaryField()),
        (
            "source",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="usage.source",
            ),
        ),
    ],
)


def create_events(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(EVENTS)
        return
    schema_editor.create_model(apps.get_model("usage", "Event"))
    schema_editor.execute("CREATE INDEX usage_event_by_day ON usage_event (project_id, at)")


def drop_events(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute("DROP TABLE usage_event")


def open_gate(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """With nothing closed: the worker closes what is due."""
    apps.get_model("usage", "IngestGate").objects.create(
        generation_began_at=datetime.now(UTC), first_open_day=date(2000, 1, 1)
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PartnerDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "partner_id",
                        "environment",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("partner_id", models.CharField(max_length=64)),
                ("environment", models.CharField(max_length=4)),
                ("day", models.DateField()),
                ("is_ready", models.BooleanField(default=False)),
                ("database_size_bytes", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
                ("file_storage_bytes", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
                ("ai_tokens", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
                ("mcp_calls", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
                ("egress_bytes", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
                ("ai_credits", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
                ("email_requests", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
                ("function_calls", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
                ("ec2_compute", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=255, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Daily",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "project_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("project_id", models.UUIDField()),
                ("day", models.DateField()),
                ("database_size_bytes", models.BigIntegerField(null=True)),
                ("file_storage_bytes", models.BigIntegerField(null=True)),
                ("ai_tokens", models.BigIntegerField(db_default=0, default=0)),
                ("mcp_calls", models.BigIntegerField(db_default=0, default=0)),
                ("egress_bytes", models.BigIntegerField(db_default=0, default=0)),
                ("ai_credits", models.BigIntegerField(db_default=0, default=0)),
                ("email_requests", models.BigIntegerField(db_default=0, default=0)),
                ("function_calls", models.BigIntegerField(db_default=0, default=0)),
                ("ec2_compute", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("database_size_bytes__gte", 0), ("database_size_bytes__lte", 4611686018427387904)
                        ),
                        name="daily_database_size_bytes_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("file_storage_bytes__gte", 0), ("file_storage_bytes__lte", 4611686018427387904)
                        ),
                        name="daily_file_storage_bytes_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ai_tokens__gte", 0), ("ai_tokens__lte", 4611686018427387904)),
                        name="daily_ai_tokens_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mcp_calls__gte", 0), ("mcp_calls__lte", 4611686018427387904)),
                        name="daily_mcp_calls_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("egress_bytes__gte", 0), ("egress_bytes__lte", 4611686018427387904)),
                        name="daily_egress_bytes_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ai_credits__gte", 0), ("ai_credits__lte", 4611686018427387904)),
                        name="daily_ai_credits_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email_requests__gte", 0), ("email_requests__lte", 4611686018427387904)),
                        name="daily_email_requests_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("function_calls__gte", 0), ("function_calls__lte", 4611686018427387904)),
                        name="daily_function_calls_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ec2_compute__gte", 0), ("ec2_compute__lte", 4611686018427387904)),
                        name="daily_ec2_compute_in_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IngestGate",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("generation", models.SmallIntegerField(default=1)),
                ("generation_began_at", models.DateTimeField()),
                ("first_open_day", models.DateField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="ingest_gate_is_one")],
            },
        ),
        migrations.SeparateDatabaseAndState(state_operations=[EVENT]),
        migrations.RunPython(create_events, drop_events),
        migrations.RunPython(open_gate, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project_id", models.UUIDField()),
                ("original_day", models.DateField()),
                ("posted_on", models.DateField()),
                ("event_id", models.BinaryField()),
                ("is_void", models.BooleanField()),
                ("ai_tokens", models.BigIntegerField(default=0)),
                ("mcp_calls", models.BigIntegerField(default=0)),
                ("egress_bytes", models.BigIntegerField(default=0)),
                ("ai_credits", models.BigIntegerField(default=0)),
                ("email_requests", models.BigIntegerField(default=0)),
                ("function_calls", models.BigIntegerField(default=0)),
                ("ec2_compute", models.BigIntegerField(default=0)),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="usage.source",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["project_id", "posted_on"], name="adjustment_by_project")],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "event_id"), name="adjustment_once"),
                    models.CheckConstraint(
                        condition=models.Q(("original_day__lt", models.F("posted_on"))),
                        name="adjustment_of_an_earlier_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Void",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "source_id", "event_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event_id", models.BinaryField()),
                ("by_event_id", models.BinaryField()),
                ("voided_at", models.DateTimeField()),
                (
                    "by_source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="usage.source",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="usage.source",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("by_source", "by_event_id"), name="void_takes_one_back")
                ],
            },
        ),
    ]
