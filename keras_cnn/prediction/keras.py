"""Opening of a `.keras` file as a predictor; needs Keras on TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .._checks import InputError, first_line
from ..saving.classifier import Head, image_shape
from ..saving.loading import load_model
from ..saving.metadata import noted_in
from .predictor import Predictor


def open_keras(path: Path) -> Predictor:
    """Opens a `.keras` file of an image classifier; needs Keras on TensorFlow."""
    import tensorflow as tf

    model = load_model(path, compile=False)
    shape = image_shape(model)
    try:
        classify = Head(model)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        raise InputError(
            "A model must classify images of the shape that it says. "
            f"Received: {str(path)!r} ({first_line(error)})."
        ) from error
    specification = tf.TensorSpec((None, *shape), tf.float32)

    @tf.function(input_signature=[specification])
    def probabilities(images: Any) -> Any:
        return tf.cast(classify(images)[1], tf.float32)

    return Predictor(
        lambda images: probabilities(images).numpy(),
        shape,
        noted_in(path.parent).names(classify.classes),
    )
