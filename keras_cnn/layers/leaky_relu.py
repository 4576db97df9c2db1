"""The layer of ReLU with a fixed slope below 0."""

import warnings
from typing import Any

import keras

from .. import activations
from .._checks import check_not_negative
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class LeakyReLU(Elementwise):
    """Applies the rectified linear unit with a slope below 0.

    Formula: `f(x) = x` if `x > 0`, otherwise `negative_slope * x`.

    Derivative: 1 if `x > 0`, otherwise `negative_slope`; at 0 `negative_slope`,
    but 1 on JAX, as Keras.

    Input/output: any shape, same shape; floating. NaN stays NaN.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        negative_slope: Number >= 0. Slope at 0 and below. Defaults to `0.3`, while
            the function's default is `0.2`, as in Keras.
        **kwargs: `keras.layers.Layer` arguments; `alpha` is the old name of
            `negative_slope`, and warns.

    Raises:
        ValueError: If `negative_slope` is `None`, negative or NaN.

    Differs from `keras.layers.LeakyReLU`: a NaN slope is an error.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> layer = layers.LeakyReLU(negative_slope=0.5)
        >>> print(np.array(layer(np.array([-10.0, 0.0, 10.0]))))
        [-5.  0. 10.]

    Reference: [Maas et al., 2013](https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf)
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        """Takes the arguments listed above."""
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn("`alpha` is now called `negative_slope`.", stacklevel=2)
        super().__init__(**kwargs)
        # Programs that match on messages know the rule by these words.
        rule = (
            "The negative_slope value of a Leaky ReLU layer cannot be None or negative"
        )
        check_not_negative("negative_slope", negative_slope, rule)
        self.negative_slope = negative_slope

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.leaky_relu`."""
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {**super().get_config(), "negative_slope": self.negative_slope}
