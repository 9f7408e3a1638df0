"""Parts for staff: Support reads, Operators act, Owners also give parts to others.

A group of one of these names that is there already stays as it is.
"""

from django.db import migrations

READ = {
    "accounts": ("user", "organization", "membership"),
    "oauth_provider": ("application", "documenthost", "registration", "resourceserver", "resourcescope"),
    "partnership": (
        "delivery", "event", "instancetype", "operation", "partner", "project", "provisioner", "region",
        "regionalias", "serviceversion", "webhook",
    ),
    "usage": ("alert", "firing", "meteringscope", "selfcheck"),
}  # fmt: skip
ADD_AND_CHANGE = {
    "accounts": ("user", "organization", "membership"),
    "oauth_provider": ("application", "documenthost", "resourceserver", "resourcescope"),
    "partnership": ("instancetype", "partner", "region", "regionalias", "serviceversion"),
    "usage": ("alert", "meteringscope"),
}
CHANGE = {"oauth_provider": ("registration",), "partnership": ("delivery", "operation", "project", "webhook")}
DELETE = {
    "accounts": ("membership",),
    "oauth_provider": ("application", "documenthost", "resourcescope"),
    "partnership": ("instancetype", "region", "regionalias", "serviceversion"),
    "usage": ("alert", "meteringscope"),
}
# Where projects are made, with the passwords to it, and people's data as a whole.
OWN = {"partnership": ("provisioner",)}
OWN_WORDS = {"grant_staff": "Can give people a part in the admin",
             "export_person": "Can export what is held of a person",
             "erase_person": "Can erase a person"}  # fmt: skip


def named(action, table):
    return [(app, model, f"{action}_{model}") for app, models in table.items() for model in models]


SUPPORT = named("view", READ)
OPERATORS = [
    *SUPPORT,
    *named("add", ADD_AND_CHANGE),
    *named("change", ADD_AND_CHANGE),
    *named("change", CHANGE),
    *named("delete", DELETE),
]
OWNERS = [
    *OPERATORS,
    *(row for action in ("add", "change", "delete") for row in named(action, OWN)),
    *(("accounts", "user", word) for word in OWN_WORDS),
]


def make_groups(apps, schema_editor):
    group_model = apps.get_model("auth", "Group")
    for name, wanted in {"Support": SUPPORT, "Operators": OPERATORS, "Owners": OWNERS}.items():
        group, is_new = group_model.objects.get_or_create(name=name)
        if is_new:
            group.permissions.set([permission(apps, *row) for row in wanted])


def permission(apps, app, model, codename):
    """The row that Django itself makes only after all migrations."""
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)
    words = f"Can {codename.partition('_')[0]} {apps.get_model(app, model)._meta.verbose_name}"
    row, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=codename, defaults={"name": OWN_WORDS.get(codename, words)}
    )
    return row


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_staff_permissions"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("oauth_provider", "0009_keys_and_proofs"),
        ("partnership", "0004_tenures"),
        ("usage", "0008_alerts"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
