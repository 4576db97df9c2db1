"""ONNX, for ONNX Runtime and what else reads it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from .._checks import InputError
from .._optional import optional
from .classifier import Classifier
from .erfc import as_onnx

OPSET = 18


def convert(classifier: Classifier, name: str) -> bytes:
    """Returns a classifier as the bytes of an `.onnx` file, opset 18.

    It takes `image`, float32 (batch, height, width, channels), and gives `logits`,
    `probabilities` and `label`, for any batch size, 0 included. Name and classes are in
    its metadata.

    Raises:
        InputError: If the packages of the extra `onnx` are missing, or ONNX has no
            operation for something that the model does.
    """
    import tensorflow as tf

    onnx = optional("onnx", "onnx")
    tf2onnx = optional("tf2onnx", "onnx")
    specification = [classifier.specification]
    function = tf.function(classifier.answer, input_signature=specification)
    with _quiet("tf2onnx"):
        try:
            model, _ = tf2onnx.convert.from_function(
                function,
                input_signature=specification,
                opset=OPSET,
                custom_op_handlers={"Erfc": (as_onnx, [])},
            )
        except Exception as error:  # of whatever class the converter's parts raise
            raise InputError(
                f"Every operation of the model must exist in ONNX, opset {OPSET}. "
                f"Received: {classifier.model.name} ({error})."
            ) from error
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    model.graph.name = name
    facts = {"name": name, "class_names": json.dumps(classifier.class_names)}
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
