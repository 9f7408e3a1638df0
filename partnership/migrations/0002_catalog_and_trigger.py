"""The first regions, aliases, instance types and versions (partnership.md, "White-label"),
and the trigger that keeps events as they were written.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REGIONS = (
    ("us-east", "US East"),
    ("us-west", "US West"),
    ("ap-southeast", "Asia Pacific, Southeast"),
    ("eu-central", "Europe, Central"),
)
ALIASES = (("eu-west", "eu-central"),)
INSTANCE_TYPES = (
    ("nano", 10),
    ("micro", 20),
    ("small", 40),
    ("medium", 60),
    ("large", 90),
    ("xl", 120),
    ("2xl", 180),
    ("4xl", 240),
    ("8xl", 360),
    ("16xl", 480),
)
VERSIONS = ("v2.2.1", "v2.2.3")

TRIGGER = {
    "postgresql": (
        "CREATE FUNCTION partnership_event_is_final() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER partnership_event_final BEFORE UPDATE ON partnership_event "
        "FOR EACH ROW EXECUTE FUNCTION partnership_event_is_final()",
    ),
    "sqlite": (
        "CREATE TRIGGER partnership_event_final BEFORE UPDATE ON partnership_event "
        "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    ),
}
UNDO_TRIGGER = {
    "postgresql": (
        "DROP TRIGGER partnership_event_final ON partnership_event",
        "DROP FUNCTION partnership_event_is_final()",
    ),
    "sqlite": ("DROP TRIGGER partnership_event_final",),
}


def add_catalog(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    model = lambda name: apps.get_model("partnership", name).objects  # noqa: E731
    embedded = model("Provisioner").create(name="embedded", kind="embedded")
    model("Provisioner").create(name="simulated", kind="simulated")
    for rank, (name, title) in enumerate(REGIONS):
        model("Region").create(name=name, title=title, provisioner=embedded, is_default=rank == 0, rank=rank)
    for name, region in ALIASES:
        model("RegionAlias").create(name=name, region_id=region)
    for rank, (name, connections) in enumerate(INSTANCE_TYPES):
        model("InstanceType").create(name=name, connection_limit=connections, is_default=rank == 0, rank=rank)
    for rank, name in enumerate(VERSIONS):
        model("ServiceVersion").create(name=name, is_default=rank == 0, rank=rank)


def remove_catalog(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Refused by the database (PROTECT) while a project uses a row: such data can't be un-migrated."""
    for name in ("RegionAlias", "Region", "InstanceType", "ServiceVersion", "Provisioner"):
        apps.get_model("partnership", name).objects.all().delete()


def add_trigger(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in TRIGGER[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def remove_trigger(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in UNDO_TRIGGER[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("partnership", "0001_initial")]

    operations = [
        migrations.RunPython(add_catalog, remove_catalog),
        migrations.RunPython(add_trigger, remove_trigger),
    ]
