"""Opening of whatever file or folder a user calls a model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._checks import InputError

if TYPE_CHECKING:
    import keras

    from ..prediction import Predictor


@dataclass(frozen=True)
class OpenedModel:
    """A model ready to predict, and what was noted when it was made.

    Attributes:
        predictor: The model.
        class_names: The names of its classes, if they were noted, else None.
        data: Of the data set that it was trained on: name, source and so on; {} if
            nothing was noted.
        model: The Keras model itself; None of an exported one.
    """

    predictor: Predictor
    class_names: tuple[str, ...] | None
    data: dict[str, Any]
    model: keras.Model | None = None


def open_model(path: Path) -> OpenedModel:
    """Opens a `.keras` file, a run's folder, or an exported SavedModel.

    Raises:
        InputError: If the path is none of these.
    """
    if (path / "saved_model.pb").is_file():
        from ..prediction import load_saved_model

        noted = _noted(path / "manifest.json")
        predictor = load_saved_model(path)
        return OpenedModel(predictor, predictor.class_names, noted.get("data", {}))
    if path.is_dir():
        from ..training.record import MODEL

        path = path / MODEL
    return _open_keras(path)


def _open_keras(path: Path) -> OpenedModel:
    from ..models import load_model
    from ..models.heads import logits_and_probabilities
    from ..prediction import Predictor
    from ..training import predictor
    from ..training.record import CONFIG

    model = load_model(path, compile=False)
    classify = logits_and_probabilities(model)
    image_shape, outputs = model.input_shape[1:], model.output_shape[-1]
    if len(image_shape) != 3 or None in image_shape or image_shape[2] not in (1, 3):
        raise InputError(
            "A model must take images of one size, gray or RGB. "
            f"Received: {path} with inputs of shape {model.input_shape}."
        )
    data = _noted(path.parent / CONFIG).get("data", {})
    noted = tuple(data.get("class_names", ()))
    names = noted if len(noted) == outputs else tuple(map(str, range(outputs)))
    probabilities = predictor(lambda images: classify(images)[1], image_shape)
    opened = Predictor(probabilities, image_shape, names)
    return OpenedModel(opened, names if names == noted else None, data, model)


def _noted(path: Path) -> dict[str, Any]:
    """Returns what a run or an export has noted beside a model; {} if nothing."""
    try:
        noted = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}
