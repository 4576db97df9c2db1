"""The layer between convolutions and fully connected layers."""

import math
from typing import Any

import keras
from keras import ops

from ._windows import DataFormat, Shape, as_data_format


@keras.saving.register_keras_serializable(package="keras_cnn")
class Flatten(keras.layers.Layer):
    """Lays all axes but the batch in one row.

    Formula: y[b, (i width + j) channels + c] = x[b, i, j, c], and likewise for any
    number of axes. The channels run fastest in both data formats, so that the same
    weights fit behind it. Derivative: the gradient, in the shape of the input.

    Input: any rank from 1, any dtype. Output: (batch, product of the other axes);
    (batch, 1) where there is no other axis.
    Masking: not supported. Mixed precision: floating inputs come out in
    `compute_dtype`.

    Args:
        data_format: "channels_last", "channels_first" (axis 1 is moved to the end
            first), or None for Keras's setting. Defaults to `None`.
        **kwargs: `keras.layers.Layer` arguments.

    Raises:
        ValueError: If `data_format` is unknown.

    Differs from `keras.layers.Flatten`: nowhere.

    Example:
        >>> import keras
        >>> from keras_cnn.layers import Flatten
        >>> Flatten()(keras.Input((3, 3, 64))).shape
        (None, 576)
    """

    def __init__(self, data_format: DataFormat | None = None, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        self.data_format = as_data_format(data_format)
        self.input_spec = keras.InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        """Reshapes; moves the channels to the end first where they are not."""
        shape = ops.shape(inputs)
        rank = len(shape)
        if self.data_format == "channels_first" and rank > 1:
            inputs = ops.transpose(inputs, (0, *range(2, rank), 1))
        # An unknown size is a tensor here, whose product -1 leaves to the backend.
        known = all(isinstance(size, int) for size in shape[1:])
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:]) if known else -1))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns (batch, product of the other axes), None where one is unknown."""
        sizes = [size for size in input_shape[1:] if size is not None]
        known = len(sizes) == len(input_shape) - 1
        return (input_shape[0], math.prod(sizes) if known else None)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Returns the symbolic output, of the dtype of `inputs`."""
        return keras.KerasTensor(
            self.compute_output_shape(inputs.shape),
            dtype=inputs.dtype,
            sparse=inputs.sparse,
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, from which `from_config` makes the same layer."""
        return {**super().get_config(), "data_format": self.data_format}
