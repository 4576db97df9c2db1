"""The identity."""

from ._activation import Tensor, registered


@registered
def linear(x: Tensor) -> Tensor:
    """Returns its input, unchanged.

    Formula: `f(x) = x`. Derivative: `f'(x) = 1`.

    Input/output: anything; the same object is returned, not a copy.

    Args:
        x: Input tensor.

    Differs from `keras.activations.linear`: nowhere.

    Example:
        >>> from keras_cnn import activations
        >>> activations.linear(3.0)
        3.0
    """
    return x
