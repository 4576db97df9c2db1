"""TensorFlow's SavedModel, as TensorFlow Serving loads it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._checks import InputError, first_line
from ..saving.metadata import ModelMetadata
from .format import Format, LoadedModel, Runner, Signatures
from .rehearsing import rehearse_format
from .saved_model_guard import MAIN_FILE, check_listed, check_saved_model

if TYPE_CHECKING:
    from .classifier import Classifier
    from .format import Pixels

# What TensorFlow reads of a folder.
_FILES = (MAIN_FILE, "saved_model.pbtxt", "fingerprint.pb")
_FOLDERS = ("variables", "assets", "assets.extra")


class SavedModel(Format):
    """A SavedModel's files, in the folder of the export itself.

    `serving_default` takes `image`, float32 (batch, height, width, channels), with the
    values that the model takes; `uint8` takes pixels in 0..255, red first; `encoded`
    takes PNG or JPEG bytes, (batch,). All take any batch size, 0 included, and give
    `logits` and `probabilities`, float32 (batch, classes), and `label`, int64 (batch,).
    `class_names` takes nothing and gives the names, string (classes,).
    """

    name = "saved_model"
    suffix = ""
    files = {"float32": ""}
    without = ("keras", "keras_cnn")
    needs = "TensorFlow or TensorFlow Serving"
    speed = 3

    def write(
        self,
        classifier: Classifier,
        path: Path,
        precision: str,
        calibration: Pixels | None = None,
    ) -> Signatures:
        """Writes a SavedModel into a folder."""
        import tensorflow as tf

        from .classifier import as_module

        signatures = _signatures(classifier)
        try:
            module = as_module(classifier, signatures)
            tf.saved_model.save(module, str(path), signatures)
        except tf.errors.OpError as error:  # a full disk, in TensorFlow's words
            raise OSError(errno.EIO, first_line(error), str(path)) from error
        return {name: _described(function) for name, function in signatures.items()}

    @staticmethod
    def run(path: str) -> Runner:
        """Returns the default signature as a function of an array."""
        import tensorflow as tf

        loaded = tf.saved_model.load(path)

        def call(images: Any) -> dict[str, Any]:
            # Through the whole model, which owns the weights.
            outputs = loaded.signatures["serving_default"](image=tf.constant(images))
            return {name: value.numpy() for name, value in outputs.items()}

        return call

    def is_at(self, path: Path) -> bool:
        """Whether `path` is a folder with a SavedModel in it."""
        return (path / MAIN_FILE).is_file()

    def check_trusted(self, path: Path) -> None:
        """Raises unless the manifest lists the files as they are."""
        check_listed(path)

    def content(self, path: Path) -> list[Path]:
        """Returns the folder's files that are the SavedModel's: others lie beside."""
        files = [file for file in path.rglob("*") if file.is_file()]
        own = [file for file in files if _is_read(file.relative_to(path).as_posix())]
        return sorted(own, key=lambda file: (file.name != MAIN_FILE, file))

    def load(self, path: Path, *, trust: bool = False) -> LoadedModel:
        """Loads a folder that is listed and only computes; any if `trust` is True."""
        if not trust:
            check_saved_model(path)
            rehearse_format(self, path)
        import tensorflow as tf

        try:
            model = tf.saved_model.load(str(path))
            serve = model.signatures["serving_default"]
            image = serve.structured_input_signature[1]["image"]
            probabilities = serve.structured_outputs["probabilities"]
            names = model.signatures["class_names"]()["class_names"].numpy().tolist()
        except (OSError, KeyError, ValueError, tf.errors.OpError) as error:
            raise InputError(
                "An exported model must be a SavedModel with an input `image`, an "
                f"output `probabilities` and `class_names`. Received: {path} "
                f"({first_line(error)})."
            ) from error

        def classify(images: Any) -> Any:
            # Through the model each time: its weights live only as long as it does.
            serve = model.signatures["serving_default"]
            return serve(image=tf.constant(images, tf.float32))["probabilities"].numpy()

        metadata = ModelMetadata(class_names=tuple(name.decode() for name in names))
        height, width, channels = image.shape[1:]
        shape = (height, width, channels)
        return LoadedModel(classify, shape, probabilities.shape[-1], metadata)


def _signatures(classifier: Classifier) -> dict[str, Any]:
    """Returns the functions that a SavedModel offers, by name."""
    import tensorflow as tf

    from .classifier import INPUT
    from .encoded import decoder

    shape = (None, *classifier.image_shape)
    decode = decoder(classifier.preparation)

    def outputs(image: Any) -> dict[str, Any]:
        count = tf.shape(image)[0]
        # TensorFlow 2.21's convolutions on CPU fail on an empty batch: one blank image
        # is classified in its place, and its outputs are dropped.
        blank = tf.zeros((1, *classifier.image_shape), image.dtype)
        some = tf.cond(count > 0, lambda: image, lambda: blank)
        return {
            name: tf.identity(values[:count], name)
            for name, values in classifier.outputs(some).items()
        }

    def of_pixels(pixels: Any) -> dict[str, Any]:
        return outputs(classifier.preparation.normalize(pixels))

    def signature(function: Any, shape: Any, dtype: Any) -> Any:
        specification = tf.TensorSpec(shape, dtype, name=INPUT)
        return tf.function(function, input_signature=[specification])

    names = tf.constant(classifier.class_names)
    return {
        "serving_default": signature(outputs, shape, tf.float32),
        "uint8": signature(of_pixels, shape, tf.uint8),
        "encoded": signature(
            lambda image: of_pixels(decode(image)), (None,), tf.string
        ),
        "class_names": tf.function(
            lambda: {"class_names": tf.identity(names)}, input_signature=[]
        ),
    }


def _described(function: Any) -> dict[str, dict[str, str]]:
    """Returns the inputs and outputs of a signature, as text."""
    concrete = function.get_concrete_function()
    inputs = {spec.name: spec for spec in function.input_signature}
    return {
        "inputs": {name: _text(spec) for name, spec in inputs.items()},
        "outputs": {
            name: _text(spec) for name, spec in concrete.structured_outputs.items()
        },
    }


def _text(spec: Any) -> str:
    sides = ", ".join("batch" if side is None else str(side) for side in spec.shape)
    return f"{spec.dtype.name} ({sides})"


def _is_read(name: str) -> bool:
    return name in _FILES or name.split("/")[0] in _FOLDERS
