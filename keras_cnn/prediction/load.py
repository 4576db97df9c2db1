"""One way in for every kind of exported model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from .._checks import InputError
from .._optional import MissingExtraError
from .._preparation import Preparation
from ..formats import FORMATS, Format
from ..formats.format import LoadedModel
from ..saving.archive import check_suffix
from ..saving.metadata import read_metadata
from .predictor import Predictor


def load(path: str | os.PathLike[str], *, trust: bool = False) -> Predictor:
    """Loads an image classifier from whatever file it was exported to.

    | path | needs |
    | --- | --- |
    | folder with a `saved_model.pb` | TensorFlow |
    | `.tflite` | `pip install -e '.[litert]'` |
    | `.onnx` | `pip install -e '.[onnx]'` |
    | `.keras`, or a run's folder with a `model.keras` | Keras on TensorFlow |

    No more than that is imported. Of a folder with several formats the fastest that can
    be loaded is taken: ONNX, LiteRT, SavedModel, `.keras`, those in float32.

    Images are prepared as was recorded when the model was trained or exported. Where
    nothing was, they are resized, and their values are 0..255 if the model's first
    layers scale such pixels, else 0..1: `Predictor.prepared` says otherwise.

    Args:
        path: The file or the folder.
        trust: Whether to load a SavedModel, `.onnx` or `.tflite` file unchecked:
            whoever made it may then run what they like. Defaults to False.

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
    return load_fastest(Path(path), trust=trust)


def load_fastest(
    path: Path,
    *,
    trust: bool = False,
    starting: Callable[[Format], None] = lambda format: None,
) -> Predictor:
    """Loads a classifier as `load` does.

    Args:
        path: The file or the folder.
        trust: As `load` takes it.
        starting: Called with the format of a file that is about to be loaded.
    """
    files = model_files(path)
    if not trust:
        for file, format in files:
            format.check_trusted(file)
    not_loaded: list[str] = []
    errors: list[InputError] = []
    for file, format in files:
        try:
            starting(format)
            loaded = format.load(file, trust=trust)
        except InputError as error:
            not_loaded.append(f"{format.name}: {error}")
            errors.append(error)
            continue
        return _predictor(path, file, loaded, tuple(not_loaded))
    # What is damaged says more than what is not installed.
    errors.sort(key=lambda error: isinstance(error, MissingExtraError))
    raise errors[0]


def model_files(path: Path) -> list[tuple[Path, Format]]:
    """Returns the files of a model that can be loaded, and their formats.

    Args:
        path: The file or the folder. Of a folder the files that an export writes in
            float32, and a run's `model.keras`: the fastest first.

    Raises:
        InputError: If there is no such path, or no model in it.
    """
    if not path.exists():
        raise InputError(f"A model file must exist. Received: {str(path)!r}.")
    check_suffix(path)
    formats = sorted(FORMATS.values(), key=lambda format: format.speed)
    if path.is_dir():
        inside = [
            (path / name if name else path, format)
            for format in formats
            for name in (format.files.get("float32", ""),)
        ]
        files = [
            (file, format)
            for file, format in inside
            if file.exists() and format.is_at(file)
        ]
    else:
        files = [(path, format) for format in formats if format.is_at(path)]
    if files:
        return files
    suffixes = [format.suffix for format in FORMATS.values() if format.suffix]
    raise InputError(
        f"A model must be a {', '.join(suffixes)} file, a run's folder, or the folder "
        f"of an export. Received: {str(path)!r}."
    )


def _predictor(
    path: Path, file: Path, loaded: LoadedModel, not_loaded: tuple[str, ...]
) -> Predictor:
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
        file,
        not_loaded,
    )
