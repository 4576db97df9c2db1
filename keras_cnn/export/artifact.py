"""One exported file, or a SavedModel's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# A SavedModel's own files, among which others may lie in a version's folder.
_SAVED_MODEL = ("saved_model.pb", "fingerprint.pb", "variables/**/*", "assets/**/*")


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
        """What to call it in a table: its name, or the SavedModel's main file."""
        return "saved_model.pb" if self.path.is_dir() else self.path.name

    @property
    def bytes(self) -> int:
        """Its size."""
        if self.path.is_file():
            return self.path.stat().st_size
        files = [path for name in _SAVED_MODEL for path in self.path.glob(name)]
        return sum(path.stat().st_size for path in files if path.is_file())
