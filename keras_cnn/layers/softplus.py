"""The layer of softplus."""

import keras

from .. import activations
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class Softplus(Elementwise):
    """Applies the softplus function.

    Formula: `f(x) = log(1 + exp(x))`. Derivative: `sigmoid(x)`.

    Input/output: any shape, same shape; floating; range `[0, inf)`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.softplus`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.Softplus()(np.array([-1.0, 0.0, 1.0], "float32"))))
        [0.3132617 0.6931472 1.3132616]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.softplus`."""
        return activations.softplus(inputs)
