"""The layer of Mish."""

import keras

from .. import activations
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class Mish(Elementwise):
    """Applies the mish function.

    Formula: `f(x) = x * t, t = tanh(log(1 + exp(x)))`. Derivative:
    `t + x * sigmoid(x) * (1 - t^2)`.

    Input/output: any shape, same shape; floating; range `[-0.31, inf)`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.mish`: -inf gives its limit 0, where Keras's is
    NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.Mish()(np.array([-1.0, 0.0, 1.0], "float32"))))
        [-0.3034015  0.         0.8650984]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.mish`."""
        return activations.mish(inputs)
