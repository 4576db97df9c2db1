"""ONNX, for ONNX Runtime and whatever else reads it."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._checks import InputError, first_line
from .._optional import optional
from .._preparation import Preparation
from ..saving.metadata import ModelMetadata
from .format import Format, LoadedModel, Runner, Signatures
from .onnx_guard import Refused, check_onnx
from .rehearsing import rehearse_format

if TYPE_CHECKING:
    from .classifier import Classifier
    from .format import Pixels

OPSET = 18

# ONNX Runtime from 1.32 on sends how it is used to its maker, and keeps an identifier
# of the device in the home folder, unless this is set before it is first imported; its
# `disable_telemetry_events` comes too late.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


class Onnx(Format):
    """An `.onnx` file, opset 18.

    It takes `image`, float32 (batch, height, width, channels), and gives `logits`,
    `probabilities` and `label`, for any batch size, 0 included. Name, classes and how
    images are prepared are in its metadata.
    """

    name = "onnx"
    suffix = ".onnx"
    files = {"float32": "model.onnx"}
    extra = "onnx"
    runtime = ("onnxruntime",)
    writers = ("tf2onnx", "onnx")
    without = ("keras", "keras_cnn", "tensorflow")
    needs = "ONNX Runtime"
    speed = 1

    def write(
        self,
        classifier: Classifier,
        path: Path,
        precision: str,
        calibration: Pixels | None = None,
    ) -> Signatures:
        """Converts the model by tf2onnx."""
        import tensorflow as tf

        from .classifier import INPUT
        from .erfc import as_onnx

        onnx = optional("onnx", "onnx")
        tf2onnx = optional("tf2onnx", "onnx")
        specification = [classifier.specification]
        with _quiet("tf2onnx"):
            try:
                outputs = _baked(classifier)
                function = tf.function(outputs, input_signature=specification)
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
        inputs = [tensor.name for tensor in model.graph.input]
        if inputs != [INPUT]:
            raise InputError(
                f"An ONNX model must have one input, `{INPUT}`: all else must be part "
                f"of it. Received: {classifier.model.name}, which would have "
                f"{', '.join(map(repr, inputs)) or 'none'}."
            )
        for tensor in (*model.graph.input, *model.graph.output):
            tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
        model.graph.name = classifier.name
        properties = {
            "name": classifier.name,
            "class_names": json.dumps(classifier.class_names),
            "preparation": json.dumps(classifier.preparation.to_dict()),
        }
        onnx.helper.set_model_props(model, properties)
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString())
        return {}

    @staticmethod
    def run(path: str) -> Runner:
        """Returns the file as a function of an array."""
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]

        def call(images: Any) -> dict[str, Any]:
            return dict(zip(names, session.run(names, {"image": images}), strict=True))

        return call

    def load(self, path: Path, *, trust: bool = False) -> LoadedModel:
        """Loads the file; it needs ONNX Runtime alone."""
        from ..saving.archive import read_limited

        runtime = optional("onnxruntime", "onnx")
        content = read_limited(path)
        if not trust:
            try:
                check_onnx(content)
            except Refused as refused:
                raise InputError(
                    "An ONNX model must be a whole .onnx file of standard operations, "
                    f"with its weights in it. Received: {str(path)!r} ({refused})."
                ) from None
            rehearse_format(self, path)
        try:
            # From memory: weights in other files, which the model may name, stay there.
            session = runtime.InferenceSession(
                content, providers=["CPUExecutionProvider"]
            )
            shapes = {input.name: input.shape for input in session.get_inputs()}
            outputs = {output.name: output.shape for output in session.get_outputs()}
            classes = int(outputs["probabilities"][-1])
            height, width, channels = map(int, shapes["image"][1:])
            properties = session.get_modelmeta().custom_metadata_map
            names = tuple(map(str, json.loads(properties.get("class_names", "[]"))))
            noted = json.loads(properties.get("preparation", "null"))
        # ONNX Runtime's own exceptions have no common public base.
        except Exception as error:
            raise InputError(
                "An ONNX model must be a whole .onnx file with an input `image` and an "
                f"output `probabilities`. Received: {str(path)!r} "
                f"({first_line(error)})."
            ) from error

        def classify(images: Any) -> Any:
            return session.run(["probabilities"], {"image": images})[0]

        preparation = None if noted is None else Preparation.from_dict(noted)
        metadata = ModelMetadata(class_names=names or None, preparation=preparation)
        return LoadedModel(classify, (height, width, channels), classes, metadata)


def _baked(classifier: Classifier) -> Callable[[Any], dict[str, Any]]:
    """Returns a classifier's outputs as a function in which all values are constants.

    tf2onnx makes an input of each tensor that is not a variable, such as the mean and
    variance of a `Normalization`.
    """
    import tensorflow as tf
    from tensorflow.python.framework import convert_to_constants

    function = tf.function(classifier.outputs)
    concrete = function.get_concrete_function(classifier.specification)
    if all(tensor.dtype == tf.resource for tensor in concrete.captured_inputs):
        return classifier.outputs
    frozen = convert_to_constants.convert_variables_to_constants_v2(
        concrete, lower_control_flow=False
    )
    names = sorted(concrete.structured_outputs)  # the order of what it returns

    def outputs(image: Any) -> dict[str, Any]:
        return {
            name: tf.identity(value, name)
            for name, value in zip(names, frozen(image), strict=True)
        }

    return outputs


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
