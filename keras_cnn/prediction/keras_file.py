"""Loading of `.keras` files, with this package's classes known to Keras."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras

from .. import _components  # noqa: F401  (registers every class with Keras)
from .._checks import InputError
from .guard import check_archive
from .heads import Head, image_shape
from .layer_sizes import check_layer_sizes
from .noted import noted_in
from .predictor import Predictor


def load_model(path: str | os.PathLike[str], *, compile: bool = True) -> keras.Model:
    """Loads a `.keras` file, with every class of this package registered.

    A model file is a program. It is read before Keras sees it, and refused unless it
    holds layers alone, no larger than its weights; then Keras loads it with
    `safe_mode=True`, which refuses pickled functions. docs/predict.md lists what is
    refused, and why.

    Args:
        path: A `.keras` file.
        compile: Whether to restore optimizer, loss and metrics too. Defaults to True.

    Returns:
        The model.

    Raises:
        InputError: If the file is missing, is no whole `.keras` file, holds more than
            a model, or what Keras refuses to load.

    Example:
        >>> import tempfile
        >>> from keras_cnn.models import article_cnn
        >>> path = tempfile.mkdtemp() + "/model.keras"
        >>> article_cnn().save(path)
        >>> load_model(path).count_params()
        93322
    """
    path = Path(path)
    config, stored = check_archive(
        path, lambda name: keras.saving.get_registered_object(name) is not None
    )
    check_layer_sizes(path, config, stored)
    try:
        return keras.saving.load_model(path, compile=compile, safe_mode=True)
    # What a damaged or hostile archive makes Keras raise is not documented.
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"A model file must hold a model that Keras loads in safe mode. "
            f"Received: {str(path)!r} ({reason})"
        ) from error


def open_keras(path: Path) -> Predictor:
    """Opens a `.keras` file of an image classifier; needs Keras on TensorFlow."""
    import tensorflow as tf

    model = load_model(path, compile=False)
    shape = image_shape(model)
    try:
        classify = Head(model)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            "A model must classify images of the shape that it says. "
            f"Received: {str(path)!r} ({reason})"
        ) from error
    specification = tf.TensorSpec((None, *shape), tf.float32)

    @tf.function(input_signature=[specification])
    def probabilities(images: Any) -> Any:
        return tf.cast(classify(images)[1], tf.float32)

    return Predictor(
        lambda images: probabilities(images).numpy(),
        shape,
        noted_in(path.parent).names(classify.classes),
    )
