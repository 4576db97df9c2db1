"""LiteRT, once TensorFlow Lite: in float32, with float16 weights, and in int8."""

from __future__ import annotations

import json
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._checks import InputError, first_line
from .._optional import optional
from .._preparation import Preparation
from ..saving.metadata import ModelMetadata
from .format import Format, LoadedModel, Runner, Signatures
from .litert_guard import Refused, check_litert
from .rehearsing import rehearse_format

if TYPE_CHECKING:
    from .classifier import Classifier
    from .format import Pixels

# The flatbuffer's metadata entry with the model's name and classes, as JSON.
METADATA = "keras_cnn"


class LiteRT(Format):
    """A `.tflite` file by the type that it computes in.

    Its only signature, `serving_default`, takes `image` and gives `logits`,
    `probabilities` and `label`, float32 in and out whatever it computes in: float32;
    float16, whose weights take half the space; or int8, whose weights and activations
    do, on a scale that is fitted to the calibration images. Name, classes and how
    images are prepared are in its metadata, as JSON under `keras_cnn`.
    """

    name = "litert"
    suffix = ".tflite"
    files = {
        "float32": "model.tflite",
        "float16": "model_float16.tflite",
        "int8": "model_int8.tflite",
    }
    extra = "litert"
    runtime = ("ai_edge_litert.interpreter",)
    without = ("keras", "keras_cnn", "tensorflow")
    needs = "`ai-edge-litert`, or LiteRT on a phone"
    speed = 2

    def precisions(
        self, classifier: Classifier, calibration: Pixels | None
    ) -> Mapping[str, str]:
        """Returns the files; int8 needs images to calibrate it with."""
        return {
            precision: file
            for precision, file in self.files.items()
            if precision != "int8" or calibration is not None
        }

    def write(
        self,
        classifier: Classifier,
        path: Path,
        precision: str,
        calibration: Pixels | None = None,
    ) -> Signatures:
        """Converts the model by TensorFlow's converter."""
        import tensorflow as tf

        from .classifier import as_module
        from .erfc import without_erfc

        function = tf.function(
            classifier.outputs, input_signature=[classifier.specification]
        )
        signatures = {"serving_default": function}
        with tempfile.TemporaryDirectory() as folder:
            with without_erfc():
                module = as_module(classifier, signatures)
                tf.saved_model.save(module, folder, signatures)
            converter = tf.lite.TFLiteConverter.from_saved_model(folder)
            if precision != "float32":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
            if precision == "float16":
                converter.target_spec.supported_types = [tf.float16]
            if precision == "int8":
                converter.representative_dataset = lambda: _samples(
                    classifier.preparation.normalize(calibration)
                )
                converter.target_spec.supported_ops = [
                    tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
                    tf.lite.OpsSet.TFLITE_BUILTINS,  # for what has no form in int8
                ]
            try:
                with _quiet():
                    content = converter.convert()
            except Exception as error:  # the converter's own class is not public
                raise InputError(
                    "Every operation of the model must exist in LiteRT. "
                    f"Received: {classifier.model.name} ({first_line(error)})."
                ) from error
        path.write_bytes(_with_metadata(content, classifier))
        return {}

    @staticmethod
    def run(path: str) -> Runner:
        """Returns the file's only signature as a function of an array."""
        from ai_edge_litert.interpreter import Interpreter

        runner = Interpreter(model_path=path).get_signature_runner()
        return lambda images: runner(image=images)

    def load(self, path: Path, *, trust: bool = False) -> LoadedModel:
        """Loads the file; it needs LiteRT's interpreter alone."""
        from ..saving.archive import read_limited

        runtime = optional("ai_edge_litert.interpreter", "litert")
        content = read_limited(path)
        if not trust:
            _check(path, content)
            rehearse_format(self, path)
        try:
            # From memory, so that the file may be replaced while it is in use.
            interpreter = runtime.Interpreter(model_content=content)
            model = _Interpreted(interpreter)
        except (ValueError, RuntimeError, KeyError) as error:
            raise InputError(
                "A LiteRT model must be a whole .tflite file with an input `image` and "
                f"an output `probabilities`. Received: {str(path)!r} "
                f"({first_line(error)})."
            ) from error
        return LoadedModel(model, model.image_shape, model.classes, _metadata(content))


def _check(path: Path, content: bytes) -> None:
    schema = optional("ai_edge_litert.schema_py_generated", "litert")
    known = vars(schema.BuiltinOperator).items()
    try:
        check_litert(content, {code: name for name, code in known if name.isupper()})
    except Refused as refused:
        raise InputError(
            "A LiteRT model must be a whole .tflite file of built-in operations, with "
            f"its weights in it. Received: {str(path)!r} ({refused})."
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Holds back a warning to users of a class that the converter itself uses."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Interpreter is deprecated")
        yield


def _samples(images: Any) -> Iterator[dict[str, Any]]:
    from .classifier import INPUT

    for image in images:
        yield {INPUT: image[None]}


def _with_metadata(content: bytes, classifier: Classifier) -> bytes:
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    buffer = schema.BufferT()
    metadata = {
        "name": classifier.name,
        "class_names": classifier.class_names,
        "preparation": classifier.preparation.to_dict(),
    }
    buffer.data = list(json.dumps(metadata).encode())
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


class _Interpreted:
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


def _metadata(content: bytes) -> ModelMetadata:
    """Reads what a file says of its model."""
    schema = optional("ai_edge_litert.schema_py_generated", "litert")
    model = schema.Model.GetRootAs(content, 0)
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        if entry.Name() != METADATA.encode():
            continue
        try:
            values = json.loads(model.Buffers(entry.Buffer()).DataAsNumpy().tobytes())
            names = tuple(map(str, values["class_names"]))
            noted = values.get("preparation")
        except (AttributeError, KeyError, TypeError, ValueError):  # another writer's
            break
        preparation = None if noted is None else Preparation.from_dict(noted)
        return ModelMetadata(class_names=names, preparation=preparation)
    return ModelMetadata()
