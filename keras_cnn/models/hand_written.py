"""A model of Keras's parts with the hand-written ones in their place."""

from __future__ import annotations

from typing import Any

import keras

from .. import activations, layers
from .swapping import copied


def use_keras_cnn(model: keras.Model) -> keras.Model:
    """Returns a copy of a model that computes with this package's parts.

    Layers and activations of Keras's that are written by hand here are replaced, in
    nested models, too; all others, and your own, stay. The weights are kept, and the
    outputs are equal to rounding.

    Args:
        model: A built Sequential or functional model, nested or not. It is not changed.

    Returns:
        The copy, not compiled, with the layers' names. Compile it with a loss of
        `keras_cnn.losses`, where you like.

    Raises:
        InputError: If the model is not built, or has its layers in its own code.

    Example:
        >>> from keras_cnn import article_cnn, use_keras_cnn
        >>> type(use_keras_cnn(article_cnn()).layers[0]).__module__
        'keras_cnn.layers.conv2d'
    """
    return copied(model, _ours)


def _ours(layer: Any, config: dict[str, Any]) -> keras.Layer | None:
    if not isinstance(layer, keras.Layer):
        return None
    function = config.get("activation")
    if callable(function) and not isinstance(function, keras.Layer):
        config["activation"] = _our_function(function)
    if isinstance(layer, keras.layers.Wrapper):
        inner_config = layer.layer.get_config()
        inner = _ours(layer.layer, inner_config)
        inner = inner or type(layer.layer).from_config(inner_config)
        config["layer"] = keras.saving.serialize_keras_object(inner)
    name = type(layer).__name__
    kind = getattr(layers, name, None)
    if type(layer) is not getattr(keras.layers, name, None) or kind is type(layer):
        return None
    return kind.from_config(config)  # type: ignore[union-attr]


def _our_function(function: Any) -> Any:
    name = getattr(function, "__name__", "")
    if function is getattr(keras.activations, name, None):
        return getattr(activations, name)
    return function
