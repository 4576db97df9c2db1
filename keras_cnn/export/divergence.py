"""At which layer an exported model begins to differ from the Keras model."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ..formats import FORMATS
from ..formats.classifier import Classifier
from .artifact import Artifact

# How far a layer's values may be off, as a share of their size: rounding, and what is
# left of a layer in int8 that is of use.
_TOLERANCE = {"float32": 1e-5, "float16": 1e-2, "int8": 0.2}
_IMAGES = 32


def first_difference(
    classifier: Classifier,
    artifact: Artifact,
    images: npt.NDArray[np.float32],
    calibration: npt.NDArray[np.uint8] | None,
) -> str | None:
    """Returns the first layer whose output, exported alike, differs; None if none does.

    The model is exported again and again in the file's format, cut off after each
    layer, and run in this process.

    Args:
        classifier: The Keras model in float32.
        artifact: The file that differs.
        images: float32 in [0, 1]; a few of them are used.
        calibration: What int8 is calibrated with.
    """
    model = classifier.model
    runs_keras = "keras" not in FORMATS[artifact.kind].without
    if runs_keras or not getattr(model, "inputs", None):
        return None
    few = images[:: -(-len(images) // _IMAGES)]
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        inner = keras.Model(model.inputs[0], layer.output)
        expected = np.asarray(inner(few, training=False))
        exported = _run_exported(classifier, inner, artifact, few, calibration)
        off = np.sqrt(np.mean((exported - expected) ** 2))
        size = np.sqrt(np.mean(expected**2))
        # Written so that NaN differs.
        if not off <= _TOLERANCE[artifact.precision] * max(size, 1e-6):
            return str(layer.name)
    return None


def _run_exported(
    classifier: Classifier,
    inner: keras.Model,
    artifact: Artifact,
    images: npt.NDArray[np.float32],
    calibration: npt.NDArray[np.uint8] | None,
) -> Any:
    """Returns what a model gives for some images once it is exported."""
    cut = replace(
        classifier,
        model=inner,
        outputs=lambda image: {"value": inner(image, training=False)},
    )
    format = FORMATS[artifact.kind]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cut"
        format.write(cut, path, artifact.precision, calibration)
        return format.run(str(path))(images)["value"]
