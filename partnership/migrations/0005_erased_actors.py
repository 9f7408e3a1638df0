"""Events stay as they were written, but for one thing: the name of a person who was erased is taken out."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OTHER_COLUMNS = (
    "id", "uuid", "type", "partner_id", "environment", "project_id", "actor_kind", "actor_id", "request_id", "data",
    "occurred_at",
)  # fmt: skip
UNTOUCHED = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in OTHER_COLUMNS)
ERASES = "NEW.actor_name = '' AND OLD.actor_kind IN ('user', 'staff')"
REFUSE = "RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation'"
ABORT = "SELECT RAISE(ABORT, 'events are append-only')"

POSTGRESQL = "CREATE OR REPLACE FUNCTION partnership_event_is_final() RETURNS trigger LANGUAGE plpgsql AS "
SQLITE = "CREATE TRIGGER partnership_event_final BEFORE UPDATE ON partnership_event "
DROP = "DROP TRIGGER partnership_event_final"

LET_ERASE = {
    "postgresql": (
        f"{POSTGRESQL}$$ BEGIN "
        f"IF {ERASES} AND to_jsonb(NEW) - 'actor_name' = to_jsonb(OLD) - 'actor_name' THEN RETURN NEW; END IF; "
        f"{REFUSE}; END $$",
    ),
    "sqlite": (DROP, f"{SQLITE}WHEN NOT ({ERASES} AND {UNTOUCHED}) BEGIN {ABORT}; END"),
}
LET_NOTHING = {
    "postgresql": (f"{POSTGRESQL}$$ BEGIN {REFUSE}; END $$",),
    "sqlite": (DROP, f"{SQLITE}BEGIN {ABORT}; END"),
}


def let_erase(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in LET_ERASE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def let_nothing(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in LET_NOTHING[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("partnership", "0004_tenures")]

    operations = [migrations.RunPython(let_erase, let_nothing)]
