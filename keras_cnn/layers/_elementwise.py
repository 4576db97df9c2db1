"""What every activation layer shares."""

from typing import Any

import keras

Tensor = Any


class Elementwise(keras.layers.Layer):
    """A layer without weights whose output has the shape of its input."""

    def __init__(self, **kwargs: Any) -> None:
        """Takes the arguments of `keras.layers.Layer`."""
        super().__init__(**kwargs)
        self.supports_masking = True
        # Nothing to make from the input's shape: built from the start, as in Keras,
        # but for a subclass that has something to make.
        self.built = type(self).build is keras.layers.Layer.build

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns `input_shape`."""
        return input_shape
