"""ReLU with a small slope below 0."""

from keras import ops

from .._checks import check_not_negative
from ._activation import Tensor, activation


@activation
def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Tensor:
    """Applies the rectified linear unit with a slope below 0.

    Formula: `f(x) = x` if `x > 0`, otherwise `negative_slope * x`.

    Derivative: 1 if `x > 0`, otherwise `negative_slope`; at 0 `negative_slope`, but
    1 on JAX, as Keras.

    Input/output: any shape, same shape and dtype. NaN stays NaN.

    Args:
        x: Input tensor.
        negative_slope: Number >= 0. Slope at 0 and below. Defaults to `0.2`.

    Raises:
        ValueError: If `negative_slope` is negative or NaN.

    Differs from `keras.activations.leaky_relu`: a negative slope is an error here as
    it is in `keras.layers.LeakyReLU`.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.leaky_relu([-10.0, 0.0, 10.0])))
        [-2.  0. 10.]

    Reference: [Maas et al., 2013](https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf)
    """
    check_not_negative("negative_slope", negative_slope)
    return sloped(x, negative_slope)


def sloped(x: Tensor, negative_slope: float) -> Tensor:
    """Returns `x` above 0 and `negative_slope * x` elsewhere."""
    # The backend's own operations, one pass each way: where(x > 0, x, slope * x) was
    # 4 times slower both ways. A slope of 0 must give 0 at -inf, where 0 * x is NaN.
    return ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
