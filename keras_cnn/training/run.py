"""A training run: from a configuration and a data set to a trained, tested model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import keras

from .. import losses
from .._checks import InputError
from ..data import ImageDataset
from ..models import article_cnn
from .config import RunConfig
from .feeding import feed, validation_data
from .scoring import Scores, predictor, score


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What a run gave.

    Attributes:
        history: Metric values by epoch, as `keras.callbacks.History` has them.
        scores: How the model does on the test images; None if interrupted.
        seconds: Duration of the training, compilation included, testing excluded.
    """

    history: dict[str, list[float]]
    scores: Scores | None
    seconds: float

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the run before the model was tested."""
        return self.scores is None


def build_model(config: RunConfig, dataset: ImageDataset) -> keras.Model:
    """Seeds all generators, then builds and compiles the model of a run.

    Python's, NumPy's and TensorFlow's generators are seeded for the whole process; with
    `config.deterministic` TensorFlow's deterministic operations are turned on, too.

    Args:
        config: What the run is asked to do.
        dataset: Gives the shape of the images and the number of classes.

    Returns:
        The article's network, compiled with accuracy as its metric.

    Raises:
        InputError: If Keras runs on another backend than TensorFlow, or the images are
            too small for the network.
    """
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            "Training must run on Keras's TensorFlow backend. "
            f"Received: KERAS_BACKEND={keras.backend.backend()}."
        )
    keras.utils.set_random_seed(config.seed)
    if config.deterministic:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    rate = (
        {} if config.learning_rate is None else {"learning_rate": config.learning_rate}
    )
    model = article_cnn(
        dataset.image_shape,
        len(dataset.class_names),
        config.activation,
        parts=config.parts,
        dtype=config.precision,
        name=config.name,
    )
    optimizer = keras.optimizers.get({"class_name": config.optimizer, "config": rate})
    if config.precision == "mixed_float16":
        # Keras does this for a model whose own policy is mixed_float16; here the layers
        # have it, and small gradients would become 0.
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(
        optimizer=optimizer,
        loss=_loss(config),
        metrics=["accuracy"],
    )
    return model


def _loss(config: RunConfig) -> str | keras.losses.Loss:
    if config.parts == "keras":
        return config.loss
    class_name = config.loss.title().replace("_", "")
    loss: keras.losses.Loss = getattr(losses, class_name)()
    return loss


def train(
    model: keras.Model,
    config: RunConfig,
    dataset: ImageDataset,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> TrainingResult:
    """Trains a model that `build_model` made, and tests it.

    Ctrl-C ends the run after the current step; the model keeps what it has learned, and
    the result says so.

    Args:
        model: The model, changed in place.
        config: What the run is asked to do.
        dataset: The images, already limited and split.
        callbacks: Keras callbacks for the training.

    Returns:
        The history, and how the model does on the test images.

    Example:
        >>> from keras_cnn.data import load
        >>> digits = load("digits").limited(64)
        >>> config = RunConfig(epochs=2)
        >>> result = train(build_model(config, digits), config, digits)
        >>> len(result.history["loss"]), len(result.scores.labels)
        (2, 64)
    """
    num_classes = len(dataset.class_names)
    history = keras.callbacks.History()
    begin = time.perf_counter()
    scores = None
    try:
        model.fit(
            **feed(config, dataset.train, num_classes, shuffle=True),
            epochs=config.epochs,
            validation_data=validation_data(config, dataset.validation, num_classes),
            callbacks=[*callbacks, history],
            verbose=0,
        )
        seconds = time.perf_counter() - begin
        scores = score(predictor(model, dataset.image_shape), dataset.test)
    except KeyboardInterrupt:
        seconds = time.perf_counter() - begin
    return TrainingResult(history.history, scores, seconds)
