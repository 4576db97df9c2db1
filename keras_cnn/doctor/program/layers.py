"""What a layer is: whether it has weights, and which activation it applies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from ..._logits import find_logits
from ...reference import activations as formulas
from ..thresholds import SAME_ACTIVATION

# Distinguishes the known activations from each other.
_TEST_INPUT = np.array([[-7.0, -2.5, -0.5, 0.5], [2.0, 2.5, 3.5, 8.0]], "float32")
# Not GLU, which changes the shape, nor threshold, which is nothing without arguments.
_NAMES = [*formulas.ELEMENTWISE, "log_softmax", "softmax", "sparsemax"]
_ANSWERS = {name: getattr(formulas, name)(_TEST_INPUT) for name in _NAMES}
KNOWN = frozenset(_NAMES)
_SQUEEZED_NAMES = {name.replace("_", "") for name in _NAMES}


def _range(name: str) -> tuple[float, float]:
    """Returns the smallest and the largest value of an activation of one number."""
    x = np.array([-1e9, *np.linspace(-10, 10, 201), 1e9])
    with np.errstate(all="ignore"):
        y = getattr(formulas, name)(x)
    return round(float(y.min()), 6), round(float(y.max()), 6)


_RANGES = {name: _range(name) for name in formulas.ELEMENTWISE}
_ZEROS = {name: float(getattr(formulas, name)(0.0)) for name in formulas.ELEMENTWISE}

# The ends between which an activation lies, far from both at 0. Not ReLU6, which rests
# at its lower end as ReLU does.
BOUNDED = {"softmax": (0.0, 1.0)} | {
    name: (low, high)
    for name, (low, high) in _RANGES.items()
    if -100 < low < _ZEROS[name] < high < 100
}
NOT_NEGATIVE = [
    name for name, (low, _) in _RANGES.items() if low >= 0 and name not in BOUNDED
]


def output_range(activation: str) -> tuple[float, float]:
    """Returns the lowest and the highest number that an activation gives."""
    if activation in NOT_NEGATIVE:
        return 0.0, np.inf
    return BOUNDED.get(activation, (-np.inf, np.inf))


# Layers and operations without a nonlinearity of their own. Of any other that is not
# known, such as a custom layer or an attention, nothing is supposed.
_LINEAR = set(
    """
    Activation ActivityRegularization Add Average AveragePooling1D AveragePooling2D
    AveragePooling3D BatchNormalization Cast Concatenate Cropping1D Cropping2D
    Cropping3D Dropout ExpandDims Flatten GetItem GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalMaxPooling3D GroupNormalization Identity LayerNormalization MaxPooling1D
    MaxPooling2D MaxPooling3D Mean Normalization Permute RepeatVector Rescaling Reshape
    SpatialDropout1D SpatialDropout2D SpatialDropout3D Squeeze Subtract Transpose
    UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """.split()
)


def is_linear(node: Any) -> bool:
    """Whether a layer or operation has no nonlinearity, an activation of it aside."""
    return is_weighted(node) or type(node).__name__ in _LINEAR


def leaves(model: keras.Layer) -> Iterator[keras.Layer]:
    """Yields the layers that have no layers of their own, in order."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer, keras.Model) and layer.layers:
            yield from leaves(layer)
        else:
            yield layer


def is_weighted(layer: keras.Layer) -> bool:
    """Whether a layer multiplies by a kernel."""
    return getattr(layer, "kernel", None) is not None


def layer_looks_up(layer: Any) -> bool:
    """Whether a layer takes its inputs for the numbers of words or kinds."""
    flat = getattr(layer, "_flatten_layers", None)
    kinds = list(flat()) if flat else [layer]
    return any(
        isinstance(one, keras.layers.Embedding)
        or type(one).__name__ in ("CategoryEncoding", "IntegerLookup", "StringLookup")
        or type(one).__name__ in ("Hashing", "TextVectorization", "Discretization")
        for one in kinds
    )


def embeddings(layer: Any) -> Iterator[keras.layers.Embedding]:
    """Yields a layer that looks up rows by number, or those within it."""
    flat = getattr(layer, "_flatten_layers", None)
    for one in flat() if flat else [layer]:
        if isinstance(one, keras.layers.Embedding):
            yield one


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
        known = _squeezed(type(layer).__name__) in _SQUEEZED_NAMES
        if getattr(layer, "weights", None) or not known:
            return None
        function = layer
    if not callable(function):
        return None
    own = str(getattr(function, "__name__", type(function).__name__)).lower()
    try:
        answer = np.asarray(keras.ops.convert_to_numpy(function(_TEST_INPUT)))
    # A user's own activation may refuse this shape in any way.
    except Exception:
        return own
    alike = [
        name
        for name, known in _ANSWERS.items()
        if answer.shape == known.shape
        and np.allclose(answer, known, atol=SAME_ACTIVATION.value)
    ]
    # ELU and CELU give the same numbers: its own name goes first.
    return own if own in alike or not alike else alike[0]


def keeps_logits(layer: keras.Layer) -> bool:
    """Whether a layer's activation lets Keras's losses find the logits again."""
    function = getattr(layer, "activation", layer)
    probe = keras.ops.convert_to_tensor(_TEST_INPUT)
    return find_logits(function(probe)) is not None


def _squeezed(name: str) -> str:
    return name.lower().replace("_", "")
