"""Loading of an exported SavedModel; of all runtimes it needs TensorFlow alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .._checks import InputError
from .predictor import Predictor


def load_saved_model(path: str | os.PathLike[str]) -> Predictor:
    """Loads an exported model.

    Args:
        path: A version's folder, as `keras-cnn train` writes it.

    Raises:
        InputError: If the folder holds no SavedModel with this package's signatures,
            or its manifest is missing or damaged.
    """
    import tensorflow as tf

    path = Path(path)
    class_names = _class_names(path / "manifest.json")
    try:
        model = tf.saved_model.load(str(path))
        serve = model.signatures["serving_default"]
        shape = serve.structured_input_signature[1]["image"].shape
    except (OSError, KeyError, tf.errors.OpError) as error:
        raise InputError(
            "An exported model must be a SavedModel with an input `image`. "
            f"Received: {path} ({error})."
        ) from error

    def probabilities(images: Any) -> Any:
        # Through the model each time: its weights live only as long as it does.
        serve = model.signatures["serving_default"]
        return serve(image=tf.constant(images))["probabilities"]

    return Predictor(probabilities, tuple(shape[1:]), class_names)


def _class_names(manifest: Path) -> tuple[str, ...]:
    try:
        return tuple(json.loads(manifest.read_text())["class_names"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "An exported model must have its manifest.json beside it. "
            f"Received: {manifest.parent} ({error})."
        ) from error
