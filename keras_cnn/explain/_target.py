"""What is explained: a model's scores, and their gradients, each compiled once.

A score is a class's logit: its probability hardly moves where the network is sure, and
its gradient vanishes there.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from .._checks import InputError
from ..saving.classifier import gives_distribution, in_float32, logits
from ._listening import TRACING, listening, named_layers

Array = npt.NDArray[Any]


class Target:
    """A model's scores for images of one shape, any number of them.

    Models in half precision are explained through a float32 copy: differences of scores
    and sums of gradients need the digits.

    Attributes:
        image_shape: The shape of one image.
        classes: How many scores there are.
    """

    def __init__(self, model: keras.Model, image_shape: tuple[int, ...]) -> None:
        """Prepares the functions; each is compiled when first used."""
        plain = in_float32(model)
        # Held weakly, so that a model goes when its owner lets go of it.
        self._model = weakref.ref(model) if plain is model else lambda: plain
        self.image_shape = image_shape
        self.classes = _count_scores(plain, image_shape)
        self._is_distribution = self.classes > 1 and gives_distribution(
            plain, image_shape
        )
        self._compiled: dict[Hashable, Any] = {}

    @property
    def model(self) -> keras.Model:
        """The model that computes the scores."""
        model = self._model()
        if model is None:  # whoever asks holds the model
            raise RuntimeError("The explained model is gone.")
        return model

    @cached_property
    def map_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes, without the batch, of what each layer that gives maps puts out.

        Maps are outputs of four dimensions; the layers are in order of execution.
        """
        names = {id(layer): name for name, layer in named_layers(self.model).items()}
        blank = np.zeros((1, *self.image_shape), np.float32)
        with listening(list(named_layers(self.model).values())) as heard:
            self.model(blank, training=False)
        return {
            names[id(layer)]: tuple(output.shape[1:])
            for layer, output in heard
            if len(getattr(output, "shape", ())) == 4
        }

    def scores(self, images: Any) -> Array:
        """Returns the logits of all classes, (batch, classes)."""
        function = self.compiled("scores", self.all_scores, classes=False)
        return np.asarray(function(images))

    def gradients(self, images: Any, classes: Any) -> Array:
        """Returns the gradient of each image's score by its pixels."""
        return np.asarray(self.compiled("gradients", self._gradients)(images, classes))

    def compiled(
        self, key: Hashable, function: Callable[..., Any], *, classes: bool = True
    ) -> Callable[..., Any]:
        """Returns `function`, of images and perhaps one class each, as a graph.

        Args:
            key: What tells the function from others.
            function: Is traced the first time that `key` is seen, for any batch size.
            classes: Whether it takes classes, too.
        """
        if key not in self._compiled:
            signature = [tf.TensorSpec((None, *self.image_shape), tf.float32)]
            signature += [tf.TensorSpec((None,), tf.int64)] * classes
            traced = tf.function(function, input_signature=signature)
            # One at a time: a layer is being listened to while a graph is made.
            with TRACING:
                traced.get_concrete_function()
            self._compiled[key] = traced
        return self._compiled[key]  # type: ignore[no-any-return]

    def all_scores(self, images: Any) -> Any:
        """Returns the logits of all classes, (batch, classes); for use in a graph."""
        outputs = self.model(images, training=False)
        found = logits(outputs, is_distribution=self._is_distribution)
        return tf.cast(found, tf.float32)

    def _gradients(self, images: Any, classes: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            score = tf.gather(self.all_scores(images), classes, batch_dims=1)
        return gradient(tape, score, images)


def gradient(tape: tf.GradientTape, of: Any, by: Any) -> Any:
    """Returns a gradient, 0 where nothing connects the two."""
    zero = tf.UnconnectedGradients.ZERO
    return tape.gradient(of, by, unconnected_gradients=zero)


_TARGETS: weakref.WeakKeyDictionary[keras.Model, dict[Hashable, tuple[Target, Any]]]
_TARGETS = weakref.WeakKeyDictionary()


def target_of(model: keras.Model, image_shape: tuple[int, ...]) -> Target:
    """Returns the model's target for images of a shape, the same one each time.

    It is made anew if layers were added, removed or given another activation since.
    """
    layers = tuple(
        (layer.name, getattr(layer, "activation", None))
        for layer in model._flatten_layers()
    )
    kept = _TARGETS.setdefault(model, {})
    target, known = kept.get(image_shape, (None, None))
    if target is None or known != layers:
        target = Target(model, image_shape)
        kept[image_shape] = target, layers
    elif target.model is not model:
        target.model.set_weights(model.get_weights())
    return target


def _count_scores(model: keras.Model, image_shape: tuple[int, ...]) -> int:
    """Returns how many scores a model gives an image.

    Raises:
        InputError: If it does not give one row of numbers an image.
    """
    outputs = model(np.zeros((2, *image_shape), np.float32), training=False)
    shape = getattr(outputs, "shape", None)
    if shape is None or len(shape) != 2 or shape[0] != 2 or not shape[1]:
        received = (
            f"outputs of shape {tuple(shape)}" if shape is not None else "several"
        )
        raise InputError(
            "An explained model must give one row of scores for each image. "
            f"Received: {model.name}, with {received} for two images."
        )
    return int(shape[1])
