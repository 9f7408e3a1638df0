"""The groups of staff may look at the calls of partners."""

from importlib import import_module

from django.db import migrations

permission = import_module("config.migrations.0001_staff_groups").permission
NAMES = ("Support", "Operators", "Owners")


def give(apps, schema_editor):
    view = permission(apps, "partnership", "loggedcall", "view_loggedcall")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=NAMES):
        group.permissions.add(view)


class Migration(migrations.Migration):
    dependencies = [("config", "0001_staff_groups"), ("partnership", "0006_request_log")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
