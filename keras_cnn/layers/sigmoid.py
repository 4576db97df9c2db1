"""Layers of the logistic sigmoid and its logarithm."""

import keras

from .. import activations
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class Sigmoid(Elementwise):
    """Applies the logistic sigmoid.

    Formula: `f(x) = 1 / (1 + exp(-x))`. Derivative: `f(x) * (1 - f(x))`.

    Input/output: any shape, same shape; floating; range `[0, 1]`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.sigmoid`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.Sigmoid()(np.array([-1.0, 0.0, 1.0], "float32"))))
        [0.26894143 0.5        0.7310586 ]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.sigmoid`."""
        return activations.sigmoid(inputs)


@keras.saving.register_keras_serializable(package="keras_cnn")
class LogSigmoid(Elementwise):
    """Applies the logarithm of the logistic sigmoid.

    Formula: `f(x) = -log(1 + exp(-x))`. Derivative: `1 / (1 + exp(x))`.

    Input/output: any shape, same shape; floating; range `(-inf, 0]`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.log_sigmoid`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.LogSigmoid()(np.array([-1.0, 0.0, 1.0], "float32"))))
        [-1.3132616 -0.6931472 -0.3132617]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.log_sigmoid`."""
        return activations.log_sigmoid(inputs)
