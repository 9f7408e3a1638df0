"""Who owned a project when."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

Row = tuple[Any, ...]


def begin_tenures(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Whoever has a project now has had it from the first: nothing told of earlier moves."""
    tenures, projects = apps.get_model("partnership", "Tenure"), apps.get_model("partnership", "Project")
    owned = projects.objects.filter(organization__isnull=False).values_list("pk", "organization_id", "created_at")
    for batch in batched(owned.iterator(), 1000):
        tenures.objects.bulk_create(
            tenures(project_id=project, organization_id=organization, from_at=created_at)
            for project, organization, created_at in batch
        )


def batched(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_security_events"),
        ("partnership", "0003_delivery_history"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tenure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tenures", to="accounts.organization"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tenures", to="partnership.project"
                    ),
                ),
            ],
            options={
                "verbose_name": "tenure",
                "verbose_name_plural": "tenures",
                "indexes": [models.Index(fields=["organization", "from_at"], name="tenure_by_organization")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until_at__isnull", True)), fields=("project",), name="tenure_one_open"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_at__isnull", True), ("until_at__gte", models.F("from_at")), _connector="OR"
                        ),
                        name="tenure_ends_after_it_begins",
                    ),
                ],
            },
        ),
        migrations.RunPython(begin_tenures, migrations.RunPython.noop),
    ]
