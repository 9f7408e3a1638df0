"""What was metered, event by event. Written and read by `usage/sql_store` alone, in plain SQL.

No foreign keys to other apps: a check for each row would be most of the time of an ingest, and
the statement that writes has just looked the project up.
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q

from usage.metrics import SUMS


class Source(models.Model):
    """The `source` of CloudEvents, once: events name it by four bytes."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=255, unique=True)

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """One event, counted or void, as it came. Never changed; dropped by generation.

    A generation is a partition by time of arrival (docs/decisions/0080): an id is looked for in
    the newest and the one before, which together reach back further than an event may be late.
    The order of the columns leaves no gaps in PostgreSQL's rows: 96 bytes with one amount.
    """

    pk = models.CompositePrimaryKey("source_id", "event_id", "generation")
    at = models.DateTimeField()
    database_size_bytes = models.BigIntegerField(null=True)
    file_storage_bytes = models.BigIntegerField(null=True)
    ai_tokens = models.BigIntegerField(null=True)
    mcp_calls = models.BigIntegerField(null=True)
    egress_bytes = models.BigIntegerField(null=True)
    ai_credits = models.BigIntegerField(null=True)  # millionths
    email_requests = models.BigIntegerField(null=True)
    function_calls = models.BigIntegerField(null=True)
    ec2_compute = models.BigIntegerField(null=True)
    source = models.ForeignKey(Source, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    client = models.IntegerField()  # the application's primary key
    delay_seconds = models.IntegerField()  # from `at` to its arrival; negative: it came early
    generation = models.SmallIntegerField()
    project_id = models.UUIDField(null=True)  # null: a void
    event_id = models.BinaryField()  # packed: `usage/event_ids.py`

    def __str__(self) -> str:
        return f"{self.source_id} {bytes(self.event_id)!r}"


class Void(models.Model):
    """An event that was taken back, once, and by which."""

    pk = models.CompositePrimaryKey("source_id", "event_id", "generation")
    source = models.ForeignKey(Source, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    event_id = models.BinaryField()
    generation = models.SmallIntegerField()
    by_source = models.ForeignKey(Source, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    by_event_id = models.BinaryField()
    by_generation = models.SmallIntegerField()
    # Its month was closed: the day keeps its number, and a negative adjustment was posted.
    is_adjustment = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["by_source", "by_event_id", "by_generation"], name="void_takes_one_back")
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {bytes(self.event_id)!r}"


class Adjustment(models.Model):
    """What a late event or a void changes of a closed month: it counts in the month that is open."""

    project_id = models.UUIDField()
    original_day = models.DateField()
    posted_on = models.DateField()
    source = models.ForeignKey(Source, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    event_id = models.BinaryField()
    generation = models.SmallIntegerField()
    is_void = models.BooleanField()
    # Signed: negative where an event was taken back.
    ai_tokens = models.BigIntegerField(default=0)
    mcp_calls = models.BigIntegerField(default=0)
    egress_bytes = models.BigIntegerField(default=0)
    ai_credits = models.BigIntegerField(default=0)
    email_requests = models.BigIntegerField(default=0)
    function_calls = models.BigIntegerField(default=0)
    ec2_compute = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["project_id", "posted_on"], name="adjustment_by_project")]
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id", "generation"], name="adjustment_once"),
            models.CheckConstraint(
                condition=Q(original_day__lt=models.F("posted_on")), name="adjustment_of_an_earlier_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.original_day}"

    @property
    def amounts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in SUMS}


class LateDay(models.Model):
    """A day that changed when it was over and the next one too, and when: the nightly check looks at it again."""

    day = models.DateField()
    arrived_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["arrived_on", "day"], name="late_day_once")]

    def __str__(self) -> str:
        return f"{self.day}"


class IngestGate(models.Model):
    """The one row that every ingest reads first, and holds the table's lock of until it ends.

    Who closes a month or turns the generation locks the table against them, so no event is under
    way meanwhile that still goes by the old row.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    generation = models.SmallIntegerField(default=1)
    generation_began_at = models.DateTimeField()
    first_open_day = models.DateField()
    oldest_event_day = models.DateField(default=date(2000, 1, 1))  # days before it have lost events
    summed_before = models.DateField(default=date(2000, 1, 1))  # partners' days are summed up before it alone
    is_copied = models.BooleanField(default=False, db_default=False)  # events go to ClickHouse too (0155)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="ingest_gate_is_one"),
        ]

    def __str__(self) -> str:
        return f"generation {self.generation}, open from {self.first_open_day}"
