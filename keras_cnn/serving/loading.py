"""A model's file or folder, made ready to be served."""

from __future__ import annotations

import os
import re

from ..prediction import Predictor
from ..prediction import load as load_predictor
from .served import ServedModel


def load(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    trust: bool = False,
    fitting: str | None = None,
    pixels: str | None = None,
) -> ServedModel:
    """Loads a model to be served.

    Args:
        path: A `.keras`, `.onnx` or `.tflite` file, an exported model's folder, or a
            run's folder. Of a folder with several files the fastest is served, as
            `prediction.load` takes it.
        name: Its name in URLs. Defaults to None, the name that was recorded when the
            model was trained or exported, or else the file's.
        trust: Whether to load a SavedModel, `.onnx` or `.tflite` file unchecked:
            whoever made it may then run what they like. Defaults to False.
        fitting: What becomes of an image of another size, as `Predictor.prepared`
            takes it. Defaults to what was recorded.
        pixels: What values the model takes, likewise.

    Raises:
        InputError: If there is no such model, it is damaged or may not be trusted, or
            the name cannot stand in a URL.
        MissingExtraError: If the model's runtime is not installed.

    Example:
        >>> import tempfile
        >>> from keras_cnn import article_cnn
        >>> path = tempfile.mkdtemp() + "/digits.keras"
        >>> article_cnn().save(path)
        >>> load(path).name
        'digits'
    """
    predictor = load_predictor(path, trust=trust).prepared(fitting, pixels)
    return served_as(predictor, name)


def served_as(predictor: Predictor, name: str | None = None) -> ServedModel:
    """Returns a loaded classifier under its recorded version, and a name for URLs.

    Raises:
        InputError: If the name cannot stand in a URL.
    """
    metadata = predictor.metadata
    recorded = re.sub(r"[^A-Za-z0-9_.-]", "_", metadata.name)
    return ServedModel(predictor, name or recorded, metadata.version)
