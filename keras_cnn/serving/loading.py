"""A model's file or folder, made ready to be served."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path

from ..prediction import load as load_predictor
from ..saving.metadata import read_metadata
from .served import ServedModel

# Files of an export that answer faster than its SavedModel, and what runs them: by
# benchmarks/serving.py, the fastest first.
_FASTER = {"model.onnx": "onnxruntime", "model.tflite": "ai_edge_litert"}


def fastest(path: Path) -> Path:
    """Returns which file of an exported model's folder is served; else the path.

    It is the one that answers fastest with what is installed here.
    """
    for name, runtime in _FASTER.items():
        if (path / name).is_file() and find_spec(runtime):
            return path / name
    return path


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
            run's folder. Of a folder with several files, the fastest is served.
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
        >>> path = Path(tempfile.mkdtemp()) / "digits.keras"
        >>> article_cnn().save(path)
        >>> load(path).name
        'digits'
    """
    path = Path(path)
    file = fastest(path)
    predictor = load_predictor(file, trust=trust).prepared(fitting, pixels)
    return ServedModel(
        predictor,
        name or re.sub(r"[^A-Za-z0-9_.-]", "_", read_metadata(path).name),
        predictor.metadata.version,
        "" if file == path and path.is_dir() else file.name,
    )
