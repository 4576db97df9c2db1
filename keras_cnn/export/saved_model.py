"""TensorFlow's SavedModel, in the layout that TensorFlow Serving expects."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import keras

from .._checks import InputError
from .._files import publish_version, temporary_folder
from .._images import scale
from ..models.heads import in_float32, logits_and_probabilities
from .manifest import ModelFacts, write_card, write_manifest


def export_saved_model(model: keras.Model, folder: Path, facts: ModelFacts) -> Path:
    """Writes a classifier as a SavedModel, `folder/<name>/<next version>/`.

    It loads with `tf.saved_model.load` where Keras is not installed. Its signatures are
    `serving_default`, on float32 images in [0, 1], and `uint8`, on pixels in 0..255.
    Both take `image`, (batch, height, width, channels) with any batch size, and give
    `logits` and `probabilities`, float32, (batch, classes), and `label`, int64,
    (batch,). It computes in float32, whatever the model was trained in.

    The version is written under a temporary name and then renamed; an existing version
    is never touched.

    Args:
        model: A Keras image classifier, built, with logits or probabilities as output.
        folder: Where exports are kept.
        facts: The model's name, its classes, its data and its accuracy.

    Returns:
        The version's folder.

    Raises:
        OSError: If the folder cannot be written to, or its disk is full.
        InputError: If the model is no classifier, or has another number of classes
            than `facts` names.

    Example:
        >>> import tempfile
        >>> from keras_cnn.models import article_cnn
        >>> digits = ModelFacts("digits", tuple("0123456789"))
        >>> path = export_saved_model(article_cnn(), Path(tempfile.mkdtemp()), digits)
        >>> path.parts[-2:]
        ('digits', '1')
    """
    import tensorflow as tf

    plain = in_float32(model)
    classify = logits_and_probabilities(plain)
    if plain.output_shape[1] != len(facts.class_names):
        raise InputError(
            "There must be one class name for each of the model's outputs. Received: "
            f"{len(facts.class_names)} names and {plain.output_shape[1]} outputs."
        )
    image_shape = (None, *plain.input_shape[1:])

    def answer(image: Any) -> dict[str, Any]:
        count = tf.shape(image)[0]
        # TensorFlow 2.21's convolutions on CPU fail on an empty batch: one blank image
        # is classified in its place, and its answer dropped.
        blank = tf.zeros((1, *image_shape[1:]), image.dtype)
        some = tf.cond(count > 0, lambda: image, lambda: blank)
        logits, probabilities = (values[:count] for values in classify(some))
        return {
            "logits": tf.identity(logits, "logits"),
            "probabilities": tf.identity(probabilities, "probabilities"),
            "label": tf.argmax(probabilities, axis=-1, name="label"),
        }

    def signature(function: Any, dtype: Any) -> Any:
        specification = tf.TensorSpec(image_shape, dtype, name="image")
        return tf.function(function, input_signature=[specification])

    module = tf.Module()
    module.weights = [weight.value for weight in plain.weights]
    signatures = {
        "serving_default": signature(answer, tf.float32),
        "uint8": signature(lambda image: answer(scale(image)), tf.uint8),
    }
    parent = folder / facts.name
    with temporary_folder(parent) as temporary:
        content = temporary / "version"
        try:
            tf.saved_model.save(module, str(content), signatures)
        except tf.errors.OpError as error:  # a full disk, in TensorFlow's words
            reason = str(error).splitlines()[0]
            raise OSError(errno.EIO, reason, str(parent)) from error
        described = {
            name: _described(function) for name, function in signatures.items()
        }
        write_card(content, facts, described, plain.count_params())
        write_manifest(content, facts, described)
        return publish_version(content, parent)


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
