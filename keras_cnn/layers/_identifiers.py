"""Layer configs: a config in, a layer out."""

from typing import Any

import keras

from .. import _keras_names


def deserialize(
    config: dict[str, Any], custom_objects: dict[str, Any] | None = None
) -> keras.layers.Layer:
    """Returns the layer that `config` describes, ours where it is written by hand here.

    That holds for the layers inside of it, too.

    Args:
        config: What `keras.layers.serialize` returns for a layer.
        custom_objects: Classes and functions by the names that `config` has for them.
            Defaults to `None`, for those that are registered with Keras.

    Raises:
        ValueError: If `config` does not describe a layer.

    Differs from `keras.layers.deserialize`: the config of a layer of Keras's that is
    written by hand here gives ours.

    Example:
        >>> import keras
        >>> from keras_cnn import layers
        >>> config = keras.layers.serialize(keras.layers.Dense(2))
        >>> isinstance(layers.deserialize(config), layers.Dense)
        True
    """
    return _keras_names.deserialize("layers", config, custom_objects)
