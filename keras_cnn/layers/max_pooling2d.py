"""The pooling layer that keeps the largest value."""

from typing import Any

import keras
from keras import ops

from ._pooling import Pooling2D
from ._windows import DataFormat, Padding


@keras.saving.register_keras_serializable(package="keras_cnn")
class MaxPooling2D(Pooling2D):
    """Keeps the largest value under each window.

    Formula (stride s, window h x w):
        y[b, i, j, c] = max of x[b, s i + p, s j + q, c] over 0 <= p < h, 0 <= q < w
    Positions outside of the image ("same" only) do not take part.

    Derivative: 1 for the largest value of a window, 0 for the others. Where several
    are equal, the backend decides, as in Keras: TensorFlow (CPU) and JAX give the
    whole gradient to the first one in reading order.

    Input: (batch, height, width, channels), or (batch, channels, height, width) with
    `data_format="channels_first"`. Output: the same order, with ceil(size / s)
    positions an axis for "same", floor((size - window) / s) + 1 for "valid".
    Masking: not supported. Mixed precision: computes in `compute_dtype`.

    Args:
        pool_size: One or two integers > 0. Height and width of the window. Defaults to
            `(2, 2)`.
        strides: One or two integers > 0. Steps between windows. Defaults to
            `None`, for `pool_size`.
        padding: "valid" (windows stay inside) or "same" (they may reach out). In any
            case. Defaults to `"valid"`.
        data_format: "channels_last", "channels_first", or None for Keras's setting.
            Defaults to `None`.
        name: Name of the layer. Defaults to `None`, for one that Keras makes up.
        **kwargs: `keras.layers.Layer` arguments.

    Raises:
        ValueError: If a size is not an integer > 0, an option is unknown, or the input
            is not of rank 4 or smaller than the window.

    Differs from `keras.layers.MaxPooling2D`: a bad `padding`, size or stride is an
    error when the layer is made, not when it is first called, and an upper-case
    `padding` works in symbolic calls too.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from keras_cnn.layers import MaxPooling2D
        >>> image = np.array([[1, 2, 3, 4], [8, 7, 6, 5]], "float32")
        >>> y = MaxPooling2D()(image.reshape(1, 2, 4, 1))
        >>> keras.ops.convert_to_numpy(y).ravel().tolist()
        [8.0, 6.0]
    """

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        strides: int | tuple[int, int] | None = None,
        padding: Padding = "valid",
        data_format: DataFormat | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Takes the largest value of each window."""
        return ops.max_pool(
            inputs,
            pool_size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )
