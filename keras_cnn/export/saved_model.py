"""TensorFlow's SavedModel, as TensorFlow Serving loads it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from .._checks import first_line
from .._images import scale
from .classifier import INPUT, Classifier, as_module
from .encoded import decoder

Signatures = dict[str, dict[str, dict[str, str]]]


def write_saved_model(classifier: Classifier, folder: Path) -> Signatures:
    """Writes a SavedModel into a folder and returns what its signatures take and give.

    `serving_default` takes `image`, float32 in [0, 1], (batch, height, width,
    channels); `uint8` takes pixels in 0..255; `encoded` takes PNG or JPEG bytes,
    (batch,). All take any batch size, 0 included, and give `logits` and
    `probabilities`, float32 (batch, classes), and `label`, int64 (batch,).
    `class_names` takes nothing and gives the names, string (classes,).

    Raises:
        OSError: If the folder cannot be written to, or its disk is full.
    """
    import tensorflow as tf

    shape = (None, *classifier.image_shape)
    decode = decoder(classifier.image_shape)

    def answer(image: Any) -> dict[str, Any]:
        count = tf.shape(image)[0]
        # TensorFlow 2.21's convolutions on CPU fail on an empty batch: one blank image
        # is classified in its place, and its answer dropped.
        blank = tf.zeros((1, *classifier.image_shape), image.dtype)
        some = tf.cond(count > 0, lambda: image, lambda: blank)
        answers = classifier.answer(some)
        return {
            name: tf.identity(values[:count], name) for name, values in answers.items()
        }

    def signature(function: Any, shape: Any, dtype: Any) -> Any:
        specification = tf.TensorSpec(shape, dtype, name=INPUT)
        return tf.function(function, input_signature=[specification])

    names = tf.constant(classifier.class_names)
    signatures = {
        "serving_default": signature(answer, shape, tf.float32),
        "uint8": signature(lambda image: answer(scale(image)), shape, tf.uint8),
        "encoded": signature(lambda image: answer(decode(image)), (None,), tf.string),
        "class_names": tf.function(
            lambda: {"class_names": tf.identity(names)}, input_signature=[]
        ),
    }
    try:
        tf.saved_model.save(as_module(classifier, signatures), str(folder), signatures)
    except tf.errors.OpError as error:  # a full disk, in TensorFlow's words
        raise OSError(errno.EIO, first_line(error), str(folder)) from error
    return {name: _described(function) for name, function in signatures.items()}


def _described(function: Any) -> dict[str, dict[str, str]]:
    """Returns the inputs and outputs of a signature, as text."""
    concrete = function.get_concrete_function()
    inputs = {spec.name: spec for spec in function.input_signature}
    return {
        "inputs": {name: _text(spec) for name, spec in inputs.items()},
        "outputs": {
            name: _text(spec) for name, spec in concrete.structured_outputs.items()
        },
    }


def _text(spec: Any) -> str:
    sides = ", ".join("batch" if side is None else str(side) for side in spec.shape)
    return f"{spec.dtype.name} ({sides})"
