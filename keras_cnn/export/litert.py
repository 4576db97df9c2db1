"""LiteRT, once TensorFlow Lite: in float32, with float16 weights, and in int8."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError, first_line
from .._images import scale
from .classifier import INPUT, Classifier, as_module
from .erfc import without_erfc

# The flatbuffer's metadata entry with the model's name and classes.
METADATA = "keras_cnn"

Pixels = npt.NDArray[np.uint8]


def convert(
    classifier: Classifier, kind: str, name: str, calibration: Pixels | None = None
) -> bytes:
    """Returns a classifier as the bytes of a `.tflite` file.

    Its only signature, `serving_default`, takes `image` and gives `logits`,
    `probabilities` and `label`, float32 in and out whatever it computes in. Name and
    classes are in its metadata, as JSON under `keras_cnn`.

    Args:
        classifier: What to convert.
        kind: `float32`; `float16`, whose weights take half the space; or `int8`, whose
            weights and activations do, on a scale that is fitted to `calibration`.
        name: The model's name.
        calibration: For `int8`, training images, uint8 (n, height, width, channels).

    Raises:
        InputError: If LiteRT has no operation for something that the model does.
    """
    import tensorflow as tf

    function = tf.function(
        classifier.answer, input_signature=[classifier.specification]
    )
    signatures = {"serving_default": function}
    with tempfile.TemporaryDirectory() as folder:
        with without_erfc():
            tf.saved_model.save(as_module(classifier, signatures), folder, signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if kind != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if kind == "int8":
            converter.representative_dataset = lambda: _samples(calibration)
            converter.target_spec.supported_ops = [
                tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
                tf.lite.OpsSet.TFLITE_BUILTINS,  # for what has no form in int8
            ]
        try:
            with _quiet():
                content = converter.convert()
        except Exception as error:  # the converter's own class is not public
            raise InputError(
                "Every operation of the model must exist in LiteRT. "
                f"Received: {classifier.model.name} ({first_line(error)})."
            ) from error
    return _with_metadata(content, name, classifier.class_names)


@contextmanager
def _quiet() -> Iterator[None]:
    """Holds back a warning to users of a class that the converter itself uses."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Interpreter is deprecated")
        yield


def _samples(pixels: Any) -> Iterator[dict[str, Any]]:
    for image in scale(pixels):
        yield {INPUT: image[np.newaxis]}


def _with_metadata(content: bytes, name: str, class_names: tuple[str, ...]) -> bytes:
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    buffer = schema.BufferT()
    facts = {"name": name, "class_names": class_names}
    buffer.data = list(json.dumps(facts).encode())
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
