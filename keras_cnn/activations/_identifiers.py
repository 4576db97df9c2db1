"""Activation identifiers: a name, a config or a callable in, a function out."""

from collections.abc import Callable
from typing import Any

import keras

from .. import _keras_names
from ._activation import FUNCTIONS


def get(identifier: Any) -> Callable[..., Any]:
    """Returns the function that `identifier` stands for, ours if it is written here.

    Args:
        identifier: A name (or one of Keras's aliases, as "swish"), a config as
            `serialize` returns it, a callable, which stays what it is, or None, which
            gives `linear`.

    Raises:
        ValueError: If `identifier` does not stand for an activation.

    Differs from `keras.activations.get`: names resolve to this package's functions.

    Example:
        >>> from keras_cnn import activations
        >>> activations.get("relu") is activations.relu
        True
    """
    return _keras_names.get("activations", identifier)  # type: ignore[no-any-return]


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Returns the function that a config describes, ours where it is written here.

    Args:
        config: What `serialize` or Keras's own returns for a function, or its name.
        custom_objects: Functions by the names that the config has for them. Defaults to
            `None`, for those that are registered with Keras.

    Differs from `keras.activations.deserialize`: names resolve to this package's
    functions.

    Example:
        >>> from keras_cnn import activations
        >>> activations.deserialize("relu") is activations.relu
        True
    """
    return _keras_names.deserialize("activations", config, custom_objects)


def serialize(activation: Callable[..., Any]) -> Any:
    """Returns the config of `activation`, from which `get` restores it.

    A function of this package becomes its plain name, so the layers of this
    package have the configs that Keras's have. Everything else is left to
    `keras.activations.serialize`.

    Keras's own `relu` is serialized as `"relu"` too, and comes back as this
    package's: the values are the same.

    Args:
        activation: A function of this package or of Keras, or a callable that is
            registered with Keras.

    Example:
        >>> from keras_cnn import activations
        >>> activations.serialize(activations.relu)
        'relu'
    """
    name = getattr(activation, "__name__", "")
    if FUNCTIONS.get(name) is activation:
        return name
    return keras.activations.serialize(activation)
