"""What SiLU, GELU and Mish share: the input times a smooth step from 0 to 1."""

from collections.abc import Callable

from keras import ops

from ._activation import Tensor

# Beyond this every gate is exactly 0 or 1, in float64 too.
FAR = 1000.0


def gated(x: Tensor, product: Callable[[Tensor], Tensor]) -> Tensor:
    """Returns `product(x)`; 0 at -inf and inf at inf, where the product is NaN."""
    far = ops.abs(x) >= FAR
    near = ops.where(far, 0.0, x)
    return ops.where(far, ops.where(x > 0, x, 0.0), product(near))
