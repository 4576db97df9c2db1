"""The model card: what a person should know of an export, as its README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._environment import versions
from .classifier import Classifier
from .manifest import ModelFacts
from .parity import Parity
from .saved_model import Signatures

CARD = "README.md"


def write_card(
    folder: Path,
    facts: ModelFacts,
    classifier: Classifier,
    signatures: Signatures,
    files: Sequence[str],
    parity: Parity | None,
) -> None:
    """Writes the model card.

    Args:
        folder: The export.
        facts: What is known of the model.
        classifier: The model.
        signatures: A SavedModel's inputs and outputs by signature; {} without one.
        files: What was exported.
        parity: How the files compare with the model; None if it was not checked.
    """
    shape = "x".join(map(str, classifier.image_shape))
    accuracy = "not measured"
    if facts.accuracy is not None:
        accuracy = f"{facts.accuracy:.4f} on {facts.test_images:,} test images"
    note = facts.data.get("note")
    lines = [
        f"# {facts.name}",
        "",
        f"An image classifier of {classifier.model.count_params():,} parameters, for "
        f"images of {shape}, with {len(facts.class_names)} classes: "
        f"{', '.join(facts.class_names)}.",
        "",
        *([f"**{note}**", ""] if note else []),
        "| | |",
        "| --- | --- |",
        f"| accuracy | {accuracy} |",
        *(f"| data: {key} | {value} |" for key, value in _shown(facts.data)),
        *(f"| training: {key} | {value} |" for key, value in _shown(facts.training)),
        *(f"| {package} | {number} |" for package, number in versions().items()),
        "",
        "## Files",
        "",
        "Each takes `image`, float32 in [0, 1], and gives `logits`, `probabilities` "
        "and `label`.",
        "",
        *_compared(files, parity),
        "",
    ]
    if signatures:
        lines += [
            "## Signatures of the SavedModel",
            "",
            *(_described(name, one) for name, one in signatures.items()),
            "",
        ]
    lines += [
        "## Use",
        "",
        "```python",
        "from keras_cnn import prediction",
        "",
        f'model = prediction.load("{facts.name}/1")  # or a .tflite or .onnx in it',
        'print(model.predict(["drawing.png"]))',
        "```",
        "",
        "It knows these classes alone: whatever it is shown, it answers with one of "
        "them.",
    ]
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _shown(facts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        (key.replace("_", " "), value)
        for key, value in facts.items()
        if value not in ("", None) and key != "note"
    ]


def _compared(files: Sequence[str], parity: Parity | None) -> list[str]:
    if parity is None:
        return [*(f"- `{file}`" for file in files), "", "Not compared with the model."]
    rows = [
        f"| `{one.file}` | {one.precision} | {one.bytes:,} | {one.difference:.1e} | "
        f"{one.agreement:.2%} | {_share(one.accuracy)} | {one.milliseconds_1:.2f} | "
        f"{one.milliseconds_256:.1f} |"
        for one in parity.artefacts
    ]
    lines = [
        "| file | | bytes | largest difference | same label | accuracy | ms, 1 image | "
        "ms, 256 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        f"Compared with the Keras model in float32 on {parity.images:,} real images "
        f"({parity.source}) and {parity.hard_images} hard ones, each file in a process "
        "without Keras; the difference is of a probability.",
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
