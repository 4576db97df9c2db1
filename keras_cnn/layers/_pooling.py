"""What the pooling layers share: a window, its steps, and the shapes they imply."""

from typing import Any

import keras

from ._windows import (
    DataFormat,
    Padding,
    Shape,
    as_data_format,
    as_padding,
    as_pair,
    output_shape,
)


class Pooling2D(keras.layers.Layer):
    """Holds what a pooling layer is told; a subclass says how a window is pooled."""

    def __init__(
        self,
        pool_size: int | tuple[int, int],
        strides: int | tuple[int, int] | None = None,
        padding: Padding = "valid",
        data_format: DataFormat | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        """See the subclasses."""
        super().__init__(name=name, **kwargs)
        self.pool_size = as_pair("pool_size", pool_size)
        self.strides = as_pair("strides", pool_size if strides is None else strides)
        self.padding = as_padding(padding)
        self.data_format = as_data_format(data_format)
        self.input_spec = keras.InputSpec(ndim=4)
        self._build_at_init()

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape after pooling; unknown sizes stay None."""
        return output_shape(
            input_shape,
            window=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, from which `from_config` makes the same layer."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
        }
