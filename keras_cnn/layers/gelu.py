"""The layer of GELU."""

from typing import Any

import keras

from .. import activations
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class GELU(Elementwise):
    """Applies the Gaussian error linear unit.

    Formula: `f(x) = x * P(x)` with the normal distribution's
    `P(x) = erfc(-x / sqrt(2)) / 2`, or an approximation of it by tanh.

    Derivative: `P(x) + x * exp(-x^2 / 2) / sqrt(2 * pi)`.

    Input/output: any shape, same shape; floating; range `[-0.17, inf)`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        approximate: Whether to use the form with tanh. Defaults to `False`.
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.gelu`: at +-inf, where Keras's value or derivative
    is NaN, both have their limits.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.GELU()(np.array([-100.0, 0.0, 1.0]))))
        [-0.         0.         0.8413447]

    Reference: [Hendrycks & Gimpel, 2016](https://arxiv.org/abs/1606.08415)
    """

    def __init__(self, approximate: bool = False, **kwargs: Any) -> None:
        """Takes the arguments listed above."""
        super().__init__(**kwargs)
        self.approximate = approximate

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.gelu`."""
        return activations.gelu(inputs, approximate=self.approximate)

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {**super().get_config(), "approximate": self.approximate}
