"""The layer of softsign."""

import keras

from .. import activations
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class Softsign(Elementwise):
    """Applies the softsign function.

    Formula: `f(x) = x / (1 + |x|)`. Derivative: `1 / (1 + |x|)^2`.

    Input/output: any shape, same shape; floating; range `[-1, 1]`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.softsign`: +-inf gives its limit +-1, where
    Keras's is NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.Softsign()(np.array([-1.0, 0.0, 1.0], "float32"))))
        [-0.5  0.   0.5]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.softsign`."""
        return activations.softsign(inputs)
