"""Events that are on their way to ClickHouse, and generations that are there alone."""

import django.db.models.functions.datetime
import usage.models.outbox
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("usage", "0008_alerts"),
    ]

    operations = [
        migrations.CreateModel(
            name="MovedGeneration",
            fields=[
                ("generation", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("last_day", models.DateField()),
                ("last_recorded_day", models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="OutgoingBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.SmallIntegerField()),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("source_ids", usage.models.outbox.Column(null=True, of="integer")),
                ("event_ids", usage.models.outbox.Column(null=True, of="bytea")),
                ("after_source_id", models.IntegerField(null=True)),
                ("after_event_id", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("lease_until", models.DateTimeField(null=True)),
            ],
        ),
        # By hand: Django would make SQLite's table anew, under triggers that read it.
        migrations.RunSQL(
            "ALTER TABLE usage_ingestgate ADD COLUMN is_copied bool NOT NULL DEFAULT false",
            "ALTER TABLE usage_ingestgate DROP COLUMN is_copied",
            state_operations=[
                migrations.AddField("ingestgate", "is_copied", models.BooleanField(db_default=False, default=False)),
            ],
        ),
    ]
