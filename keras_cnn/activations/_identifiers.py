"""Activation identifiers: a name, a config or a callable in, a function out."""

from collections.abc import Callable
from typing import Any

import keras

from ._activation import FUNCTIONS

ALIASES = {"swish": "silu"}


def get(identifier: Any) -> Callable[..., Any]:
    """Returns the activation function that `identifier` stands for.

    A name that this package knows gives the function of this package, `None` gives
    `linear`; everything else (other names, configs, callables) is left to
    `keras.activations.get`.

    Args:
        identifier: A name, a config as `serialize` returns it, a callable or `None`.

    Raises:
        ValueError: If `identifier` stands for no activation.

    Differs from `keras.activations.get`: names resolve to this package's functions.

    Example:
        >>> from keras_cnn import activations
        >>> activations.get("relu") is activations.relu
        True
    """
    name = "linear" if identifier is None else identifier
    if isinstance(name, str):
        name = ALIASES.get(name, name)
        if name in FUNCTIONS:
            return FUNCTIONS[name]
    return keras.activations.get(name)  # type: ignore[no-any-return]


def serialize(activation: Callable[..., Any]) -> Any:
    """Returns the config of `activation`, from which `get` restores it.

    A function of this package becomes its plain name, so the layers of this
    package have the configs that Keras's have. Everything else is left to
    `keras.activations.serialize`.

    Keras's own `relu` is serialised as `"relu"` too, and comes back as this
    package's: the values are the same.

    Example:
        >>> from keras_cnn import activations
        >>> activations.serialize(activations.relu)
        'relu'
    """
    name = getattr(activation, "__name__", "")
    if FUNCTIONS.get(name) is activation:
        return name
    return keras.activations.serialize(activation)
