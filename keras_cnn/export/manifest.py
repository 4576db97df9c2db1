"""The manifest: what a program should know of an export before it loads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .._environment import versions
from .._files import sha256, write_json
from ..saving.metadata import MANIFEST, ModelMetadata
from .parity import Parity


def write_manifest(
    folder: Path,
    metadata: ModelMetadata,
    image_shape: tuple[int, int, int],
    signatures: Mapping[str, Any],
    parity: Parity | None,
) -> None:
    """Writes `manifest.json`: the files' sums, and what is known of the model.

    Args:
        folder: The export, complete except for the manifest itself.
        metadata: What is known of the model.
        image_shape: (height, width, channels).
        signatures: A SavedModel's inputs and outputs by signature; {} without one.
        parity: How its files compare with the model; None if that was not checked.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    write_json(
        folder / MANIFEST,
        {
            "name": metadata.name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "class_names": list(metadata.class_names or ()),
            "image_shape": list(image_shape),
            "preparation": metadata.preparation and metadata.preparation.to_dict(),
            "signatures": signatures,
            "accuracy": metadata.accuracy,
            "test_images": metadata.test_images,
            "verified": parity is not None,
            "data": dict(metadata.data),
            "training": dict(metadata.training),
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
