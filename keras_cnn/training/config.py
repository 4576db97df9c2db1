"""What a training run is asked to do, checked before anything is loaded or written.

Nothing here imports Keras: a wrong option is answered at once. That each name below
is one of Keras's is for the tests to say.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from .._checks import (
    InputError,
    check_choice,
    check_count,
    check_fraction,
    check_positive,
)
from ..reference.activations import ELEMENTWISE

RECIPES = ("article",)

ACTIVATIONS = ELEMENTWISE

OPTIMIZERS = (
    "adadelta",
    "adafactor",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "ftrl",
    "lion",
    "muon",
    "nadam",
    "rmsprop",
    "sgd",
)

# Losses that take the labels as they are, and those that need them one-hot.
SPARSE_LOSSES = ("sparse_categorical_crossentropy",)
ONE_HOT_LOSSES = (
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_squared_error",
)
LOSSES = SPARSE_LOSSES + ONE_HOT_LOSSES

PARTS = ("keras", "keras_cnn")

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16", "float64")


@dataclass(frozen=True)
class RunConfig:
    """Everything that determines a training run; the defaults are the article's.

    Attributes:
        dataset: `auto`, or a name or path that `keras_cnn.data.load` takes.
        data_dir: TFDS's folder of prepared sets; None for its default.
        manual_dir: The folder of original files; None for the environment's.
        image_size: Side in pixels to which images are resized; None to keep them.
        limit: The most images to use of each split; None for all.
        validation_split: The share of the training images to validate on, in [0, 1).
        recipe: Named set of choices that the other fields refine.
        epochs: Passes over the training images.
        batch_size: Images a step.
        optimizer: Name of a Keras optimizer.
        learning_rate: Its rate; None for Keras's default.
        loss: Name of a Keras loss that fits class labels.
        activation: The hidden layers' activation, by name.
        parts: Whose layers, activations and loss: Keras's, or this package's.
        precision: Keras's dtype policy for the layers.
        seed: Fixes initial weights and order.
        deterministic: Whether results are the same to the bit, at some cost in speed.
        name: What the model and its folders are called.

    Raises:
        InputError: If a field breaks its rule.
    """

    dataset: str = "auto"
    data_dir: str | None = None
    manual_dir: str | None = None
    image_size: int | None = None
    limit: int | None = None
    validation_split: float = 0.0
    recipe: str = "article"
    epochs: int = 5
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float | None = None
    loss: str = "sparse_categorical_crossentropy"
    activation: str = "relu"
    parts: Literal["keras", "keras_cnn"] = "keras"
    precision: str = "float32"
    seed: int = 0
    deterministic: bool = False
    name: str = "article_cnn"

    def __post_init__(self) -> None:
        """Checks each field."""
        for field in ("image_size", "limit"):
            if getattr(self, field) is not None:
                check_count(field, getattr(self, field))
        check_fraction("validation_split", self.validation_split)
        check_choice("recipe", self.recipe, RECIPES)
        check_count("epochs", self.epochs)
        check_count("batch_size", self.batch_size)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        if self.learning_rate is not None:
            check_positive("learning_rate", self.learning_rate)
        check_choice("loss", self.loss, LOSSES)
        check_choice("activation", self.activation, ACTIVATIONS)
        check_choice("parts", self.parts, PARTS)
        check_choice("precision", self.precision, PRECISIONS)
        check_count("seed", self.seed, least=0)
        if self.seed >= 2**32:
            raise InputError(
                f"`seed` must be below 2**32. Received: seed={self.seed!r}."
            )
        _check_name(self.name)

    @property
    def one_hot(self) -> bool:
        """Whether the loss needs labels as one-hot rows."""
        return self.loss in ONE_HOT_LOSSES

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as a dictionary that JSON can hold."""
        return asdict(self)

    def summary(self) -> dict[str, Any]:
        """Returns the choices that a model card should name."""
        chosen = self.to_dict()
        for field in ("dataset", "data_dir", "manual_dir", "name"):
            del chosen[field]
        return chosen

    def command(self) -> str:
        """Returns the command line that repeats the run.

        Example:
            >>> RunConfig(epochs=2, deterministic=True).command()
            'keras-cnn train --epochs 2 --deterministic'
        """
        words = ["keras-cnn", "train"]
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                words.append("--" + field.name.replace("_", "-"))
                words += [] if value is True else [str(value)]
        return shlex.join(words)


def _check_name(name: str) -> None:
    """A name becomes a folder's and a scope's in TensorFlow's graphs."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise InputError(
            "`name` must be letters, digits, -, _ and ., the first a letter or digit. "
            f"Received: name={name!r}."
        )
