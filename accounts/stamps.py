"""Instants as they are written on the wire: RFC 3339 in UTC, with `Z`."""

from datetime import UTC, datetime


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_of_seconds(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
