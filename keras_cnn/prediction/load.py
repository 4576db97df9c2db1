"""One way in for every kind of exported model."""

from __future__ import annotations

import os
from pathlib import Path

from .._checks import InputError
from ..saving.archive import check_suffix
from ..saving.metadata import MODEL
from .predictor import Predictor


def load(path: str | os.PathLike[str], *, trust: bool = False) -> Predictor:
    """Loads an image classifier from whatever file it was exported to.

    | path | needs |
    | --- | --- |
    | folder with a `saved_model.pb` | TensorFlow |
    | `.tflite` | `pip install -e '.[litert]'` |
    | `.onnx` | `pip install -e '.[onnx]'` |
    | `.keras`, or a run's folder with a `model.keras` | Keras on TensorFlow |

    No more than that is imported.

    Args:
        path: The file or the folder.
        trust: Whether to load a SavedModel whose manifest is missing or does not match.
            A SavedModel is a program that may read and write files. Defaults to False.

    Returns:
        The classifier, with the names of its classes if they were noted, else numbers.

    Raises:
        InputError: If the path is none of these, is damaged, holds another kind of
            model than an image classifier, or may not be trusted.
        MissingExtraError: If the runtime is not installed.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from keras_cnn.models import article_cnn
        >>> path = tempfile.mkdtemp() + "/model.keras"
        >>> article_cnn().save(path)
        >>> blank = np.zeros((2, 28, 28, 1), np.uint8)
        >>> [len(seen.probabilities) for seen in load(path).predict(blank)]
        [10, 10]
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"A model file must exist. Received: {str(path)!r}.")
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            from .saved_model import open_saved_model

            return open_saved_model(path, trust=trust)
        path = path / MODEL
    check_suffix(path)
    if path.suffix == ".tflite":
        from .litert import open_litert

        return open_litert(path)
    if path.suffix == ".onnx":
        from .onnx import open_onnx

        return open_onnx(path)
    from .keras import open_keras

    return open_keras(path)
