"""Keras's own `.keras` file: the model as it is, optimizer included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._checks import InputError, first_line
from ..saving.metadata import MODEL
from .format import Format, LoadedModel, Runner, Signatures

if TYPE_CHECKING:
    from .classifier import Classifier
    from .format import Pixels


class KerasFile(Format):
    """A `.keras` file, which alone needs Keras, on TensorFlow."""

    name = "keras"
    suffix = ".keras"
    files = {"float32": MODEL, "mixed": MODEL}
    without = ()
    needs = "Keras on TensorFlow"
    speed = 4

    def precisions(
        self, classifier: Classifier, calibration: Pixels | None
    ) -> Mapping[str, str]:
        """Returns the one file; `mixed` unless the model computes in float32."""
        is_float32 = classifier.trained is classifier.model
        return {"float32" if is_float32 else "mixed": MODEL}

    def write(
        self,
        classifier: Classifier,
        path: Path,
        precision: str,
        calibration: Pixels | None = None,
    ) -> Signatures:
        """Saves the model as it was trained."""
        classifier.trained.save(path)
        return {}

    @staticmethod
    def run(path: str) -> Runner:
        """Returns the model as a function of an array."""
        from keras_cnn.saving import load_model
        from keras_cnn.saving.classifier import Head

        classify = Head(load_model(path))

        def call(images: Any) -> dict[str, Any]:
            probabilities = classify(images)[1].numpy()
            return {"probabilities": probabilities, "label": probabilities.argmax(-1)}

        return call

    def load(self, path: Path, *, trust: bool = False) -> LoadedModel:
        """Loads the model in a `.keras` file, or in a run's folder."""
        import tensorflow as tf

        from ..saving.classifier import Head, image_shape
        from ..saving.input_pixels import likely_preparation
        from ..saving.loading import load_model

        model = load_model(path, compile=False)
        shape = image_shape(model)
        try:
            classify = Head(model)
        except (TypeError, ValueError, tf.errors.OpError) as error:
            raise InputError(
                "A model must classify images of the shape that it says. "
                f"Received: {str(path)!r} ({first_line(error)})."
            ) from error
        specification = tf.TensorSpec((None, *shape), tf.float32)

        @tf.function(input_signature=[specification])
        def probabilities(images: Any) -> Any:
            return tf.cast(classify(images)[1], tf.float32)

        return LoadedModel(
            lambda images: probabilities(images).numpy(),
            shape,
            classify.classes,
            preparation=likely_preparation(model),
        )
