"""What a training run is asked to do, checked before anything is loaded or written.

Nothing here imports Keras: a wrong option is answered at once. That each name below
is one of Keras's is for the tests to say.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any, Literal

from .._checks import (
    InputError,
    check_choice,
    check_count,
    check_fraction,
    check_positive,
)
from ..reference.activations import ELEMENTWISE
from ..training.threads import computes_bfloat16

# What each recipe gives where nothing else is asked for; the article's are the
# defaults of `RunConfig` below.
RECIPES: dict[str, dict[str, Any]] = {
    "article": {},
    "fast": {
        "epochs": 1,
        "batch_size": 64,
        "learning_rate": 8e-3,
        "schedule": "one_cycle",
        "beta_2": 0.95,
        "loss": "categorical_crossentropy",
        "label_smoothing": 0.1,
        "precision": "auto",
    },
}

ENGINES = ("trainer", "fit")

STRATEGIES = ("none", "mirrored", "multi-worker")

SCHEDULES = ("constant", "one_cycle")

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

# What an option asks of another field.
_GOES_WITH = {
    "beta_2": ("adam", "adamax", "adamw", "lion", "nadam"),
    "label_smoothing": ("categorical_crossentropy", "categorical_focal_crossentropy"),
}


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
        learning_rate: Its rate, or the highest of its schedule; None for Keras's
            default.
        schedule: `constant`, or `one_cycle`: up to the rate over 30 % of the steps, and
            down to 0 along a cosine.
        beta_2: Adam's, in [0, 1); None for Keras's default.
        loss: Name of a Keras loss that fits class labels.
        label_smoothing: The share of a label that is spread over all classes, in
            [0, 1); only for categorical cross-entropies.
        activation: The hidden layers' activation, by name.
        parts: Whose layers, activations and loss: Keras's, or this package's.
        precision: Keras's dtype policy for the layers.
        engine: `trainer` for this package's, `fit` for Keras's.
        strategy: `none`, or what shares each batch: `mirrored` for the devices of this
            machine, `multi-worker` for the machines that TF_CONFIG names.
        checkpoint_every: Steps between checkpoints, as `"500"`, or time, as `"30s"` or
            `"5m"`; None for none.
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
    schedule: str = "constant"
    beta_2: float | None = None
    loss: str = "sparse_categorical_crossentropy"
    label_smoothing: float = 0.0
    activation: str = "relu"
    parts: Literal["keras", "keras_cnn"] = "keras"
    precision: str = "float32"
    engine: str = "trainer"
    strategy: str = "none"
    checkpoint_every: str | None = None
    seed: int = 0
    deterministic: bool = False
    name: str = "article_cnn"

    def __post_init__(self) -> None:
        """Checks each field."""
        for field in ("image_size", "limit"):
            if getattr(self, field) is not None:
                check_count(field, getattr(self, field))
        check_fraction("validation_split", self.validation_split)
        check_choice("recipe", self.recipe, tuple(RECIPES))
        check_count("epochs", self.epochs)
        check_count("batch_size", self.batch_size)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        if self.learning_rate is not None:
            check_positive("learning_rate", self.learning_rate)
        check_choice("schedule", self.schedule, SCHEDULES)
        if self.schedule != "constant" and self.learning_rate is None:
            raise InputError(
                "`learning_rate` must be given with a schedule, as its highest. "
                f"Received: learning_rate=None, schedule={self.schedule!r}."
            )
        if self.beta_2 is not None:
            check_fraction("beta_2", self.beta_2)
            _check_goes_with("beta_2", self.beta_2, "optimizer", self.optimizer)
        check_fraction("label_smoothing", self.label_smoothing)
        if self.label_smoothing:
            _check_goes_with("label_smoothing", self.label_smoothing, "loss", self.loss)
        check_choice("loss", self.loss, LOSSES)
        check_choice("activation", self.activation, ACTIVATIONS)
        check_choice("parts", self.parts, PARTS)
        check_choice("precision", self.precision, PRECISIONS)
        self._check_engine()
        check_count("seed", self.seed, min_value=0)
        if self.seed >= 2**32:
            raise InputError(
                f"`seed` must be below 2**32. Received: seed={self.seed!r}."
            )
        _check_name(self.name)

    @classmethod
    def of_recipe(cls, recipe: str = "article", **given: Any) -> RunConfig:
        """Returns a recipe's configuration, with what was given in its place.

        A precision of `auto` becomes mixed_bfloat16 where the processor multiplies
        bfloat16 numbers, else float32.

        Args:
            recipe: Its name.
            **given: Fields; None for the recipe's.

        Example:
            >>> RunConfig.of_recipe("fast", epochs=2).batch_size
            64
        """
        check_choice("recipe", recipe, tuple(RECIPES))
        asked = {name: value for name, value in given.items() if value is not None}
        fields = {**RECIPES[recipe], **asked}
        if fields.get("precision") == "auto":
            fields["precision"] = _fastest_precision()
        return cls(recipe=recipe, **fields)

    @property
    def checkpoint_interval(self) -> int | timedelta | None:
        """Steps between checkpoints, or time; None for none."""
        if self.checkpoint_every is None:
            return None
        return parse_interval(self.checkpoint_every)

    @property
    def one_hot(self) -> bool:
        """Whether the loss needs labels as one-hot rows."""
        return self.loss in ONE_HOT_LOSSES

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as a dictionary that JSON can hold."""
        return asdict(self)

    def command(self) -> str:
        """Returns the command line that repeats the run.

        Example:
            >>> RunConfig(epochs=2, deterministic=True).command()
            'keras-cnn train --epochs 2 --deterministic'
        """
        words = ["keras-cnn", "train"]
        recipe = RECIPES[self.recipe]
        for field in fields(self):
            value = getattr(self, field.name)
            if value != recipe.get(field.name, field.default):
                words.append("--" + field.name.replace("_", "-"))
                words += [] if value is True else [str(value)]
        return shlex.join(words)

    def _check_engine(self) -> None:
        check_choice("engine", self.engine, ENGINES)
        check_choice("strategy", self.strategy, STRATEGIES)
        if self.checkpoint_every is not None:
            parse_interval(self.checkpoint_every)
        for field in ("strategy", "checkpoint_every"):
            value = getattr(self, field)
            if self.engine == "fit" and value not in (None, "none"):
                raise InputError(
                    f"`{field}` must be left out with Keras's own fit. "
                    f"Received: engine='fit', {field}={value!r}."
                )


def parse_interval(words: str) -> int | timedelta:
    """Returns the steps or the time that `words` mean.

    Raises:
        InputError: If they mean neither.

    Example:
        >>> parse_interval("500"), parse_interval("90s")
        (500, datetime.timedelta(seconds=90))
    """
    found = re.fullmatch(r"([1-9][0-9]{0,8})([smh]?)", words)
    if not found:
        raise InputError(
            "`checkpoint_every` must be a number of steps such as 500, or a time such "
            f"as 30s, 5m or 1h. Received: checkpoint_every={words!r}."
        )
    number, unit = int(found[1]), found[2]
    seconds = {"s": 1, "m": 60, "h": 3600}
    return timedelta(seconds=number * seconds[unit]) if unit else number


def _check_goes_with(name: str, value: Any, other: str, chosen: str) -> None:
    if chosen not in _GOES_WITH[name]:
        raise InputError(
            f"`{name}` must be left out, unless `{other}` is one of "
            f"{', '.join(_GOES_WITH[name])}. Received: {name}={value!r}, "
            f"{other}={chosen!r}."
        )


def _fastest_precision() -> str:
    return "mixed_bfloat16" if computes_bfloat16() else "float32"


def _check_name(name: str) -> None:
    """A name becomes a folder's and a scope's in TensorFlow's graphs."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise InputError(
            "`name` must be letters, digits, -, _ and ., the first a letter or digit. "
            f"Received: name={name!r}."
        )
