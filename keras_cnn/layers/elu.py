"""Layers of exponential linear units: ELU, SELU and CELU."""

from typing import Any

import keras

from .. import activations
from .._checks import check_positive
from ._elementwise import Elementwise, Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class ELU(Elementwise):
    """Applies the exponential linear unit.

    Formula: `f(x) = x` if `x > 0`, otherwise `alpha * (exp(x) - 1)`.

    Derivative: 1 if `x > 0`, otherwise `alpha * exp(x)`.

    Input/output: any shape, same shape; floating; range `(-alpha, inf)`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        alpha: Number. Minus the limit for `x` to `-inf`. Defaults to `1.0`.
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.layers.ELU`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.ELU(alpha=0.5)(np.array([-100.0, 0.0, 2.0]))))
        [-0.5  0.   2. ]

    Reference: [Clevert et al., 2016](https://arxiv.org/abs/1511.07289)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        """Takes the arguments listed above."""
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.elu`."""
        return activations.elu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {**super().get_config(), "alpha": self.alpha}


@keras.saving.register_keras_serializable(package="keras_cnn")
class CELU(Elementwise):
    """Applies the exponential linear unit that is smooth at 0 for every `alpha`.

    Formula: `f(x) = x` if `x > 0`, otherwise `alpha * (exp(x / alpha) - 1)`.

    Derivative: 1 if `x > 0`, otherwise `exp(x / alpha)`.

    Input/output: any shape, same shape; floating; range `(-alpha, inf)`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        alpha: Number > 0. Minus the limit for `x` to `-inf`. Defaults to `1.0`.
        **kwargs: `keras.layers.Layer` arguments.

    Raises:
        ValueError: If `alpha` is not a finite number > 0.

    Differs from `keras.activations.celu`: `alpha <= 0` is an error, and the derivative
    at 0 is 1, where Keras's is 2 on TensorFlow.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.CELU(alpha=0.5)(np.array([-100.0, 0.0, 2.0]))))
        [-0.5  0.   2. ]

    Reference: [Barron, 2017](https://arxiv.org/abs/1704.07483)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        """Takes the arguments listed above."""
        super().__init__(**kwargs)
        check_positive("alpha", alpha)
        self.alpha = alpha

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.celu`."""
        return activations.celu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {**super().get_config(), "alpha": self.alpha}


@keras.saving.register_keras_serializable(package="keras_cnn")
class SELU(Elementwise):
    """Applies the scaled exponential linear unit.

    Formula: `f(x) = scale * x` if `x >= 0`, otherwise
    `scale * alpha * (exp(x) - 1)`, with `scale = 1.0507...`, `alpha = 1.6732...`.

    Derivative: `scale` if `x >= 0`, otherwise `scale * alpha * exp(x)`; at 0 it is
    `scale * alpha` with XLA, JAX or PyTorch, as Keras.

    Input/output: any shape, same shape; floating.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.activations.selu`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import layers
        >>> print(np.array(layers.SELU()(np.array([-100.0, 0.0, 1.0], "float32"))))
        [-1.7580993  0.         1.050701 ]
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Applies `keras_cnn.activations.selu`."""
        return activations.selu(inputs)
