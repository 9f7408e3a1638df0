"""What a call tells the API reference, beside what its door says.

A shape is a TypedDict: the view makes its answer as one, so mypy holds the code to what the
reference says. What JSON knows and Python does not stands in the annotation.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from rest_framework import serializers

from accounts.errors import ApiError


def says(**words: Hashable) -> tuple[tuple[str, Hashable], ...]:
    """Words of JSON Schema for `Annotated`, whose annotations have to be hashable."""
    return tuple(words.items())


Id = Annotated[str, says(format="uuid")]
Stamp = Annotated[str, says(format="date-time")]


@dataclass(frozen=True, slots=True)
class Call:
    """One method of a view.

    `answers`: the shape of each 2xx status, None where it has no body. `body`: what reads the
    request's; the base class takes none. `bodies`: instead, the shape under each content type,
    where the view reads it by itself. `query`: the shape of its parameters. `refusals`: those
    of the call itself, to which the door's are added. `begins`: the answer names an operation
    by Location, and says by Retry-After when to look at it, 0 where it has ended.
    """

    summary: str
    answers: Mapping[int, object]
    body: type[serializers.Serializer[Any]] = serializers.Serializer
    bodies: Mapping[str, object] = field(default_factory=dict)
    query: type | None = None
    refusals: tuple[type[ApiError], ...] = ()
    begins: bool = False
