"""The layer of SiLU, also called Swish."""

import keras

from .. import activations
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class SiLU(Elementwise):
    """Applies the sigmoid linear unit.

    Formula: `f(x) = x * sigmoid(x)`. Derivative: `sigmoid(x) * (1 + x * sigmoid(-x))`.

    Input/output: any shape, same shape; floating; range
    `[-0.279, inf)`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.silu`: -inf gives its limit 0, where Keras's is
    NaN.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.SiLU()(np.array([-1.0, 0.0, 1.0], "float32"))))
        [-0.26894143  0.          0.7310586 ]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.silu`."""
        return activations.silu(inputs)
