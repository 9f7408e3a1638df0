"""API keys of projects: `ik_` and 43 characters, encrypted, rotated with an overlap."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from accounts.digests import digest
from accounts.encryption import decrypt, encrypt
from oauth_provider.opaque import base64url
from partnership.models import Project, ProjectKey


def new_key() -> str:
    return f"ik_{base64url(secrets.token_bytes(32))}"


def add(project: Project, now: datetime, *, value: str = "") -> str:
    """The first key of `project`: a new one, or `value` when a partner moves in with its own."""
    key = value or new_key()
    ProjectKey.objects.create(project=project, encrypted=encrypt(key), digest=digest(key), created_at=now)
    return key


def current(project: Project) -> str:
    """From `project.encrypted_key` where the statement that read the project brought it along."""
    brought: str | None = getattr(project, "encrypted_key", None)
    return decrypt(brought or project.keys.get(expires_at=None).encrypted)


def rotate(project: Project, *, overlap_seconds: int, now: datetime) -> tuple[str, datetime]:
    """A new key, and when the old one ends. Older ones keep the end that they had.

    The caller holds the project's lock: the database refuses two current keys.
    """
    ends_at = now + timedelta(seconds=overlap_seconds)
    with transaction.atomic():
        project.keys.filter(expires_at=None).update(expires_at=ends_at)
        return add(project, now), ends_at
