"""What a run or an export has noted beside a model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_MOST_BYTES = 2**24

MANIFEST = "manifest.json"
RUN = "config.json"
MODEL = "model.keras"


@dataclass(frozen=True)
class Noted:
    """What is known of a model besides its weights.

    Attributes:
        class_names: One name a class, or None where nothing was noted.
        data: Of the data set that it was trained on: name, source and so on.
        name: What it is called; empty where nothing was noted.
    """

    class_names: tuple[str, ...] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    def names(self, classes: int) -> tuple[str, ...]:
        """Returns the names of so many classes: numbers where none were noted."""
        if self.class_names is not None and len(self.class_names) == classes:
            return self.class_names
        return tuple(map(str, range(classes)))


def noted_in(folder: Path) -> Noted:
    """Reads what an export (`manifest.json`) or a run (`config.json`) has noted."""
    manifest = read_noted(folder / MANIFEST)
    run = read_noted(folder / RUN)
    data = manifest.get("data") or run.get("data")
    data = data if isinstance(data, dict) else {}
    names = manifest.get("class_names") or data.get("class_names")
    is_names = isinstance(names, list) and all(isinstance(one, str) for one in names)
    config = run.get("config")
    name = manifest.get("name") or (isinstance(config, dict) and config.get("name"))
    return Noted(tuple(names) if names and is_names else None, data, str(name or ""))


def read_noted(path: Path) -> dict[str, Any]:
    """Returns the object in a JSON file; {} if there is none, or it is too large."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        noted = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return noted if isinstance(noted, dict) else {}
