"""Rectified linear units: ReLU and its saturated form ReLU6."""

from keras import ops

from .._checks import check_not_negative
from ._activation import Tensor, activation
from .leaky_relu import sloped


@activation
def relu(
    x: Tensor,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Tensor:
    """Applies the rectified linear unit.

    Formula: `f(x) = max(x, 0)`; with all arguments
    `f(x) = min(x, max_value)` if `x > threshold`, and
    `f(x) = negative_slope * (x - threshold)` otherwise.

    Derivative: 1 above `threshold`, `negative_slope` below, 0 above `max_value`. At
    `x = threshold` it is 0, but `negative_slope` (on JAX 1) if that is the only
    argument. At `x = max_value` it is 1, but 0 if `max_value` is 6 and `threshold` is
    0, where Keras uses ReLU6. All as Keras.

    Input/output: any shape, same shape and dtype; range `[0, max_value]` if
    `negative_slope` is 0. NaN stays NaN.

    Args:
        x: Input tensor.
        negative_slope: Number >= 0. Slope at and below `threshold`. Defaults to `0.0`.
        max_value: Number >= 0. Largest value returned. Defaults to `None`, for no
            limit.
        threshold: Number >= 0. Inputs up to it are damped or set to 0. Defaults to
            `0.0`.

    Raises:
        ValueError: If an argument is negative or NaN.

    Differs from `keras.activations.relu`: negative arguments are an error here as
    they are in `keras.layers.ReLU`; NaN stays NaN with a `threshold` as well, where
    Keras returns 0.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.relu([-2.0, 0.0, 3.0, 9.0], max_value=6.0)))
        [0. 0. 3. 6.]

    Reference: [Nair & Hinton, 2010](https://www.cs.toronto.edu/~fritz/absps/reluICML.pdf)
    """
    check_not_negative("negative_slope", negative_slope)
    check_not_negative("threshold", threshold)
    if max_value is not None:
        check_not_negative("max_value", max_value)

    if not negative_slope and max_value is None and not threshold:
        # max(x, 0) as the backend's own operation. TensorFlow fuses it into the
        # convolution before it and needs one pass for its gradient. Written out,
        # where(x <= 0, 0, x) and maximum(0, x) took 2.4 and 2.1 times as long
        # forward and backward over (32, 26, 26, 32), and made two convolutions
        # with them 1.2 to 1.3 times slower.
        return ops.relu(x)

    if max_value is None and not threshold:
        return sloped(x, negative_slope)

    if max_value == 6 and not negative_slope and not threshold:
        return ops.relu6(x)

    zeros = ops.zeros_like(x)
    below = negative_slope * (x - threshold) if negative_slope else zeros
    above = x
    if max_value is not None:
        as_relu6 = max_value == 6 and not threshold
        saturated = x >= max_value if as_relu6 else x > max_value
        above = ops.where(saturated, ops.full_like(x, max_value), x)
    return ops.where(x < threshold, below, ops.where(x <= threshold, zeros, above))


@activation
def relu6(x: Tensor) -> Tensor:
    """Applies the rectified linear unit, cut off at 6.

    Formula: `f(x) = min(max(x, 0), 6)`.

    Derivative: 1 in `(0, 6)`, otherwise 0; at both kinks 0, as Keras.

    Input/output: any shape, same shape and dtype; range `[0, 6]`. NaN stays NaN.

    Args:
        x: Input tensor.

    Differs from `keras.activations.relu6`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras_cnn import activations
        >>> print(np.array(activations.relu6([-2.0, 3.0, 9.0])))
        [0. 3. 6.]

    Reference: [Krizhevsky, 2010](https://www.cs.toronto.edu/~kriz/conv-cifar10-aug2010.pdf)
    """
    # The backend's own operation, for the reason given in relu.
    return ops.relu6(x)
