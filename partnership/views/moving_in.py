"""The door of `manage.py import_partners`: its request is a file.

`{"partners": [{"id", "name", "contact_email", "is_co_branded", "is_white_label",
"secrets": [{"sha256", "last_four", "name?", "environment?", "scopes?", "expires_at?"}],
"people": [{"id", "email", "name"}], "projects": [{"id", "name", "user_id?", "external_id?",
"appkey", "region?", "instance_type?", "volume_size_gib?", "status?", "api_key", "created_at?"}]}]}`.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from partnership.models import Environment
from partnership.models.partner import SCOPES, check_scopes
from partnership.moving_in import Refusal, clashes
from partnership.views.door import faults
from partnership.views.fields import Flag, Text, Whole, name_field


class SecretRow(serializers.Serializer[Any]):
    sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
    last_four = Text(max_length=4)
    name = name_field(default="moved in")
    environment = serializers.ChoiceField(Environment.choices, default=Environment.LIVE)
    scopes = Text(default=" ".join(SCOPES), validators=[check_scopes])
    expires_at = serializers.DateTimeField(default=None, allow_null=True)


class PersonRow(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.EmailField(max_length=254)
    name = name_field()


class ProjectRow(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = name_field()
    user_id = serializers.UUIDField(default=None, allow_null=True)
    external_id = Text(default=None, allow_null=True, max_length=255)
    appkey = serializers.RegexField(r"\A[a-z0-9][a-z0-9-]{1,31}\Z")
    region = Text(default=None, allow_null=True, max_length=32)
    instance_type = Text(default=None, allow_null=True, max_length=16)
    volume_size_gib = Whole(default=8, min_value=1, max_value=65_536)
    status = serializers.ChoiceField(["active", "paused"], default="active")
    api_key = serializers.RegexField(r"\Aik_[A-Za-z0-9_-]{8,200}\Z")
    created_at = serializers.DateTimeField(default=None, allow_null=True)


class PartnerRow(serializers.Serializer[Any]):
    id = serializers.RegexField(r"\Aps_[A-Za-z0-9_-]{12,61}\Z")
    name = name_field()
    contact_email = serializers.EmailField(max_length=254)
    is_co_branded = Flag(default=False)
    is_white_label = Flag(default=False)


def read(document: Any) -> tuple[list[dict[str, Any]], list[Refusal]]:
    """The partners of a file, checked, and every refusal."""
    listed = document.get("partners") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        return [], [Refusal("partners", "must be a list")]
    found, refused = [], []
    for number, raw in enumerate(listed):
        where = f"partners[{number}]"
        row, wrong = check(PartnerRow, raw, where)
        refused += wrong
        parts: dict[str, list[dict[str, Any]]] = {}
        for noun, shape in (("secrets", SecretRow), ("people", PersonRow), ("projects", ProjectRow)):
            parts[noun] = []
            for place, each in enumerate(raw.get(noun, []) if isinstance(raw, dict) else []):
                checked, wrong = check(shape, each, f"{where}.{noun}[{place}]")
                refused += wrong
                parts[noun].append(checked)
        found.append({**row, **parts})
    return found, refused or [*clashes(found)]


def check(shape: type[serializers.Serializer[Any]], raw: Any, where: str) -> tuple[dict[str, Any], list[Refusal]]:
    serializer = shape(data=raw)
    if serializer.is_valid():
        return dict(serializer.validated_data), []
    return {}, [Refusal(where, fault.message) for fault in faults(serializer.errors)]
