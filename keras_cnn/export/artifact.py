"""One exported file, or a SavedModel's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..formats import FORMATS


@dataclass(frozen=True)
class Artifact:
    """What was exported.

    Attributes:
        kind: The name of its format, one of `FORMATS`.
        precision: `float32`, `float16` or `int8`; `mixed` of a `.keras` file whose
            model does not compute in float32.
        path: The file; of a SavedModel its folder.
    """

    kind: str
    precision: str
    path: Path

    @property
    def file(self) -> str:
        """What to call it in a table: the name of its only file, or of the main one."""
        return self._content[0].name

    @property
    def bytes(self) -> int:
        """Its size, all its files together."""
        return sum(file.stat().st_size for file in self._content)

    @property
    def _content(self) -> list[Path]:
        return FORMATS[self.kind].content(self.path)
