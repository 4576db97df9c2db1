"""The layer of ReLU with a learned slope below 0."""

from typing import Any

import keras
from keras import constraints, initializers, regularizers

from .. import activations
from ._elementwise import Tensor


@keras.saving.register_keras_serializable(package="keras_cnn")
class PReLU(keras.layers.Layer):
    """Applies the rectified linear unit with a learned slope below 0.

    Formula: `f(x) = max(x, 0) - alpha * max(-x, 0)`.

    Derivative: 1 if `x > 0`, `alpha` if `x < 0`, and 0 at 0, as Keras; by `alpha`:
    `min(x, 0)`.

    Input/output: `(batch, ...)`, same shape; floating. The weight `alpha` has the shape
    of one sample, with 1 along `shared_axes`.
    Masking: passed on. Mixed precision: computes in `compute_dtype`.

    Args:
        alpha_initializer: Initializer of the slopes. Defaults to `"Zeros"`.
        alpha_regularizer: Regularizer of the slopes. Defaults to `None`.
        alpha_constraint: Constraint of the slopes. Defaults to `None`.
        shared_axes: Axis or axes along which one slope is shared; `[1, 2]` gives one
            slope a channel to images. Defaults to `None`.
        **kwargs: `keras.layers.Layer` arguments.

    Differs from `keras.layers.PReLU`: nowhere.

    Example:
        >>> import numpy as np
        >>> from keras import ops
        >>> from keras_cnn import layers
        >>> layer = layers.PReLU(alpha_initializer="ones", shared_axes=[1])
        >>> print(ops.convert_to_numpy(layer(np.array([[-2.0, 3.0]]))))
        [[-2.  3.]]

    Reference: [He et al., 2015](https://arxiv.org/abs/1502.01852)
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        """Takes the arguments listed above."""
        super().__init__(**kwargs)
        self.supports_masking = True
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None and not isinstance(shared_axes, (list, tuple)):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape: Any) -> None:
        """Makes `alpha` and fixes the sizes of the axes that are not shared."""
        shared = self.shared_axes or []
        shape = list(input_shape[1:])
        for axis in shared:
            shape[axis - 1] = 1
        self.alpha = self.add_weight(
            shape=shape,
            name="alpha",
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        rank = len(input_shape)
        fixed = {
            i: input_shape[i] for i in range(1, rank) if shared and i not in shared
        }
        self.input_spec = keras.layers.InputSpec(ndim=rank, axes=fixed)

    def call(self, inputs: Tensor) -> Tensor:
        """Applies the formula."""
        return activations.relu(inputs) - self.alpha * activations.relu(-inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns `input_shape`."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
