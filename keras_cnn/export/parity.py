"""Whether exported files give what the Keras model gives, and how fast."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._chance import is_at_chance
from ..formats import FORMATS
from ..formats.classifier import Classifier
from ..saving.classifier import Head
from . import parity_worker
from .artifact import Artifact
from .divergence import first_difference
from .stress_images import stress_images

# The largest difference of a probability that float32 may make: a few roundings of the
# logits; and the share of images by which a smaller type may lower the accuracy, which
# a single image of a few would exceed.
MAX_DIFFERENCE = 1e-5
MAX_LOSS = 0.005
# The smallest share of labels, where none are known to be true, that counts as kept.
MIN_AGREEMENT = 0.99
_SECONDS = 600

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ArtifactParity:
    """One exported file beside the Keras model.

    Attributes:
        file: Its name.
        kind: The name of its format, one of `FORMATS`.
        precision: `float32`, `float16` or `int8`; `mixed` of a `.keras` file whose
            model does not compute in float32.
        bytes: Its size; of a SavedModel all its files together.
        difference: The largest difference of a probability, over all images, stress
            images and other batch sizes included.
        agreement: The share of images, stress images apart, with the same label.
        confidence_change: How far the probability of the model's label moves, on the
            mean of those images.
        accuracy: The share of labelled images classified correctly; None without.
        milliseconds_1: Median latency of one image.
        milliseconds_256: Median latency of a batch of 256.
        problem: Why it is not equal, in one sentence; empty if it is.
    """

    file: str
    kind: str
    precision: str
    bytes: int
    difference: float
    agreement: float
    confidence_change: float
    accuracy: float | None
    milliseconds_1: float
    milliseconds_256: float
    problem: str

    @property
    def verdict(self) -> str:
        """What was shown: a type smaller than float32 is never equal.

        `equal`; `accuracy kept`, on labelled images; without labels `labels kept`, or
        `labels differ` where less than 99% of them are the model's; `differs` where
        the export is refused.
        """
        if self.problem:
            return "differs"
        if self.precision == "float32":
            return "equal"
        if self.accuracy is not None:
            return "accuracy kept"
        return "labels kept" if self.agreement >= MIN_AGREEMENT else "labels differ"


@dataclass(frozen=True)
class Parity:
    """All files of an export beside the Keras model's weights in float32.

    Attributes:
        source: Where the real images came from.
        images: How many of them there were.
        stress_images: How many others: black, white, noise, single pixels.
        accuracy: Of the Keras model on the labelled ones; None without.
        is_at_chance: Whether that is no better than one class's share.
        mixed_difference: The largest difference of a probability between the model in
            float32 and as it was trained; None if it was trained in float32.
        artifacts: One record a file.
    """

    source: str
    images: int
    stress_images: int
    accuracy: float | None
    is_at_chance: bool
    mixed_difference: float | None
    artifacts: tuple[ArtifactParity, ...]

    @property
    def problems(self) -> list[str]:
        """Why the export is not equal to its model; empty if it is."""
        return [record.problem for record in self.artifacts if record.problem]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as JSON's types."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class ParityData:
    """What files are compared on.

    Attributes:
        source: Where the images come from.
        images: Real ones, uint8 (n, height, width, channels).
        labels: Of each its class, or -1 if it counts in no accuracy; None if unknown.
    """

    source: str
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None = None


def check_parity(
    classifier: Classifier,
    artifacts: Sequence[Artifact],
    data: ParityData,
    calibration: npt.NDArray[np.uint8] | None = None,
) -> Parity:
    """Runs each file in a process of its own, and compares.

    Args:
        classifier: The model; files are compared with it in float32.
        artifacts: The files.
        data: Real images; stress images are added.
        calibration: What int8 was calibrated with, to repeat it layer by layer.
    """
    stress = stress_images(classifier.image_shape)
    pixels = np.concatenate([data.images, stress])
    images = classifier.preparation.normalize(pixels)
    expected = _in_batches(classifier.outputs, images)
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", images)
        records = []
        for artifact in artifacts:
            values = _run(artifact, Path(folder))
            record = _compare(artifact, values, expected, data)
            if record.problem:
                record = _with_layer(
                    record, first_difference(classifier, artifact, images, calibration)
                )
            records.append(record)
    mixed = None
    if classifier.trained is not classifier.model:
        classify = Head(classifier.trained)
        trained = _in_batches(lambda x: {"probabilities": classify(x)[1]}, images)
        mixed = _largest(trained["probabilities"], expected["probabilities"])
    accuracy = _accuracy(expected["label"], data.labels)
    return Parity(
        source=data.source,
        images=len(data.images),
        stress_images=len(stress),
        accuracy=accuracy,
        is_at_chance=accuracy is not None
        and data.labels is not None
        and is_at_chance(accuracy, data.labels[data.labels >= 0]),
        mixed_difference=mixed,
        artifacts=tuple(records),
    )


def _in_batches(function: Any, images: Array) -> dict[str, Array]:
    size = parity_worker.BATCH
    parts = [
        {name: np.asarray(value, "float32") for name, value in values.items()}
        for start in range(0, len(images), size)
        for values in [function(images[start : start + size])]
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _run(artifact: Artifact, folder: Path) -> dict[str, Array]:
    """Returns what a file gives in a process of its own."""
    specification = folder / "specification.json"
    out = folder / "outputs.npz"
    format = FORMATS[artifact.kind]
    content = {
        "source": textwrap.dedent(inspect.getsource(format.run)),
        "path": str(artifact.path.absolute()),
        "images": str(folder / "images.npy"),
        "out": str(out),
        "blocked": format.without,
    }
    specification.write_text(json.dumps(content))
    # -P keeps this folder, whose modules are named like packages, off its path.
    command = [sys.executable, "-P", parity_worker.__file__, str(specification)]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise RuntimeError(f"{artifact.file} does not run by itself: {last}")
    with np.load(out) as values:
        return dict(values)


def _compare(
    artifact: Artifact,
    values: dict[str, Array],
    expected: dict[str, Array],
    data: ParityData,
) -> ArtifactParity:
    seconds = json.loads(str(values["seconds"]))
    right = expected["probabilities"]
    differences = [_largest(values["probabilities"], right)]
    for count in (1, parity_worker.BATCH + 1):
        batch = values[f"probabilities:{count}"]
        differences.append(_largest(batch, right[:count]))
    real = slice(len(data.images))
    labels = expected["label"][real]
    rows = np.arange(len(labels)), labels.astype(int)
    moved = values["probabilities"][real][rows] - right[real][rows]
    labelled = 0 if data.labels is None else int((data.labels >= 0).sum())
    record = ArtifactParity(
        file=artifact.file,
        kind=artifact.kind,
        precision=artifact.precision,
        bytes=artifact.bytes,
        difference=max(differences),
        agreement=float((values["label"][real] == labels).mean()),
        confidence_change=float(np.abs(moved).mean()),
        accuracy=_accuracy(values["label"], data.labels),
        milliseconds_1=1000 * seconds["1"],
        milliseconds_256=1000 * seconds[str(parity_worker.BATCH)],
        problem="",
    )
    return _judged(record, _accuracy(expected["label"], data.labels), labelled)


def _judged(
    record: ArtifactParity, expected: float | None, labelled: int
) -> ArtifactParity:
    problem = ""
    if record.precision == "float32":
        # Written so that NaN fails.
        if not record.difference <= MAX_DIFFERENCE:
            problem = (
                f"{record.file} differs from the Keras model by {record.difference:.2g}"
                f" in a probability, more than {MAX_DIFFERENCE:g}"
            )
    elif record.accuracy is not None and expected is not None:
        lost = expected - record.accuracy
        if lost > MAX_LOSS and lost * labelled > 1.5:
            problem = (
                f"{record.file} has an accuracy of {record.accuracy:.2%}, more than "
                f"{MAX_LOSS:.1%} below the Keras model's {expected:.2%}"
            )
    return replace(record, problem=problem)


def _with_layer(record: ArtifactParity, layer: str | None) -> ArtifactParity:
    where = (
        f"the first layer to differ is {layer}"
        if layer
        else "no single layer differs by itself"
    )
    return replace(record, problem=f"{record.problem}; {where}.")


def _largest(one: Array, other: Array) -> float:
    return float(np.abs(one.astype("float64") - other).max())


def _accuracy(labels: Array, truth: Array | None) -> float | None:
    if truth is None or not (truth >= 0).any():
        return None
    known = truth >= 0
    return float((labels[: len(truth)][known] == truth[known]).mean())
