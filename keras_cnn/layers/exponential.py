"""The layer of the exponential function."""

import keras

from .. import activations
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class Exponential(Elementwise):
    """Applies the exponential function.

    Formula: `f(x) = exp(x)`. Derivative: `exp(x)`.

    Input/output: any shape, same shape; floating; range `[0, inf]`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.exponential`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.Exponential()(np.array([0.0, 1.0], "float32"))))
        [1.        2.7182817]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.exponential`."""
        return activations.exponential(inputs)
