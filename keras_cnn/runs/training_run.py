"""A training run: from a configuration and a data set to a trained, tested model."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from .. import losses
from .._checks import InputError
from ..data import ImageDataset
from ..models import article_cnn
from ..training.trainer import Trainer
from .config import RunConfig
from .fit_arguments import feed, validation_data
from .scoring import Scores, predictor, score

# The share of the steps over which a one-cycle schedule rises.
_RISING = 0.3


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


def build_model(
    config: RunConfig, dataset: ImageDataset, strategy: Any = None
) -> keras.Model:
    """Seeds all generators, then builds and compiles the model of a run.

    Python's, NumPy's and TensorFlow's generators are seeded for the whole process; with
    `config.deterministic` TensorFlow's deterministic operations are turned on, too.

    Args:
        config: What the run is asked to do.
        dataset: Gives the shape of the images and the number of classes.
        strategy: What `make_strategy` returned.

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
    with strategy.scope() if strategy else nullcontext():
        model = article_cnn(
            dataset.image_shape,
            len(dataset.class_names),
            config.activation,
            parts=config.parts,
            dtype=config.precision,
            name=config.name,
        )
        model.compile(
            optimizer=_optimizer(config, len(dataset.train)),
            loss=_loss(config),
            metrics=["accuracy"],
        )
    return model


def make_strategy(config: RunConfig) -> Any:
    """Returns what the run's replicas share batches by; None for one device.

    It comes before the model, and for `multi-worker` before anything that TensorFlow
    computes.
    """
    import tensorflow as tf

    if config.strategy == "mirrored":
        return tf.distribute.MirroredStrategy()
    if config.strategy == "multi-worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    return None


def _optimizer(config: RunConfig, images: int) -> keras.optimizers.Optimizer:
    options: dict[str, Any] = {}
    if config.learning_rate is not None:
        options["learning_rate"] = config.learning_rate
    if config.schedule == "one_cycle" and config.learning_rate is not None:
        steps = config.epochs * math.ceil(images / config.batch_size)
        rising = round(_RISING * steps)
        options["learning_rate"] = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=config.learning_rate / 10,
            warmup_target=config.learning_rate,
            warmup_steps=rising,
            decay_steps=max(1, steps - rising),
        )
    if config.beta_2 is not None:
        options["beta_2"] = config.beta_2
    kind = type(keras.optimizers.get(config.optimizer))
    optimizer: keras.optimizers.Optimizer = kind(**options)
    if config.precision == "mixed_float16":
        # Keras does this for a model whose own policy is mixed_float16; here the layers
        # have it, and small gradients would become 0.
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def _loss(config: RunConfig) -> keras.losses.Loss:
    class_name = config.loss.title().replace("_", "")
    library = keras.losses if config.parts == "keras" else losses
    options: dict[str, Any] = {}
    if config.label_smoothing:
        options["label_smoothing"] = config.label_smoothing
    loss: keras.losses.Loss = getattr(library, class_name)(**options)
    return loss


def train(
    model: keras.Model,
    config: RunConfig,
    dataset: ImageDataset,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: Any = None,
    checkpoint_dir: Path | None = None,
    resume: bool = False,
) -> TrainingResult:
    """Trains a model that `build_model` made, and tests it.

    Ctrl-C ends the run after the current step; the model keeps what it has learned, and
    the result says so.

    Args:
        model: The model, changed in place.
        config: What the run is asked to do.
        dataset: The images, already limited and split.
        callbacks: Keras callbacks for the training.
        strategy: What `make_strategy` returned, and the model was made with.
        checkpoint_dir: Where the run's checkpoints are; None for none.
        resume: Whether to go on from the newest of them.

    Returns:
        The history, and how the model does on the test images.

    Raises:
        TrainingError: If the loss becomes NaN or infinite, or a worker is lost.

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
    fit = model.fit
    if config.engine == "trainer":
        fit = Trainer(
            model,
            strategy=strategy,
            checkpoint_dir=checkpoint_dir,
            checkpoint_every=config.checkpoint_interval if checkpoint_dir else None,
            resume=resume,
        ).fit
    begin = time.perf_counter()
    scores = None
    try:
        fit(
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
