"""Loading of an exported `.tflite` file; it needs LiteRT's interpreter alone."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import Any

import numpy as np

from .._checks import InputError, first_line
from .._optional import optional
from ..saving.archive import MOST_BYTES, read_limited
from ..saving.metadata import Noted
from .predictor import Predictor

# The flatbuffer's metadata entry with the model's name and classes, as JSON.
_METADATA = b"keras_cnn"


def open_litert(path: Path) -> Predictor:
    """Loads an exported model.

    Raises:
        InputError: If the file is no LiteRT model with this package's signature.
        MissingExtraError: If LiteRT is not installed.
    """
    runtime = optional("ai_edge_litert.interpreter", "litert")
    content = read_limited(path)
    try:
        # From memory, so that the file may be replaced while it is in use.
        interpreter = runtime.Interpreter(model_content=content)
        declared = _declared_bytes(interpreter)
        model = _Model(interpreter)
    except (ValueError, RuntimeError, KeyError) as error:
        raise InputError(
            "A LiteRT model must be a whole .tflite file with an input `image` and an "
            f"output `probabilities`. Received: {str(path)!r} "
            f"({first_line(error)})."
        ) from error
    # A signature's runner has allocated nothing; the first image would.
    if declared > MOST_BYTES:
        raise InputError(
            f"A LiteRT model's tensors must have at most {MOST_BYTES:,} bytes for an "
            f"image. Received: {str(path)!r} with {declared:,}."
        )
    return Predictor(model, model.image_shape, _noted(content).names(model.classes))


def _declared_bytes(interpreter: Any) -> int:
    """Returns the bytes of all tensors for one image, by the shapes that are declared.

    It is more than is ever in memory at once: what is done with is used again.
    """
    return sum(
        math.prod(abs(int(side)) for side in tensor["shape"])
        * np.dtype(tensor["dtype"]).itemsize
        for tensor in interpreter.get_tensor_details()
    )


class _Model:
    """An interpreter whose memory is laid out for the batch that it was last given."""

    def __init__(self, interpreter: Any) -> None:
        (signature,) = interpreter.get_signature_list()
        runner = interpreter.get_signature_runner(signature)
        image = runner.get_input_details()["image"]
        probabilities = runner.get_output_details()["probabilities"]
        self._interpreter = interpreter
        self._image, self._probabilities = image["index"], probabilities["index"]
        height, width, channels = map(int, image["shape"][1:])
        self.image_shape = height, width, channels
        self.classes = int(probabilities["shape"][-1])
        self._batch = -1
        self._lock = threading.Lock()

    def __call__(self, images: Any) -> Any:
        with self._lock:
            interpreter = self._interpreter
            if len(images) != self._batch:
                self._lay_out(len(images))
            interpreter.set_tensor(self._image, images)
            interpreter.invoke()
            return interpreter.get_tensor(self._probabilities)

    def _lay_out(self, batch: int) -> None:
        self._batch = -1
        self._interpreter.resize_tensor_input(self._image, (batch, *self.image_shape))
        self._interpreter.allocate_tensors()
        self._batch = batch


def _noted(content: bytes) -> Noted:
    """Reads the names of the classes in a model's metadata."""
    schema = optional("ai_edge_litert.schema_py_generated", "litert")
    model = schema.Model.GetRootAs(content, 0)
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        if entry.Name() != _METADATA:
            continue
        try:
            facts = json.loads(model.Buffers(entry.Buffer()).DataAsNumpy().tobytes())
            return Noted(tuple(map(str, facts["class_names"])))
        except (AttributeError, KeyError, TypeError, ValueError):  # another writer's
            break
    return Noted()
