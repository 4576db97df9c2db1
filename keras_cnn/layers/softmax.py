"""Layers of softmax and its logarithm."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from .. import activations
from .._checks import InputError
from ._elementwise import Elementwise, Tensor

Axis = int | Sequence[int] | None


@keras.saving.register_keras_serializable(package="keras_cnn")
class Softmax(Elementwise):
    """Turns scores into probabilities that sum to 1 along `axis`.

    Formula: `f(x)_i = exp(x_i) / sum_j exp(x_j)`.

    Derivative: `df_i / dx_j = f_i * ((i == j) - f_j)`.

    Input/output: any shape, same shape; floating; range `[0, 1]`.
    Masking: a mask given in the call leaves positions out of the sum and makes them
    0; it is passed on too. Mixed precision: computes in `compute_dtype`.

    Args:
        axis: Axis or axes that are normalized together. Defaults to `-1`.
        **kwargs: `keras.layers.Layer` arguments.

    Call arguments:
        inputs: The scores.
        mask: Booleans, or numbers of which those above 0.5 count as true; each
            dimension is 1 or that of `inputs`. True keeps a position.

    Raises:
        ValueError: If the mask has more dimensions than the inputs, or another size.

    Differs from `keras.layers.Softmax`: masked scores are set to about the least
    number of the dtype instead of -1e9 (-3e4 in float16), below which scores can lie.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> layer = layers.Softmax()
        >>> print(np.array(layer(np.ones(3), mask=np.array([True, True, False]))))
        [0.5 0.5 0. ]
    """

    def __init__(self, axis: Axis = -1, **kwargs: Any) -> None:
        """Takes the arguments listed above."""
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Tensor, mask: Tensor = None) -> Tensor:
        """Applies `keras_cnn.activations.softmax` to what `mask` keeps."""
        axis = tuple(self.axis) if isinstance(self.axis, (list, tuple)) else self.axis
        if mask is None:
            return activations.softmax(inputs, axis=axis)
        _check_mask(inputs, mask)
        if keras.backend.standardize_dtype(mask.dtype) != "bool":
            mask = ops.greater(mask, 0.5)
        kept = ops.where(mask, inputs, ops.full_like(inputs, _least(inputs)))
        outputs = activations.softmax(kept, axis=axis)
        # Where nothing is kept, all scores are equal, and so are all probabilities.
        return ops.where(mask, outputs, ops.zeros_like(outputs))

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {**super().get_config(), "axis": self.axis}


def _least(x: Tensor) -> float:
    # The least number of float16, and one that every wider dtype has.
    half = keras.backend.standardize_dtype(x.dtype) == "float16"
    return -65504.0 if half else -3e38


def _check_mask(inputs: Tensor, mask: Tensor) -> None:
    received = f"Received: inputs.shape={inputs.shape}, mask.shape={mask.shape}."
    if len(mask.shape) > len(inputs.shape):
        raise InputError(
            "The mask must be broadcastable to the inputs and must not have more "
            f"dimensions. {received}"
        )
    for own, other in zip(mask.shape[::-1], inputs.shape[::-1], strict=False):
        if own not in (None, 1, other) and other is not None:
            raise InputError(
                "The mask must be broadcastable to the inputs: each of its dimensions "
                f"must be 1 or the inputs'. {received}"
            )


@keras.saving.register_keras_serializable(package="keras_cnn")
class LogSoftmax(Elementwise):
    """Applies the logarithm of softmax along `axis`.

    Formula: `f(x)_i = x_i - log(sum_j exp(x_j))`.

    Derivative: `df_i / dx_j = (i == j) - softmax(x)_j`.

    Input/output: any shape, same shape; floating; range `(-inf, 0]`.
    Masking: passed on, and not used. Mixed precision: computes in `compute_dtype`.

    Args:
        axis: Axis or axes that are normalized together. Defaults to `-1`.
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.log_softmax`: several axes may be negative.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.LogSoftmax()(np.array([0.0, -1000.0]))))
        [    0. -1000.]
    """

    def __init__(self, axis: Axis = -1, **kwargs: Any) -> None:
        """Takes the arguments listed above."""
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.log_softmax`."""
        axis = tuple(self.axis) if isinstance(self.axis, (list, tuple)) else self.axis
        return activations.log_softmax(inputs, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {**super().get_config(), "axis": self.axis}
