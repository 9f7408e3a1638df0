"""What is on its way to ClickHouse, and what is there alone. Written by `usage/sql_store` alone, in plain SQL."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now


class Column(models.Field):  # type: ignore[type-arg]  # Django has no arguments there
    """An array as PostgreSQL has it. On SQLite, where nothing is copied, the column stays empty."""

    def __init__(self, of: str = "integer", **options: Any) -> None:
        self.of = of
        super().__init__(**options)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return f"{self.of}[]" if connection.vendor == "postgresql" else "text"

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "of": self.of}


class OutgoingBatch(models.Model):
    """Events of one generation that ClickHouse is still to get; the row is the job.

    Written in the transaction of the ingest that counted them, or took them back, and removed once
    ClickHouse has them. Without keys: all events of the generation, of which those up to `after` are done.
    """

    generation = models.SmallIntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    source_ids = Column("integer", null=True)
    event_ids = Column("bytea", null=True)
    after_source_id = models.IntegerField(null=True)
    after_event_id = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.pk}, generation {self.generation}"


class MovedGeneration(models.Model):
    """A generation whose events ClickHouse alone has, all of them days of closed months."""

    generation = models.SmallIntegerField(primary_key=True)
    last_day = models.DateField()  # of any event
    last_recorded_day = models.DateField(null=True)  # of those that are no voids

    def __str__(self) -> str:
        return f"generation {self.generation}"
