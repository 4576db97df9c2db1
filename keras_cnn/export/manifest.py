"""What stands beside an exported model: a manifest for programs, a card for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .._environment import versions
from .._files import sha256, write_json

MANIFEST = "manifest.json"
CARD = "README.md"


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
    folder: Path, facts: ModelFacts, signatures: Mapping[str, Any]
) -> None:
    """Writes `manifest.json`: each file's SHA-256 and size, and the model's facts.

    Args:
        folder: The export, complete but for the manifest, which does not list itself.
        facts: What is known of the model.
        signatures: Inputs and outputs by signature.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    write_json(
        folder / MANIFEST,
        {
            "name": facts.name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "class_names": list(facts.class_names),
            "signatures": signatures,
            "accuracy": facts.accuracy,
            "test_images": facts.test_images,
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


def write_card(
    folder: Path, facts: ModelFacts, signatures: Mapping[str, Any], parameters: int
) -> None:
    """Writes the model card, `README.md`.

    Args:
        folder: The export.
        facts: What is known of the model.
        signatures: Inputs and outputs by signature.
        parameters: The number of weights.
    """
    accuracy = "not measured"
    if facts.accuracy is not None:
        accuracy = f"{facts.accuracy:.4f} on {facts.test_images:,} test images"
    note = facts.data.get("note")
    lines = [
        f"# {facts.name}",
        "",
        f"An image classifier of {parameters:,} parameters with "
        f"{len(facts.class_names)} classes: {', '.join(facts.class_names)}.",
        "",
        *([f"**{note}**", ""] if note else []),
        "| | |",
        "| --- | --- |",
        f"| accuracy | {accuracy} |",
        *(f"| data: {key} | {value} |" for key, value in _shown(facts.data)),
        *(f"| training: {key} | {value} |" for key, value in _shown(facts.training)),
        *(f"| {package} | {number} |" for package, number in versions().items()),
        "",
        "## Signatures",
        "",
        *(_describe(name, signature) for name, signature in signatures.items()),
        "",
        "## Use",
        "",
        "```python",
        "import tensorflow as tf",
        "",
        f'model = tf.saved_model.load("{facts.name}/1")  # or another version',
        'classify = model.signatures["serving_default"]',
        'classify(image=images)["label"]  # images: float32 in [0, 1]',
        "```",
        "",
        "It knows these classes alone: whatever it is shown, it answers with one of "
        "them.",
    ]
    (folder / CARD).write_text("\n".join(lines) + "\n")


def _shown(facts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        (key.replace("_", " "), value)
        for key, value in facts.items()
        if value not in ("", None) and key != "note"
    ]


def _describe(name: str, signature: Mapping[str, Any]) -> str:
    def listed(tensors: Mapping[str, str]) -> str:
        return ", ".join(f"`{tensor}` {spec}" for tensor, spec in tensors.items())

    return (
        f"- `{name}`: {listed(signature['inputs'])} to {listed(signature['outputs'])}"
    )
