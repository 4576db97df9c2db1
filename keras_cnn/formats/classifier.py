"""The function that every format holds: images in, logits, probabilities, label out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from .._checks import InputError, one_line
from .._preparation import Preparation
from ..saving.classifier import Head, image_shape, in_float32
from ..saving.input_pixels import likely_preparation

INPUT = "image"


@dataclass(frozen=True, eq=False)
class Classifier:
    """A model in float32, ready to be traced.

    Attributes:
        trained: The model as it was trained.
        model: The same model, or its copy in float32.
        name: The name that its files give it.
        image_shape: (height, width, channels).
        class_names: One name an output.
        preparation: How images are prepared for it.
        outputs: From float32 images, (batch, height, width, channels), to the outputs
            by name. It has no branches, so that it converts to any format; in
            TensorFlow an empty batch needs one, see `saved_model`.
    """

    trained: keras.Model
    model: keras.Model
    name: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    preparation: Preparation
    outputs: Callable[[Any], dict[str, Any]]

    @property
    def specification(self) -> Any:
        """The input's `tf.TensorSpec`, for any batch size."""
        import tensorflow as tf

        return tf.TensorSpec((None, *self.image_shape), tf.float32, name=INPUT)


def read_classifier(
    model: keras.Model,
    name: str,
    class_names: Sequence[str] | None = None,
    preparation: Preparation | None = None,
) -> Classifier:
    """Prepares a model for export.

    Args:
        model: A classifier of images.
        name: The name that its files give it.
        class_names: One name an output. Defaults to numbers.
        preparation: How images are prepared for it. Defaults to resizing, with the
            values that its graph takes where that can be told, else 0..1.

    Raises:
        InputError: If it is not a classifier of gray or RGB images of one size, has
            another number of outputs than there are class names, images of another
            size or color than are prepared for it, or a name that leads elsewhere.
    """
    import tensorflow as tf

    # It becomes a folder's name, and may stand in a stranger's manifest.
    if name in ("", ".", "..") or name != one_line(name) or set(name) & set("/\\"):
        raise InputError(
            f"A model's name must be one that a folder can have. Received: {name!r}."
        )
    plain = in_float32(model)
    shape = image_shape(plain)
    classify = Head(plain)
    if class_names is None:
        class_names = tuple(map(str, range(classify.classes)))
    if classify.classes != len(class_names):
        raise InputError(
            "There must be one class name for each of the model's outputs. Received: "
            f"{len(class_names)} names and {classify.classes} outputs."
        )

    preparation = preparation or likely_preparation(plain)
    preparation.check_shape(shape)

    def outputs(image: Any) -> dict[str, Any]:
        logits, probabilities = classify(image)
        return {
            "logits": tf.identity(logits, "logits"),
            "probabilities": tf.identity(probabilities, "probabilities"),
            "label": tf.argmax(probabilities, axis=-1, name="label"),
        }

    names = tuple(class_names)
    return Classifier(model, plain, name, shape, names, preparation, outputs)


def as_module(classifier: Classifier, signatures: dict[str, Any]) -> Any:
    """Returns what `tf.saved_model.save` saves: the weights and the functions."""
    import tensorflow as tf

    module = tf.Module()
    module.weights = [weight.value for weight in classifier.model.weights]
    module.functions = list(signatures.values())
    return module
