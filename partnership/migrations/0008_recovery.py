"""Deleted projects wait for their purge, and staff can bring them back.

Backwards, what waits is left where it is with nobody to purge it: purge first, or by hand. Usage of
what was brought back then knows of no gap.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget_operations(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Of types that there are no more; what happened stays in the audit log."""
    apps.get_model("partnership", "Operation").objects.filter(type__in=["purge", "recover"]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_staff_permissions"),
        ("partnership", "0007_members"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "absence",
                "verbose_name_plural": "absences",
            },
        ),
        migrations.RemoveConstraint(
            model_name="operation",
            name="operation_type_known",
        ),
        migrations.AddField(
            model_name="project",
            name="purge_at",
            field=models.DateTimeField(null=True, verbose_name="purged from"),
        ),
        migrations.AddField(
            model_name="project",
            name="recovered_at",
            field=models.DateTimeField(null=True, verbose_name="recovered at"),
        ),
        migrations.AlterField(
            model_name="operation",
            name="type",
            field=models.CharField(
                choices=[
                    ("create", "create"),
                    ("pause", "pause"),
                    ("restore", "restore"),
                    ("upgrade", "upgrade"),
                    ("restart", "restart"),
                    ("delete", "delete"),
                    ("purge", "purge"),
                    ("recover", "recover"),
                ],
                max_length=7,
                verbose_name="type",
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(("purge_at__isnull", False)), fields=["purge_at"], name="project_purge_due"
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(("recovered_at__isnull", False)), fields=["recovered_at"], name="project_recovered"
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("type__in", ["create", "pause", "restore", "upgrade", "restart", "delete", "purge", "recover"])
                ),
                name="operation_type_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("purge_at__isnull", True), ("status", "deleted"), _connector="OR"),
                name="project_purge_follows_deletion",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "deleted"), _negated=True),
                    ("purge_at__isnull", False),
                    ("encrypted_credentials", ""),
                    _connector="OR",
                ),
                name="project_purged_without_credentials",
            ),
        ),
        migrations.AddField(
            model_name="absence",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="absences", to="partnership.project"
            ),
        ),
        migrations.AddConstraint(
            model_name="absence",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_at__gte", models.F("from_at"))), name="absence_ends_after_it_begins"
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget_operations),
    ]
