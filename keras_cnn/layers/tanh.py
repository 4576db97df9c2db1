"""The layer of the hyperbolic tangent."""

import keras

from .. import activations
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class Tanh(Elementwise):
    """Applies the hyperbolic tangent.

    Formula: `f(x) = tanh(x)`. Derivative: `1 - f(x)^2`.

    Input/output: any shape, same shape; floating; range `[-1, 1]`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.tanh`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.Tanh()(np.array([-100.0, 0.0, 100.0]))))
        [-1.  0.  1.]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.tanh`."""
        return activations.tanh(inputs)
