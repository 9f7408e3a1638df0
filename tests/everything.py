"""All rows of our own apps, to say that an attack changed none."""

from __future__ import annotations

from typing import Any

from django.apps import apps

APPS = ("accounts", "oauth_provider", "partnership", "usage")
# What a refused request may write: when it was that somebody came.
TIMES_OF_USE = frozenset({"last_used_at", "last_login"})
# Requests that wait for an answer, and what a limit counts, are not what an attack is after.
PASSING = frozenset({"PendingAuthorization"})


def everything() -> dict[str, list[dict[str, Any]]]:
    """Model's name -> its rows."""
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    return {model.__name__: rows_of(model) for model in models if model.__name__ not in PASSING}


def rows_of(model: Any) -> list[dict[str, Any]]:
    names = [each.attname for each in model._meta.concrete_fields if each.attname not in TIMES_OF_USE]
    rows = model.objects.order_by("pk").values(*names)
    return [{name: plain(value) for name, value in row.items()} for row in rows]


def plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
