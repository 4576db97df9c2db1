"""The convolution layer."""

from typing import Any

import keras
from keras import ops

from .._checks import InputError, check_count
from ._weighted import WeightedSum
from ._windows import (
    DataFormat,
    Padding,
    Shape,
    as_data_format,
    as_padding,
    as_pair,
    convolves_channels_first,
    output_shape,
)


@keras.saving.register_keras_serializable(package="keras_cnn")
class Conv2D(WeightedSum):
    """Slides kernels over an image and sums what they cover.

    Formula (stride s, dilation d; the kernel is not flipped):
        y[b, i, j, f] = g(bias[f]
                          + sum over p, q, c of
                            x[b, s i + d p, s j + d q, c] kernel[p, q, c, f])
    with g the activation. For "same", i and j start half of the padding earlier,
    rounded down, and x reads as 0 outside of the image.
    In each of n `groups`, an n-th of the filters sees an n-th of the channels.

    Derivative, with u the gradient that arrives at the sum inside g:
        by bias[f]: sum over b, i, j of u[b, i, j, f]
        by kernel[p, q, c, f]: sum over b, i, j of
            x[b, s i + d p, s j + d q, c] u[b, i, j, f]
        by x: each u[b, i, j, f], times the kernel, added back over its window

    Input: (batch, height, width, channels), or (batch, channels, height, width) with
    `data_format="channels_first"`. Output: the same order, with `filters` channels and
    ceil(size / s) positions an axis for "same", floor((size - d (k - 1) - 1) / s) + 1
    for "valid".
    Masking: not supported; a mask that arrives is dropped with Keras's warning. Mixed
    precision: computes in `compute_dtype`, keeps weights in `variable_dtype`.
    Weights: kernel (height, width, channels / groups, filters), then bias (filters,).

    Args:
        filters: Integer > 0. Number of output channels.
        kernel_size: One or two integers > 0. Height and width of a kernel.
        strides: One or two integers > 0. Steps between positions. Defaults to `(1, 1)`.
        padding: "valid" (windows stay inside) or "same" (zeros around, more of them
            below and to the right where the number is odd). In any case. Defaults to
            `"valid"`.
        data_format: "channels_last", "channels_first", or None for Keras's setting.
            Defaults to `None`.
        dilation_rate: One or two integers > 0. Distance of a kernel's taps; above 1
            only with strides of 1. Defaults to `(1, 1)`.
        groups: Integer > 0 that divides both channels and `filters`. Defaults to `1`.
        activation: Name or function, applied last. Defaults to `None`, for none.
        use_bias: Boolean. Whether a bias is added. Defaults to `True`.
        kernel_initializer: First values of the kernel. Defaults to `"glorot_uniform"`.
        bias_initializer: First values of the bias. Defaults to `"zeros"`.
        kernel_regularizer: Penalty on the kernel. Defaults to `None`, for none.
        bias_regularizer: Penalty on the bias. Defaults to `None`, for none.
        activity_regularizer: Penalty on the output. Defaults to `None`, for none.
        kernel_constraint: Projection of the kernel after each update. Defaults to
            `None`, for none.
        bias_constraint: Projection of the bias after each update. Defaults to `None`,
            for none.
        **kwargs: `keras.layers.Layer` arguments.

    Raises:
        ValueError: If a number is out of range, `groups` does not divide `filters`,
            strides and dilation are both above 1, or an option is unknown; on build,
            if the input is not of rank 4, smaller than the window, or its channels
            are unknown or not divisible by `groups`.

    Differs from `keras.layers.Conv2D`: with "channels_first" on TensorFlow, Keras adds
    the bias along the width where the output is as wide as it has filters; ours adds
    it along the channels always; and on most CPUs Keras fails with
    "channels_first", where ours turns the image around. `filters` and every size must
    be whole numbers when the layer is made, not only when it is built. No LoRA, no
    quantization.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from keras_cnn.layers import Conv2D
        >>> edges = Conv2D(1, 2, kernel_initializer="ones", activation="relu")
        >>> image = np.array([[1, 2, 3], [4, 5, 6]], "float32").reshape(1, 2, 3, 1)
        >>> y = edges(image)  # 1 + 2 + 4 + 5, 2 + 3 + 5 + 6
        >>> keras.ops.convert_to_numpy(y).ravel().tolist()
        [12.0, 16.0]

    Reference: [Dumoulin and Visin, 2016](https://arxiv.org/abs/1603.07285)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: Padding = "valid",
        data_format: DataFormat | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        super().__init__(
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        check_count("filters", filters)
        self.filters = filters
        self.kernel_size = as_pair("kernel_size", kernel_size)
        self.strides = as_pair("strides", strides)
        self.padding = as_padding(padding)
        self.data_format = as_data_format(data_format)
        self.dilation_rate = as_pair("dilation_rate", dilation_rate)
        self.groups = groups
        self.input_spec = keras.InputSpec(min_ndim=4)
        self._check_groups_and_steps()

    def _check_groups_and_steps(self) -> None:
        # Worded like Keras's messages, because programs match on them.
        if not self.groups > 0:
            raise InputError(
                "The number of groups must be a positive integer. "
                f"Received: groups={self.groups}."
            )
        if self.filters % self.groups != 0:
            raise InputError(
                "The number of filters must be evenly divisible by the number of "
                f"groups. Received: groups={self.groups}, filters={self.filters}."
            )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InputError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
                f"Received: strides={self.strides} and "
                f"dilation_rate={self.dilation_rate}."
            )

    def build(self, input_shape: Shape) -> None:
        """Makes the weights for the channels of `input_shape`."""
        self.compute_output_shape(input_shape)
        axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[axis]
        if channels is None or channels % self.groups != 0:
            raise InputError(
                "The number of input channels must be known and evenly divisible by "
                f"the number of groups. Received: groups={self.groups}, "
                f"input_shape={tuple(input_shape)}."
            )
        self.input_spec = keras.InputSpec(min_ndim=4, axes={axis: channels})
        self.add_kernel_and_bias(
            (*self.kernel_size, channels // self.groups, self.filters)
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Convolves, adds the bias, applies the activation."""
        data_format = self.data_format
        turned = data_format == "channels_first" and not convolves_channels_first()
        if turned:
            inputs, data_format = ops.moveaxis(inputs, 1, -1), "channels_last"
        outputs = ops.conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=data_format,
            dilation_rate=self.dilation_rate,
        )
        if self.bias is not None:
            if data_format == "channels_last":
                # TensorFlow: becomes BiasAdd, which fuses with the convolution.
                outputs = ops.add(outputs, self.bias)
            else:
                # Not `ops.add`: it takes any axis as long as the bias for the channels.
                outputs = outputs + ops.reshape(self.bias, (-1, 1, 1))
        if turned:
            outputs = ops.moveaxis(outputs, -1, 1)
        return self.activate(outputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape after the convolution; unknown sizes stay None."""
        return output_shape(
            input_shape,
            window=self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
            channels=self.filters,
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, from which `from_config` makes the same layer."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activity_regularizer": keras.regularizers.serialize(
                self.activity_regularizer
            ),
        }
