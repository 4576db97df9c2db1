"""Layers of rectified linear units: ReLU and ReLU6."""

from typing import Any

import keras

from .. import activations
from .._checks import check_not_negative
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class ReLU(Elementwise):
    """Applies the rectified linear unit.

    Formula: `f(x) = min(x, max_value)` if `x > threshold`, otherwise
    `negative_slope * (x - threshold)`; by default `max(x, 0)`.

    Derivative: 1 above `threshold`, `negative_slope` below, 0 above `max_value`; at
    the kinks as in `keras_cnn.activations.relu`.

    Input/output: any shape, same shape; floating. NaN stays NaN.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        max_value: Number >= 0. Largest value returned. Defaults to `None`, for no
            limit.
        negative_slope: Number >= 0. Slope at and below `threshold`. Defaults to `0.0`.
        threshold: Number >= 0. Inputs up to it are damped or set to 0. Defaults to
            `0.0`.
        **kwargs: `keras.layers.Layer` arguments.

    Raises:
        ValueError: If an argument is negative or NaN.

    Differs from `keras.layers.ReLU`: NaN arguments are an error; NaN inputs stay NaN
    with a `threshold` as well, where Keras returns 0.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> layer = layers.ReLU(max_value=6.0, negative_slope=0.5)
        >>> print(np.array(layer(np.array([-2.0, 0.0, 9.0]))))
        [-1.  0.  6.]

    Reference: [Nair & Hinton, 2010](https://www.cs.toronto.edu/~fritz/absps/reluICML.pdf)
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        """Takes the arguments listed above."""
        super().__init__(**kwargs)
        # Programs that match on messages know the rules by these words.
        of = "of a ReLU layer cannot be"
        if max_value is not None:
            rule = f"max_value {of} a negative value"
            check_not_negative("max_value", max_value, rule)
        rule = f"negative_slope {of} None or a negative value"
        check_not_negative("negative_slope", negative_slope, rule)
        rule = f"threshold {of} None or a negative value"
        check_not_negative("threshold", threshold, rule)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.relu`."""
        return activations.relu(
            inputs,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


@keras.saving.register_keras_serializable(package="keras_cnn")
class ReLU6(Elementwise):
    """Applies the rectified linear unit, cut off at 6.

    Formula: `f(x) = min(max(x, 0), 6)`. Derivative: 1 in `(0, 6)`, otherwise 0.

    Input/output: any shape, same shape; floating; range `[0, 6]`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.relu6`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.ReLU6()(np.array([-2.0, 3.0, 9.0], "float32"))))
        [0. 3. 6.]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.relu6`."""
        return activations.relu6(inputs)
