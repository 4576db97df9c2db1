"""One exported file, or a SavedModel's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# A SavedModel's own files, among which others may lie in a version's folder.
_SAVED_MODEL = ("saved_model.pb", "fingerprint.pb", "variables/**/*", "assets/**/*")


@dataclass(frozen=True)
class Artefact:
    """What was exported.

    Attributes:
        kind: `saved_model`, `litert`, `onnx` or `keras`.
        precision: `float32`, `float16`, `int8`, or the policy of a `.keras` file.
        path: The file; of a SavedModel its folder.
    """

    kind: str
    precision: str
    path: Path

    @property
    def file(self) -> str:
        """What to call it in a table: its name, or the SavedModel's main file."""
        return "saved_model.pb" if self.kind == "saved_model" else self.path.name

    @property
    def bytes(self) -> int:
        """Its size."""
        if self.kind != "saved_model":
            return self.path.stat().st_size
        files = [file for one in _SAVED_MODEL for file in self.path.glob(one)]
        return sum(file.stat().st_size for file in files if file.is_file())
