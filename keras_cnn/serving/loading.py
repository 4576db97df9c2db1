"""A model's file or folder, made ready to be served."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..prediction import load as load_predictor
from ..saving.loading import keras_model_of
from .heatmaps import grad_cam_heatmaps
from .served import ServedModel


def load(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    trust: bool = False,
    prepare: str | None = None,
    pixels: str | None = None,
) -> ServedModel:
    """Loads a model to be served, with heatmaps where its Keras file is there.

    Args:
        path: A `.keras`, `.onnx` or `.tflite` file, an exported model's folder, or a
            run's folder.
        name: Its name in URLs. Defaults to None, the name that was recorded when the
            model was trained or exported, or else the file's.
        trust: Whether to load a SavedModel whose manifest is missing or does not match.
            A SavedModel is a program that may read and write files. Defaults to False.
        prepare: What becomes of an image of another size, as `Predictor.prepared`
            takes it. Defaults to what was recorded.
        pixels: What values the model takes, likewise.

    Raises:
        InputError: If there is no such model, it is damaged or may not be trusted, or
            the name cannot stand in a URL.
        MissingExtraError: If the model's runtime is not installed.

    Example:
        >>> import tempfile
        >>> from keras_cnn import article_cnn
        >>> path = Path(tempfile.mkdtemp()) / "digits.keras"
        >>> article_cnn().save(path)
        >>> load(path).name
        'digits'
    """
    path = Path(path)
    predictor = load_predictor(path, trust=trust).prepared(prepare, pixels)
    keras_model = keras_model_of(path)
    return ServedModel(
        predictor,
        name or re.sub(r"[^A-Za-z0-9_.-]", "_", predictor.metadata.name),
        predictor.metadata.version,
        None
        if keras_model is None
        else grad_cam_heatmaps(keras_model, predictor.preparation.normalize),
    )
