"""What is known of a model beside its weights, and where it is written down."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._preparation import Preparation

_MAX_BYTES = 2**24

MANIFEST = "manifest.json"
CONFIG = "config.json"
RESULT = "result.json"
MODEL = "model.keras"

# What a run notes of its data that is told elsewhere, and of its options that say
# where things lie rather than how the model was trained.
_DATA_ELSEWHERE = ("class_names", "image_shape", "images")
_NOT_TRAINING = ("dataset", "data_dir", "manual_dir", "name", "model", "init")


@dataclass(frozen=True)
class ModelMetadata:
    """What is known of a model beside its weights.

    Attributes:
        name: The model's name; empty if unknown.
        class_names: One name a class, in the order of the outputs; None if unknown.
        data: Where the training images came from: name, source, version, checksum.
        accuracy: Share of test images, in [0, 1], classified correctly; None if
            unknown.
        test_images: How many images that was measured on; None if unknown.
        training: How it was trained: the options of the run.
        version: Its version; 1 unless it was exported under another.
        preparation: How images are prepared for it; None if unknown.
    """

    name: str = ""
    class_names: tuple[str, ...] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    accuracy: float | None = None
    test_images: int | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    preparation: Preparation | None = None

    def labels(self, classes: int) -> tuple[str, ...]:
        """Returns a label for each of so many classes: numbers if names are unknown.

        Example:
            >>> ModelMetadata(class_names=("cat", "dog")).labels(2)
            ('cat', 'dog')
            >>> ModelMetadata().labels(2)
            ('0', '1')
        """
        if self.class_names is not None and len(self.class_names) == classes:
            return self.class_names
        return tuple(map(str, range(classes)))


def read_metadata(path: Path) -> ModelMetadata:
    """Reads what an export (`manifest.json`) or a run (`config.json`) says of a model.

    Args:
        path: A model's file, or the folder in which it lies.

    Returns:
        What is known. Where nothing is, the model is called as its file.

    Raises:
        InputError: If it says how images are prepared, in a way that cannot be.
    """
    folder = path if path.is_dir() else path.parent
    manifest = read_json(folder / MANIFEST)
    run = read_json(folder / CONFIG)
    result = read_json(folder / RESULT)
    config = _mapping(run.get("config"))
    run_data = _mapping(run.get("data"))
    number = folder.resolve().name
    return ModelMetadata(
        name=_text(manifest.get("name")) or _text(config.get("name")) or path.stem,
        class_names=_names(manifest.get("class_names") or run_data.get("class_names")),
        data=_mapping(manifest.get("data")) or _without(run_data, _DATA_ELSEWHERE),
        accuracy=_number(manifest.get("accuracy", result.get("test_accuracy"))),
        test_images=_number(manifest.get("test_images", result.get("test_images"))),
        training=_mapping(manifest.get("training")) or _without(config, _NOT_TRAINING),
        version=int(number) if re.fullmatch("[1-9][0-9]{0,17}", number) else 1,
        preparation=_preparation(manifest) or _preparation(run),
    )


def _preparation(record: dict[str, Any]) -> Preparation | None:
    """Returns how images are prepared, by an export's or a run's record.

    An older record does not say it; its images were those of the data set, with values
    in 0..1.
    """
    if (noted := record.get("preparation")) is not None:
        return Preparation.from_dict(noted)
    if not (data := _mapping(record.get("data"))):
        return None
    shape = record.get("image_shape", data.get("image_shape"))
    sides = shape if isinstance(shape, list) and len(shape) == 3 else [0, 0, 0]
    are_sides = all(type(side) is int and side > 0 for side in sides)
    if not are_sides or sides[2] not in (1, 3):
        return None
    name, source = _text(data.get("name")), _text(data.get("source"))
    return Preparation.of_data(name, source, (sides[0], sides[1], sides[2]))


def read_json(path: Path) -> dict[str, Any]:
    """Returns the object in a JSON file; {} if there is none, or it is too large."""
    try:
        # A pipe has no end, and a device need not have one.
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return {}
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return _mapping(content)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _without(values: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {
        key: value for key, value in values.items() if key not in keys and value != {}
    }


def _names(value: Any) -> tuple[str, ...] | None:
    is_names = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return tuple(value) if value and is_names else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> Any:
    return value if type(value) in (int, float) else None
