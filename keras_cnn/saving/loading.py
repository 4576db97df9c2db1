"""Loading of `.keras` files, with this package's classes known to Keras."""

from __future__ import annotations

import os
from pathlib import Path

import keras

# Importing them registers every class with Keras.
from .. import activations, layers, losses  # noqa: F401
from .._checks import InputError, first_line
from .archive import check_archive
from .layer_sizes import check_layer_sizes
from .metadata import MODEL
from .rehearsal import rehearse
from .working_memory import check_activations, is_plain


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
        path, keras.saving.get_registered_object, compile=compile
    )

    def opened() -> keras.Model:
        check_layer_sizes(path, config, stored)
        model = _opened(path, compile)
        check_activations(path, model)
        return model

    # Before anything starts TensorFlow: then no copy of this process can be made.
    if not is_plain(config):
        rehearse(path, [path], lambda: _use_once(opened()), None)
    return opened()


def _opened(path: Path, compile: bool) -> keras.Model:
    try:
        return keras.saving.load_model(path, compile=compile, safe_mode=True)
    # What a damaged or hostile archive makes Keras raise is not documented.
    except Exception as error:
        raise InputError(
            f"A model file must hold a model that Keras loads in safe mode. "
            f"Received: {str(path)!r} ({first_line(error)})."
        ) from error


def _use_once(model: keras.Model) -> None:
    """Calls a model on zeros, if it says of what size, to see what that takes."""
    inputs = getattr(model, "inputs", None) or []
    if inputs and all(None not in tensor.shape[1:] for tensor in inputs):
        zeros = [
            keras.ops.zeros((1, *tensor.shape[1:]), tensor.dtype) for tensor in inputs
        ]
        model(zeros if len(zeros) > 1 else zeros[0], training=False)


def keras_model_of(path: Path) -> keras.Model | None:
    """Returns the Keras model in a file, a run's folder or an export; None without.

    It is not compiled.
    """
    file = path if path.suffix == ".keras" else path / MODEL
    return load_model(file, compile=False) if file.is_file() else None
