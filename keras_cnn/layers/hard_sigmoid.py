"""Layers of the piecewise linear sigmoid and tanh."""

import keras

from .. import activations
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class HardSigmoid(Elementwise):
    """Applies the piecewise linear sigmoid.

    Formula: `f(x) = min(max((x + 3) / 6, 0), 1)`. Derivative: 1/6 in
    `(-3, 3)`, otherwise 0.

    Input/output: any shape, same shape; floating; range `[0, 1]`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.hard_sigmoid`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.HardSigmoid()(np.array([-4.0, 0.0, 1.5], "float32"))))
        [0.   0.5  0.75]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.hard_sigmoid`."""
        return activations.hard_sigmoid(inputs)


@keras.saving.register_keras_serializable(package="keras_cnn")
class HardTanh(Elementwise):
    """Applies the piecewise linear tanh.

    Formula: `f(x) = min(max(x, -1), 1)`. Derivative: 1 in `[-1, 1]`, otherwise 0.

    Input/output: any shape, same shape; floating; range `[-1, 1]`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.hard_tanh`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.HardTanh()(np.array([-4.0, 0.5, 4.0], "float32"))))
        [-1.   0.5  1. ]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.hard_tanh`."""
        return activations.hard_tanh(inputs)
