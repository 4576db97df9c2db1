"""The fully connected layer."""

from typing import Any

import keras
from keras import ops

from .._checks import InputError
from ._weighted import WeightedSum, refuse
from ._windows import Shape


@keras.saving.register_keras_serializable(package="keras_cnn")
class Dense(WeightedSum):
    """Connects every input to every unit.

    Formula: y[..., f] = g(bias[f] + sum over c of x[..., c] kernel[c, f]), with g the
    activation.

    Derivative, with u the gradient that arrives at the sum inside g:
        by bias[f]:      sum of u[..., f]
        by kernel[c, f]: sum of x[..., c] u[..., f] over all other axes
        by x[..., c]:    sum over f of u[..., f] kernel[c, f]

    Input: (batch, ..., channels), of rank 2 or more. Output: (batch, ..., units).
    Masking: a mask passes through unchanged. Mixed precision: computes in
    `compute_dtype`, keeps weights in `variable_dtype`.
    Weights: kernel (channels, units), then bias (units,).

    Args:
        units: Integer > 0. Size of the output's last axis.
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
        lora_rank: Must be None: Keras's low-rank adaptation is not part of this layer.
            Defaults to `None`.
        lora_alpha: Must be None, too. Defaults to `None`.
        quantization_config: Must be None: nor is its quantization. Defaults to `None`.
        **kwargs: `keras.layers.Layer` arguments.

    Raises:
        ValueError: If `units` is not an integer > 0, or `lora_rank`, `lora_alpha` or
            `quantization_config` is not None; on build, if the input's last axis is
            unknown.

    Differs from `keras.layers.Dense`: no LoRA, no quantization.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from keras_cnn.layers import Dense
        >>> total = Dense(1, kernel_initializer="ones", bias_initializer="ones")
        >>> y = total(np.array([[2.0, 3.0]]))  # 2 + 3 + 1
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[6.0]]
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: None = None,
        lora_alpha: None = None,
        quantization_config: None = None,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        if not isinstance(units, int) or not units > 0:
            raise InputError(
                f"`units` must be a positive integer. Received: units={units!r}."
            )
        refuse(quantization_config=quantization_config)
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
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            **kwargs,
        )
        self.units = units
        self.input_spec = keras.InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        """Makes the weights for the last axis of `input_shape`."""
        channels = input_shape[-1]
        if channels is None:
            raise InputError(
                "The last axis of the input must be known. "
                f"Received: input_shape={tuple(input_shape)}."
            )
        self.input_spec = keras.InputSpec(min_ndim=2, axes={-1: channels})
        self.add_kernel_and_bias((channels, self.units))
        self.built = True

    # `training` is unused; subclasses of Keras's Dense hand it on.
    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Multiplies by the kernel, adds the bias, applies the activation."""
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activate(outputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape with `units` as its last axis."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, from which `from_config` makes the same layer."""
        return {
            **super().get_config(),
            "units": self.units,
            "quantization_config": None,
        }
