"""The training and the test of a run's model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from ..data import ImageDataset
from ..data.file_split import file_errors
from ..training.learning_watch import LearningWatch, chance_of
from ..training.trainer import Trainer
from .config import RunConfig
from .fit_arguments import feed, validation_data
from .scoring import Scores, compile_classifier, evaluate_split


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What a training gave.

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

    Ctrl-C ends the training after the current step; the model keeps what it has
    learned, and the result says so.

    Args:
        model: The model, changed in place.
        config: What the run is asked to do.
        dataset: The images, already limited and split.
        callbacks: Keras callbacks for the training. Defaults to none.
        strategy: What `make_strategy` returned, and the model was made with. Defaults
            to `None`.
        checkpoint_dir: Where the run's checkpoints are. Defaults to `None`, for none.
        resume: Whether to go on from the newest of them. Defaults to `False`.

    Returns:
        The history, and how the model does on the test images.

    Raises:
        TrainingError: If the loss becomes NaN or infinite, or a worker is lost.
        InputError: If an image file can no longer be read.

    Example:
        >>> from keras_cnn.data import load
        >>> from keras_cnn.runs import RunConfig, build_model, train
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
    fed = feed(config, dataset.train, num_classes, shuffle=True)
    for one in callbacks:
        if isinstance(one, LearningWatch):
            one.chance = chance_of(model, fed.get("y"))
    begin = time.perf_counter()
    scores = None
    try:
        with file_errors():
            fit(
                **fed,
                epochs=config.epochs,
                validation_data=validation_data(
                    config, dataset.validation, num_classes
                ),
                callbacks=[*callbacks, history],
                verbose=0,
            )
        seconds = time.perf_counter() - begin
        classify = compile_classifier(model, dataset.image_shape)
        scores = evaluate_split(classify, dataset.test)
    except KeyboardInterrupt:
        seconds = time.perf_counter() - begin
    return TrainingResult(history.history, scores, seconds)
