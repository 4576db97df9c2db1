"""The model card: what a person should know of an export, as its README."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._checks import one_line
from .._environment import versions
from ..formats import FORMATS
from ..formats.classifier import Classifier
from ..formats.format import Signatures
from ..saving.metadata import ModelMetadata
from .artifact import Artifact
from .parity import Parity

CARD = "README.md"


def write_card(
    folder: Path,
    version: Path,
    metadata: ModelMetadata,
    classifier: Classifier,
    signatures: Signatures,
    artifacts: Sequence[Artifact],
    parity: Parity | None,
) -> None:
    """Writes the model card.

    Args:
        folder: The export, for now under a temporary name.
        version: The path that it is about to get.
        metadata: What is known of the model.
        classifier: The model.
        signatures: A SavedModel's inputs and outputs by signature; {} without one.
        artifacts: What was exported.
        parity: How the files compare with the model; None if it was not checked.
    """
    shape = "x".join(map(str, classifier.image_shape))
    accuracy = "not measured"
    if metadata.accuracy is not None:
        accuracy = f"{metadata.accuracy:.4f} on {metadata.test_images:,} test images"
    note = _escaped(metadata.data.get("note") or "")
    lines = [
        f"# {_escaped(classifier.name)}",
        "",
        f"An image classifier of {classifier.model.count_params():,} parameters, for "
        f"images of {shape}, with {len(classifier.class_names)} classes: "
        f"{', '.join(map(_escaped, classifier.class_names))}.",
        "",
        *([f"**{note}**", ""] if note else []),
        "| | |",
        "| --- | --- |",
        f"| accuracy | {accuracy} |",
        *(f"| data: {key} | {value} |" for key, value in _shown(metadata.data)),
        *(f"| training: {key} | {value} |" for key, value in _shown(metadata.training)),
        *(f"| {package} | {number} |" for package, number in versions().items()),
        "",
        "## Files",
        "",
        "Each takes `image`, float32 in [0, 1], and gives `logits`, `probabilities` "
        "and `label`.",
        "",
        *_compared(artifacts, parity),
        "",
    ]
    if signatures:
        lines += [
            "## Signatures of the SavedModel",
            "",
            *(_described(name, tensors) for name, tensors in signatures.items()),
            "",
        ]
    lines += [
        "## Use",
        "",
        "```python",
        "from keras_cnn import prediction",
        "",
        *_loaded(version, artifacts),
        'print(model.predict(["drawing.png"]))',
        "```",
        "",
        "It knows only these classes: whatever it is shown, it answers with one of "
        "them.",
    ]
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _escaped(value: Any) -> str:
    r"""Returns text that Markdown and HTML show as it is, on one line.

    Example:
        >>> _escaped("<img src=x> [cat](http://x) | a_b")
        '&lt;img src=x&gt; \\[cat\\](http://x) \\| a_b'
    """
    return re.sub(r"[\\`*|\[\]]", r"\\\g<0>", html.escape(one_line(str(value)), False))


def _shown(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (_escaped(key.replace("_", " ")), _escaped(value))
        for key, value in facts.items()
        if value not in ("", None) and key != "note"
    ]


def _loaded(version: Path, artifacts: Sequence[Artifact]) -> list[str]:
    """Returns the code that loads the first file, and names the others."""
    where = f"{version.parent.name}/{version.name}"
    paths = []
    for artifact in artifacts:
        is_folder = not FORMATS[artifact.kind].suffix
        paths.append(where if is_folder else f"{where}/{artifact.file}")
    first, *others = paths
    hint = f"  # or {', '.join(others)}" if others else ""
    return [f"model = prediction.load({json.dumps(first)}){hint}"]


def _compared(artifacts: Sequence[Artifact], parity: Parity | None) -> list[str]:
    if parity is None:
        files = [f"- `{artifact.file}`" for artifact in artifacts]
        return [*files, "", "Not compared with the model."]
    rows = [
        f"| `{one.file}` | {one.precision} | {one.verdict} | {one.bytes:,} | "
        f"{one.difference:.1e} | {one.confidence_change:.1e} | {one.agreement:.2%} | "
        f"{_share(one.accuracy)} | {one.milliseconds_1:.2f} | "
        f"{one.milliseconds_256:.1f} |"
        for one in parity.artifacts
    ]
    lines = [
        "| file | | | bytes | largest difference | mean change of confidence | same "
        "label | accuracy | ms, 1 image | ms, 256 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        f"Compared with the Keras model in float32 on {parity.images:,} real images "
        f"({_escaped(parity.source)}) and {parity.stress_images} stress images, each "
        "file in a process without Keras; the difference is of a probability, and "
        "confidence is the probability of the model's label.",
    ]
    if parity.mixed_difference is not None:
        lines.append(
            "The model was trained in mixed precision; computed so, its probabilities "
            f"differ from these by up to {parity.mixed_difference:.1e}."
        )
    return lines


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _described(name: str, signature: Mapping[str, Any]) -> str:
    def listed(tensors: Mapping[str, str]) -> str:
        return ", ".join(f"`{tensor}` {spec}" for tensor, spec in tensors.items())

    takes = listed(signature["inputs"]) or "nothing"
    return f"- `{name}`: {takes} to {listed(signature['outputs'])}"
