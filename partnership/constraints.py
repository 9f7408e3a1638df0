"""Which named constraint a refused write broke."""

import re

import psycopg
from django.db import IntegrityError, models

from partnership.models import Project


def is_broken(clash: IntegrityError, model: type[models.Model], name: str) -> bool:
    """Whether `clash` is the unique constraint `name` of `model`.

    PostgreSQL tells the name. SQLite tells only the columns, so two constraints over the same
    columns are one to it: the callers' conditions keep those apart.
    """
    cause = clash.__cause__
    if isinstance(cause, psycopg.Error):
        return cause.diag.constraint_name == name
    constraint = next(each for each in model._meta.constraints if each.name == name)
    if not isinstance(constraint, models.UniqueConstraint):
        return f": {name}" in str(clash)
    column_of = {field.name: field.column for field in model._meta.concrete_fields}
    columns = {f"{model._meta.db_table}.{column_of[name]}" for name in constraint.fields}
    return set(re.findall(r"[\w]+\.[\w]+", str(clash))) == columns


def is_name_taken(clash: IntegrityError) -> bool:
    """Whether another project is already found by the name or external id."""
    names = (f"project_{mode}_{key}_once" for mode in ("co_branded", "white_label") for key in ("name", "external_id"))
    return any(is_broken(clash, Project, name) for name in names)
