"""What a training run is asked to do, checked before anything is loaded or written.

Nothing here imports Keras or NumPy: help and a wrong option are answered at once.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import PurePath
from typing import Any, Literal

from .._checks import InputError, check_choice, did_you_mean
from ..training.cpu import computes_bfloat16
from .choices import (
    ACTIVATIONS,
    ARTICLE,
    LOSSES,
    OPTIMIZERS,
    PRECISIONS,
    RECIPES,
)
from .combinations import check_combinations
from .kinds import (
    ARGUMENTS,
    AUGMENT,
    FLAG,
    FRACTION,
    INTERVAL,
    MODEL,
    NAME,
    NOT_NEGATIVE,
    PATH,
    POSITIVE,
    SIZE,
    choice,
    interval,
    whole,
)
from .options import Option, option

# Fields that had another name in the version before; the command knows it, too.
RENAMED = {"parts": "layers_from"}


@dataclass(frozen=True)
class RunConfig:
    """Everything that determines a training run; the defaults are the article's.

    A field that is not given is the recipe's, and the default where the recipe says
    nothing. docs/training.md lists all fields, as does `keras-cnn train --help`.

    Raises:
        InputError: If a field breaks its rule.

    Example:
        >>> config = RunConfig(recipe="fast", epochs=2)
        >>> config.epochs, config.batch_size
        (2, 64)
    """

    recipe: str = option(
        "article",
        choice(*RECIPES),
        "Training",
        "A named set of choices, each of which another option replaces: fast is one "
        "epoch with a one-cycle rate, and bfloat16 where the processor has it.",
    )
    dataset: str = option(
        "auto",
        PATH,
        "Data",
        "auto (MNIST, or the bundled digits where it is not available), digits, a "
        "TFDS name such as fashion_mnist, a folder with one sub-folder for each class, "
        "or an .npz, .npy, .csv or .json file; docs/data.md says what is read.",
    )
    data_dir: str | None = option(
        None,
        PATH,
        "Data",
        "TFDS's folder of prepared sets.",
        default_words="TFDS_DATA_DIR, else TFDS's own",
    )
    manual_dir: str | None = option(
        None,
        PATH,
        "Data",
        "Folder with a set's original files.",
        default_words="KERAS_CNN_MANUAL_DIR",
    )
    image_size: tuple[int, int] | None = option(
        None,
        SIZE,
        "Data",
        "Resize images to this side in pixels, or to this HEIGHTxWIDTH, as in 64 or "
        "64x48. Required where they differ in size.",
    )
    white: float | None = option(
        None,
        POSITIVE,
        "Data",
        "What number white has in your own images: 4095 for 12 bits, 16 for numbers up "
        "to 16.",
        default_words="what all of them together show",
    )
    skip_damaged: bool = option(
        False, FLAG, "Data", "Go on without image files that cannot be read."
    )
    stream: Literal["auto", "yes", "no"] = option(
        "auto",
        choice("auto", "yes", "no"),
        "Data",
        "Read images from the disk in each epoch rather than hold all in memory; auto "
        "where they would fill more than an eighth of it.",
    )
    limit: int | None = option(
        None,
        whole(),
        "Data",
        "Use at most this many images of each split, drawn at random.",
    )
    validation_split: float = option(
        0.0,
        FRACTION,
        "Data",
        "Share of the training images to validate on, in [0, 1).",
    )
    augment: str = option(
        "none",
        AUGMENT,
        "Data",
        "Random changes of the training images: digits (shift, rotation, zoom), photos "
        "(flip and contrast, too), or some of flip, shift, rotation, zoom, contrast, "
        "noise, erasing, mixup and cutmix, with commas between.",
    )
    class_weight: str = option(
        "none",
        choice("none", "balanced"),
        "Data",
        "Weight of each class in the loss: balanced is the same for all images of a "
        "class together.",
    )
    epochs: int = option(5, whole(), "Training", "Passes over the training images.")
    patience: int | None = option(
        None,
        whole(),
        "Training",
        "Epochs without a better validation loss after which the training ends; the "
        "weights of the best epoch are kept. A tenth of the training images is "
        "validated on where nothing else is.",
    )
    batch_size: int = option(32, whole(), "Training", "Images in a step.")
    optimizer: str = option("adam", choice(*OPTIMIZERS), "Training", "Optimizer.")
    learning_rate: float | None = option(
        None,
        POSITIVE,
        "Training",
        "Learning rate, or the highest of its schedule.",
        default_words="Keras's own",
    )
    schedule: str = option(
        "constant",
        choice("constant", "one_cycle"),
        "Training",
        "Learning-rate schedule: one_cycle rises to the rate over 30 % of the steps "
        "and falls to 0 along a cosine.",
    )
    warmup: int | None = option(
        None,
        whole(),
        "Training",
        "Steps over which a constant learning rate rises from 0.",
    )
    weight_decay: float | None = option(
        None,
        NOT_NEGATIVE,
        "Training",
        "Share of each weight, times the learning rate, that a step takes off.",
        default_words="Keras's own",
    )
    clip_norm: float | None = option(
        None,
        POSITIVE,
        "Training",
        "Largest norm of the gradient of all weights together; a longer one is scaled "
        "down to it.",
    )
    ema: float | None = option(
        None,
        FRACTION,
        "Training",
        "Momentum of a moving average of the weights, such as 0.99, which the trained "
        "model has in place of the last ones.",
    )
    beta_2: float | None = option(
        None,
        FRACTION,
        "Training",
        "Adam's beta_2, the decay rate of its second moment.",
        default_words="Keras's own",
    )
    optimizer_arguments: dict[str, Any] = option(
        {}, ARGUMENTS, "Training", "Further arguments of the optimizer."
    )
    loss: str = option(
        "sparse_categorical_crossentropy", choice(*LOSSES), "Training", "Loss."
    )
    label_smoothing: float = option(
        0.0,
        FRACTION,
        "Training",
        "Share of a label that is spread over all classes, in [0, 1); for categorical "
        "cross-entropies.",
    )
    loss_arguments: dict[str, Any] = option(
        {}, ARGUMENTS, "Training", "Further arguments of the loss."
    )
    model: str = option(
        ARTICLE,
        MODEL,
        "Model",
        "article, a .keras file, keras:NAME of keras.applications, or module:function, "
        "which is called with the shape of the images and the number of classes, and "
        "returns a Keras model. docs/own_model.md says more.",
    )
    fresh: bool = option(
        False, FLAG, "Model", "Draw new weights for the model in a .keras file."
    )
    init: str | None = option(
        None,
        PATH,
        "Model",
        "Begin with the weights of a run's folder, a .keras or a .weights.h5 file, in "
        "each layer that they fit.",
        default_words="new weights",
    )
    activation: str = option(
        "relu", choice(*ACTIVATIONS), "Model", "Activation of the hidden layers."
    )
    layers_from: Literal["keras", "keras_cnn"] = option(
        "keras",
        choice("keras", "keras_cnn"),
        "Model",
        "Whose layers, activations and loss: Keras's, or this package's.",
    )
    precision: str = option(
        "float32",
        choice(*PRECISIONS, "auto"),
        "Model",
        "Keras's dtype policy of the layers; auto is mixed_bfloat16 where the "
        "processor multiplies bfloat16 numbers, else float32.",
    )
    engine: str = option(
        "trainer",
        choice("trainer", "fit"),
        "Run",
        "This package's compiled loop, or Keras's own fit.",
    )
    strategy: str = option(
        "none",
        choice("none", "mirrored", "multi-worker"),
        "Run",
        "What shares each batch: mirrored for the devices of this machine, "
        "multi-worker for the machines that TF_CONFIG names.",
    )
    checkpoint_every: str | None = option(
        None, INTERVAL, "Run", "Steps between checkpoints, or time, as in 30s or 5m."
    )
    log: str = option(
        "csv",
        choice("csv", "jsonl"),
        "Run",
        "How the numbers of each epoch are written: history.csv or history.jsonl.",
    )
    tensorboard: bool = option(
        False, FLAG, "Run", "Write them for TensorBoard, too, into the run's folder."
    )
    seed: int = option(
        0, whole(0, below=2**32), "Run", "Fixes initial weights and order."
    )
    deterministic: bool = option(
        False, FLAG, "Run", "Make results the same to the bit each time; slower."
    )
    name: str = option(
        "article_cnn", NAME, "Run", "What the model and its folders are called."
    )

    def __post_init__(self) -> None:
        """Fills in what is not given, and checks each field."""
        recipe = self.recipe
        if isinstance(recipe, Option):
            recipe = recipe.default
        check_choice("recipe", recipe, tuple(RECIPES))
        for name, described in OPTIONS.items():
            value = getattr(self, name)
            if isinstance(value, Option):
                value = RECIPES[recipe].get(name, described.default)
                if name == "name" and self.model != ARTICLE:
                    value = name_for(self.model)
            object.__setattr__(self, name, described.checked(name, value))
        if self.precision == "auto":
            fastest = "mixed_bfloat16" if computes_bfloat16() else "float32"
            object.__setattr__(self, "precision", fastest)
        check_combinations(self, OPTIONS)

    @classmethod
    def from_dict(
        cls, content: Any, *, missing: Mapping[str, Any] | None = None
    ) -> RunConfig:
        """Returns the configuration that `to_dict` gave, in this version or before.

        Args:
            content: Values by field, as JSON or TOML holds them.
            missing: Values of fields that `content` lacks. Defaults to `None`: the
                recipe's.

        Raises:
            InputError: If it has a field that is unknown, or one that breaks its rule.

        Example:
            >>> RunConfig.from_dict({"epoch": 2})
            Traceback (most recent call last):
                ...
            keras_cnn._checks.InputError: A configuration must have no other fields \
than RunConfig's. Received: epoch=2. Did you mean "epochs"?
        """
        if not isinstance(content, Mapping):
            raise InputError(
                "A configuration must hold values by field. "
                f"Received: {str(content)[:200]!r}."
            )
        given: dict[str, Any] = {
            RENAMED.get(str(name), str(name)): value for name, value in content.items()
        }
        unknown = [name for name in given if name not in OPTIONS]
        if unknown:
            received = ", ".join(f"{name}={given[name]!r}" for name in unknown)
            raise InputError(
                "A configuration must have no other fields than RunConfig's. "
                f"Received: {received}.{did_you_mean(unknown[0], OPTIONS)}"
            )
        return cls(**{**(missing or {}), **given})

    @property
    def checkpoint_interval(self) -> int | timedelta | None:
        """Steps between checkpoints, or time; None for none."""
        return interval(self.checkpoint_every) if self.checkpoint_every else None

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as a dictionary that JSON can hold."""
        values = {name: getattr(self, name) for name in OPTIONS}
        return {
            name: SIZE.write(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    def command(self) -> str:
        """Returns the command line that repeats the run.

        Example:
            >>> RunConfig(epochs=2, deterministic=True).command()
            'keras-cnn train --epochs 2 --deterministic'
        """
        recipe, words = RECIPES[self.recipe], ["keras-cnn", "train"]
        for name, described in OPTIONS.items():
            value = getattr(self, name)
            if value != recipe.get(name, described.default):
                words += described.words(name, value)
        return shlex.join(words)


# The options by name, in the order in which help and records list them.
OPTIONS: dict[str, Option] = {
    field.name: field.default  # type: ignore[misc]
    for field in fields(RunConfig)
}


def name_for(model: str) -> str:
    """Returns what the folders of a model are called where no name is given.

    Example:
        >>> name_for("models/my net.keras"), name_for("my_models:make")
        ('mynet', 'make')
    """
    path, _, function = model.partition(":")
    words = function or PurePath(path).stem
    return re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9_.-]", "", words) or "model"
