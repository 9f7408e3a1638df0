"""On which line of a JSON text each value begins, for refusals of files that people wrote."""

import json
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

SPACE = " \t\r\n"


class Lines:
    """The lines of `text`, counted from 1."""

    def __init__(self, text: str) -> None:
        self.ends = [at for at, character in enumerate(text) if character == "\n"]

    def at(self, position: int) -> int:
        return bisect_right(self.ends, position - 1) + 1


def children(text: str, start: int, decoder: json.JSONDecoder) -> Iterator[tuple[str | int, int, Any]]:
    """Key or index, place and value of each member of the array or object that begins at `start`.

    `text` is valid JSON. Raises whatever the decoder's hooks raise.
    """
    is_object, position, index = text[start] == "{", skip(text, start + 1), 0
    while text[position] not in "]}":
        key: str | int = index
        if is_object:
            key, position = decoder.raw_decode(text, position)
            position = skip(text, position, ":")
        value, end = decoder.raw_decode(text, position)
        yield key, position, value
        position, index = skip(text, end, ","), index + 1


def skip(text: str, position: int, sign: str = "") -> int:
    while text[position] in SPACE + sign:
        position += 1
    return position
