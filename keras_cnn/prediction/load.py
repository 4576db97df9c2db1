"""One way in for every kind of exported model."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from .._checks import InputError
from .._preparation import Preparation
from ..formats import FORMATS, Format
from ..saving.archive import check_suffix
from ..saving.metadata import MODEL, read_metadata
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

    Images are prepared as was recorded when the model was trained or exported. Where
    nothing was, they are resized, and their values are 0..255 if the model's first
    layers scale such pixels, else 0..1: `Predictor.prepared` says otherwise.

    Args:
        path: The file or the folder.
        trust: Whether to load a SavedModel whose manifest is missing or does not match.
            A SavedModel is a program that may read and write files. Defaults to False.

    Returns:
        The classifier, and what is known of it.

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
        >>> [len(row.probabilities) for row in load(path).predict(blank)]
        [10, 10]
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"A model file must exist. Received: {str(path)!r}.")
    file, format = _find(path)
    loaded = format.load(file, trust=trust)
    metadata = read_metadata(path)
    # What stands in the file itself goes before what lies beside it.
    names = loaded.metadata.class_names or metadata.class_names
    if names is not None and len(names) != loaded.classes:
        names = None
    recorded = loaded.metadata.preparation or metadata.preparation
    metadata = replace(metadata, class_names=names, preparation=recorded)
    return Predictor(
        loaded.probabilities,
        loaded.image_shape,
        metadata.labels(loaded.classes),
        metadata,
        recorded or loaded.preparation or Preparation.of_shape(loaded.image_shape),
    )


def _find(path: Path) -> tuple[Path, Format]:
    """Returns the file to load, and its format."""
    check_suffix(path)
    for file in (path, path / MODEL):
        for format in FORMATS.values():
            if file.exists() and format.is_at(file):
                return file, format
    suffixes = [format.suffix for format in FORMATS.values() if format.suffix]
    raise InputError(
        f"A model must be a {', '.join(suffixes)} file, a run's folder, or the folder "
        f"of an export. Received: {str(path)!r}."
    )
