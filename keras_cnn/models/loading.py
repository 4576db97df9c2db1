"""Loading of saved Keras models, with this package's classes known to Keras."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import keras

from .. import _components  # noqa: F401  (registers every class with Keras)
from .._checks import InputError


def load_model(path: str | os.PathLike[str], *, compile: bool = True) -> keras.Model:
    """Loads a `.keras` file, with every class of this package registered.

    A model file is a program: it is loaded with `safe_mode=True`, which refuses
    pickled functions.

    Args:
        path: A `.keras` file.
        compile: Whether to restore optimizer, loss and metrics too. Defaults to True.

    Returns:
        The model.

    Raises:
        InputError: If the file is missing, is no whole `.keras` file, or holds what
            Keras refuses to load.

    Example:
        >>> import tempfile
        >>> from keras_cnn.models import article_cnn
        >>> path = tempfile.mkdtemp() + "/model.keras"
        >>> article_cnn().save(path)
        >>> load_model(path).count_params()
        93322
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"A model file must exist. Received: {str(path)!r}.")
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise InputError(
            "A model file must be a whole .keras file, as `model.save` writes it. "
            f"Received: {str(path)!r}."
        )
    try:
        return keras.saving.load_model(path, compile=compile, safe_mode=True)
    # What a damaged or hostile archive makes Keras raise is not documented.
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"A model file must hold a model that Keras loads in safe mode. "
            f"Received: {str(path)!r} ({reason})"
        ) from error
