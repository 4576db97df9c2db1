"""The manifest: what a program should know of an export before it loads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .._environment import versions
from .._files import sha256, write_json
from .parity import Parity

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ModelFacts:
    """What an export should say of a model beyond its weights.

    Attributes:
        name: The model's name.
        class_names: One name a class, in the order of the outputs.
        data: Where the training images came from: name, source, version, checksum.
        accuracy: Share of test images, in [0, 1], classified correctly; None if not
            known.
        test_images: How many images that was measured on.
        training: How it was trained: the options of the run.
    """

    name: str
    class_names: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    accuracy: float | None = None
    test_images: int | None = None
    training: Mapping[str, Any] = field(default_factory=dict)


def write_manifest(
    folder: Path,
    facts: ModelFacts,
    image_shape: tuple[int, int, int],
    signatures: Mapping[str, Any],
    parity: Parity | None,
) -> None:
    """Writes `manifest.json`: each file's SHA-256 and size, and the model's facts.

    Args:
        folder: The export, complete but for the manifest, which does not list itself.
        facts: What is known of the model.
        image_shape: (height, width, channels).
        signatures: A SavedModel's inputs and outputs by signature; {} without one.
        parity: How its files compare with the model; None if that was not checked.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    write_json(
        folder / MANIFEST,
        {
            "name": facts.name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "class_names": list(facts.class_names),
            "image_shape": list(image_shape),
            "signatures": signatures,
            "accuracy": facts.accuracy,
            "test_images": facts.test_images,
            "verified": parity is not None,
            "data": dict(facts.data),
            "training": dict(facts.training),
            "versions": versions(),
            "files": {
                path.relative_to(folder).as_posix(): {
                    "sha256": sha256(path),
                    "bytes": path.stat().st_size,
                }
                for path in files
            },
        },
    )
