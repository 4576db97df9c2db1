"""Loss identifiers: a name, a config or a callable in, a loss out."""

from typing import Any

from .. import _keras_names


def get(identifier: Any) -> Any:
    """Returns the loss that `identifier` stands for, ours where it is written here.

    Args:
        identifier: The name of a function or class (or one of Keras's short names, as
            "mse"), a config as `keras.losses.serialize` returns it, a callable, which
            stays what it is, or None, which gives None.

    Raises:
        ValueError: If `identifier` does not stand for a loss.

    Differs from `keras.losses.get`: names and configs of losses that are written by
    hand here give ours.

    Example:
        >>> from keras_cnn import losses
        >>> losses.get("mse") is losses.mean_squared_error
        True
        >>> losses.get({"class_name": "Huber", "config": {"delta": 2.0}}).delta
        2.0
    """
    return _keras_names.get("losses", identifier)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the loss that a config describes, ours where it is written here.

    Args:
        name: What `keras.losses.serialize` returns for a loss, or the name of one.
        custom_objects: Classes and functions by the names that the config has for them.
            Defaults to `None`, for those that are registered with Keras.

    Differs from `keras.losses.deserialize`: names and configs of losses that are
    written by hand here give ours.

    Example:
        >>> import keras
        >>> from keras_cnn import losses
        >>> config = keras.losses.serialize(keras.losses.LogCosh(name="a"))
        >>> isinstance(losses.deserialize(config), losses.LogCosh)
        True
    """
    return _keras_names.deserialize("losses", name, custom_objects)
