"""The function that every format holds: images in, logits, probabilities, label out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from .._checks import InputError
from ..saving.classifier import Head, image_shape, in_float32

INPUT = "image"


@dataclass(frozen=True, eq=False)
class Classifier:
    """A model in float32, ready to be traced.

    Attributes:
        model: The model, or its copy in float32.
        image_shape: (height, width, channels).
        class_names: One name an output.
        answer: From float32 images, (batch, height, width, channels), to the outputs by
            name. It has no branches, so that it converts to any format; in TensorFlow
            an empty batch needs one, see `saved_model`.
    """

    model: keras.Model
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    answer: Callable[[Any], dict[str, Any]]

    @property
    def specification(self) -> Any:
        """The input's `tf.TensorSpec`, for any batch size."""
        import tensorflow as tf

        return tf.TensorSpec((None, *self.image_shape), tf.float32, name=INPUT)


def read_classifier(model: keras.Model, class_names: Sequence[str]) -> Classifier:
    """Prepares a model for export.

    Raises:
        InputError: If it is no classifier of gray or RGB images of one size, or has
            another number of outputs than there are class names.
    """
    import tensorflow as tf

    plain = in_float32(model)
    shape = image_shape(plain)
    classify = Head(plain)
    if classify.classes != len(class_names):
        raise InputError(
            "There must be one class name for each of the model's outputs. Received: "
            f"{len(class_names)} names and {classify.classes} outputs."
        )

    def answer(image: Any) -> dict[str, Any]:
        logits, probabilities = classify(image)
        return {
            "logits": tf.identity(logits, "logits"),
            "probabilities": tf.identity(probabilities, "probabilities"),
            "label": tf.argmax(probabilities, axis=-1, name="label"),
        }

    return Classifier(plain, shape, tuple(class_names), answer)


def as_module(classifier: Classifier, signatures: dict[str, Any]) -> Any:
    """Returns what `tf.saved_model.save` saves: the weights and the functions."""
    import tensorflow as tf

    module = tf.Module()
    module.weights = [weight.value for weight in classifier.model.weights]
    module.functions = list(signatures.values())
    return module
