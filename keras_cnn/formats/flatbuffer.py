"""Reading of flatbuffers that never leaves the buffer, whatever its offsets say."""

from __future__ import annotations

import struct
from typing import Any, NoReturn

_FORMATS = {"b": 1, "B": 1, "?": 1, "i": 4, "I": 4, "f": 4, "q": 8, "Q": 8}


class Damaged(Exception):
    """An offset leads out of the buffer, as the end of a sentence."""


class Buffer:
    """A flatbuffer, and how many of its objects have been visited."""

    def __init__(self, content: bytes, max_objects: int) -> None:
        """Takes the bytes, and how many objects there may be: offsets may repeat."""
        self.content = content
        self._left = max_objects

    def root(self, identifier: bytes) -> Table:
        """Returns the outermost table, if the buffer is of a kind of file."""
        if self.content[4:8] != identifier:
            _damaged("it does not begin as such a file")
        return Table(self, self.offset(0))

    def number(self, at: int, kind: str) -> Any:
        """Returns a number at a place, by its letter in `struct`."""
        self.check(at, _FORMATS[kind])
        return struct.unpack_from(f"<{kind}", self.content, at)[0]

    def offset(self, at: int) -> int:
        """Returns where an offset at a place leads: always forward."""
        step = self.number(at, "I")
        if step < 4:
            _damaged()
        self.check(at + step, 4)
        return int(at + step)

    def check(self, at: int, size: int) -> None:
        """Raises unless so many bytes lie at a place."""
        if at < 0 or size < 0 or at + size > len(self.content):
            _damaged()

    def visit(self) -> None:
        """Counts an object."""
        self._left -= 1
        if self._left < 0:
            _damaged("it has too many parts")


class Table:
    """A table in a flatbuffer; its fields are numbered from 0."""

    def __init__(self, buffer: Buffer, at: int) -> None:
        """Checks where the table and the list of its fields lie."""
        buffer.visit()
        self._buffer, self._at = buffer, at
        self._fields = at - buffer.number(at, "i")
        buffer.check(self._fields, 4)
        self._length, self._inline = struct.unpack_from(
            "<HH", buffer.content, self._fields
        )
        if self._length < 4 or self._length % 2 or self._inline < 4:
            _damaged()
        buffer.check(self._fields, self._length)
        buffer.check(at, self._inline)
        for place in range(4, self._length, 2):
            if self._place(place) >= self._inline:
                _damaged()

    def number(self, field: int, kind: str, default: Any = 0) -> Any:
        """Returns a field that is a number."""
        place = self._field(field)
        return self._buffer.number(place, kind) if place else default

    def table(self, field: int) -> Table | None:
        """Returns a field that is a table; None without."""
        place = self._field(field)
        return Table(self._buffer, self._buffer.offset(place)) if place else None

    def tables(self, field: int) -> list[Table]:
        """Returns a field that is a list of tables."""
        start, count = self._vector(field, 4)
        places = range(start, start + 4 * count, 4)
        return [Table(self._buffer, self._buffer.offset(place)) for place in places]

    def numbers(self, field: int, kind: str) -> tuple[Any, ...]:
        """Returns a field that is a list of numbers."""
        start, count = self._vector(field, _FORMATS[kind])
        return struct.unpack_from(f"<{count}{kind}", self._buffer.content, start)

    def length(self, field: int) -> int:
        """Returns how many bytes a field has that is a list of bytes, or text."""
        return self._vector(field, 1)[1]

    def text(self, field: int) -> str:
        """Returns a field that is text; it is checked to end with a zero."""
        start, count = self._vector(field, 1)
        if start and self._buffer.number(start + count, "b"):
            _damaged()
        return self._buffer.content[start : start + count].decode("utf-8", "replace")

    def has(self, field: int) -> bool:
        """Whether a field is there."""
        return bool(self._field(field))

    def _place(self, place: int) -> int:
        return int(
            struct.unpack_from("<H", self._buffer.content, self._fields + place)[0]
        )

    def _field(self, field: int) -> int:
        place = 4 + 2 * field
        inside = self._place(place) if place + 2 <= self._length else 0
        return self._at + inside if inside else 0

    def _vector(self, field: int, item: int) -> tuple[int, int]:
        place = self._field(field)
        if not place:
            return 0, 0
        at = self._buffer.offset(place)
        count = self._buffer.number(at, "I")
        self._buffer.check(at + 4, count * item)
        return at + 4, int(count)


def _damaged(why: str = "it is damaged") -> NoReturn:
    raise Damaged(why)
