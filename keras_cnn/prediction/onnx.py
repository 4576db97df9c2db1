"""Loading of an exported `.onnx` file; it needs ONNX Runtime alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .._checks import InputError, first_line
from .._optional import optional
from ..saving.archive import read_limited
from ..saving.metadata import Noted
from .predictor import Predictor


def open_onnx(path: Path) -> Predictor:
    """Loads an exported model.

    Raises:
        InputError: If the file is no ONNX model with this package's names.
        MissingExtraError: If ONNX Runtime is not installed.
    """
    runtime = optional("onnxruntime", "onnx")
    content = read_limited(path)
    try:
        # From memory: weights in other files, which the model may name, are not read.
        session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
        shape = {one.name: one.shape for one in session.get_inputs()}["image"]
        outputs = {one.name: one.shape for one in session.get_outputs()}
        classes = int(outputs["probabilities"][-1])
        height, width, channels = map(int, shape[1:])
        noted = session.get_modelmeta().custom_metadata_map.get("class_names", "[]")
        inside = Noted(tuple(map(str, json.loads(noted))))
    # ONNX Runtime's own exceptions have no common public base.
    except Exception as error:
        raise InputError(
            "An ONNX model must be a whole .onnx file with an input `image` and an "
            f"output `probabilities`. Received: {str(path)!r} "
            f"({first_line(error)})."
        ) from error

    def classify(images: Any) -> Any:
        return session.run(["probabilities"], {"image": images})[0]

    return Predictor(classify, (height, width, channels), inside.names(classes))
