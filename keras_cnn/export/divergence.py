"""Where an exported model parts from the Keras model: at which layer."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from . import litert, onnx, parity_worker
from .artefact import Artefact
from .classifier import Classifier
from .saved_model import write_saved_model

# How far a layer's values may be off, as a share of their size: rounding, and what is
# left of a layer in int8 that is of use.
_TOLERANCE = {"float32": 1e-5, "float16": 1e-2, "int8": 0.2}
_IMAGES = 32


def first_difference(
    classifier: Classifier,
    artefact: Artefact,
    images: npt.NDArray[np.float32],
    calibration: npt.NDArray[np.uint8] | None,
) -> str | None:
    """Returns the first layer whose output, exported alike, differs; None if none does.

    The model is exported again and again in the artefact's format, cut off after each
    layer, and run in this process.

    Args:
        classifier: The Keras model in float32.
        artefact: The format that differs.
        images: float32 in [0, 1]; a few of them are used.
        calibration: What int8 is calibrated with.
    """
    model = classifier.model
    if artefact.kind == "keras" or not getattr(model, "inputs", None):
        return None
    few = images[:: -(-len(images) // _IMAGES)]
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        inner = keras.Model(model.inputs[0], layer.output)
        expected = np.asarray(inner(few, training=False))
        found = _exported(classifier, inner, artefact, few, calibration)
        off = np.sqrt(np.mean((found - expected) ** 2))
        size = np.sqrt(np.mean(expected**2))
        # Written so that NaN differs.
        if not off <= _TOLERANCE[artefact.precision] * max(size, 1e-6):
            return str(layer.name)
    return None


def _exported(
    classifier: Classifier,
    inner: keras.Model,
    artefact: Artefact,
    images: npt.NDArray[np.float32],
    calibration: npt.NDArray[np.uint8] | None,
) -> Any:
    """Returns what a model gives for some images after a way through a format."""
    cut = replace(
        classifier,
        model=inner,
        answer=lambda image: {"value": inner(image, training=False)},
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cut"
        if artefact.kind == "saved_model":
            write_saved_model(cut, path)
        elif artefact.kind == "onnx":
            path.write_bytes(onnx.convert(cut, "cut"))
        else:
            content = litert.convert(cut, artefact.precision, "cut", calibration)
            path.write_bytes(content)
        return parity_worker.LOADERS[artefact.kind](str(path))(images)["value"]
