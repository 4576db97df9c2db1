"""What a layer is: whether it has weights, and which activation it applies."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

# The ends of the activations that have some.
BOUNDED = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
NOT_NEGATIVE = ("relu", "softplus", "exponential", "relu6")
# Distinguishes the known activations from each other.
_TEST_INPUT = np.array([[-7.0, -2.5, -0.5, 0.5], [2.0, 2.5, 3.5, 8.0]], "float32")
_KNOWN = """
    linear relu sigmoid softmax tanh exponential softplus elu selu leaky_relu silu
    gelu softsign hard_sigmoid relu6
""".split()
_KNOWN_SQUEEZED = {name.replace("_", "") for name in _KNOWN}


def leaves(model: keras.Layer) -> Iterator[keras.Layer]:
    """Yields the layers that have no layers of their own, in order."""
    for layer in model.layers:
        if getattr(layer, "layers", None):
            yield from leaves(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def is_weighted(layer: keras.Layer) -> bool:
    """Whether a layer multiplies by a kernel."""
    return getattr(layer, "kernel", None) is not None


def is_dropout(layer: keras.Layer) -> bool:
    """Whether a layer leaves out units at random."""
    return "Dropout" in type(layer).__name__ and hasattr(layer, "rate")


def activation_name(layer: keras.Layer) -> str | None:
    """Returns the name of a layer's activation by what it computes; None without.

    A function is compared with the known ones on a few numbers, so that a hand-written
    or renamed one is told as well.
    """
    function = getattr(layer, "activation", None)
    if function is None:
        known = _squeezed(type(layer).__name__) in _KNOWN_SQUEEZED
        if getattr(layer, "weights", None) or not known:
            return None
        function = layer
    if not callable(function):
        return None
    try:
        answer = np.asarray(keras.ops.convert_to_numpy(function(_TEST_INPUT)))
    # An activation of one's own may refuse this shape in whatever way it likes.
    except Exception:
        return str(getattr(function, "__name__", type(function).__name__)).lower()
    for name in _KNOWN:
        known = keras.ops.convert_to_numpy(keras.activations.get(name)(_TEST_INPUT))
        if answer.shape == known.shape and np.allclose(answer, known, atol=1e-2):
            return name
    return str(getattr(function, "__name__", type(function).__name__)).lower()


def keeps_logits(layer: keras.Layer) -> bool:
    """Whether a layer's activation lets Keras's losses find the logits again."""
    function = getattr(layer, "activation", layer)
    probe = keras.ops.convert_to_tensor(_TEST_INPUT)
    return hasattr(function(probe), "_keras_logits")


def _squeezed(name: str) -> str:
    return name.lower().replace("_", "")
