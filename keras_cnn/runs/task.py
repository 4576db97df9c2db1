"""What a model of images is to learn from, and how: its values, labels and loss."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import keras

from .._checks import InputError
from .._preparation import Preparation
from ..data import ImageDataset
from ..saving.classifier import Head
from ..saving.input_pixels import input_pixels
from .augmentation import mixes_labels
from .choices import ARTICLE, CROSSENTROPIES, SPARSE_LOSSES
from .config import RunConfig

# The loss of sigmoids: each is a yes or no of its own.
_BINARY = "binary_crossentropy"

Targets = Literal["labels", "rows", "column"]


@dataclass(frozen=True, eq=False)
class Task:
    """How a model and a data set meet.

    Attributes:
        preparation: How images become what the model takes.
        loss: The name of the loss, which fits what the model gives.
        from_logits: Whether the model gives logits.
        targets: How labels are given to the loss: "labels" as they are, "rows" one-hot,
            "column" as 0 or 1 for each image.
        probabilities: From prepared images to (batch, classes).
    """

    preparation: Preparation
    loss: str
    from_logits: bool
    targets: Targets
    probabilities: Callable[[Any], Any]


def task_of(config: RunConfig, dataset: ImageDataset, model: keras.Model) -> Task:
    """Returns how a model learns from a data set.

    | the model gives | loss | from logits |
    | --- | --- | --- |
    | a softmax | as asked for | no |
    | one sigmoid, or one a class | binary cross-entropy for a cross-entropy | no |
    | other numbers, one a class | a cross-entropy, as asked for | yes |

    Args:
        config: What the run is asked to do.
        dataset: The images.
        model: The built model.

    Raises:
        InputError: If what the model gives fits neither the classes nor the loss.
    """
    preparation = replace(_preparation_of(dataset), white=dataset.white)
    classes, loss = len(dataset.class_names), config.loss
    if loss in SPARSE_LOSSES and mixes_labels(config.augment):
        loss = "categorical_crossentropy"  # the same, of labels that are shares
    usual: Targets = "labels" if loss in SPARSE_LOSSES else "rows"
    if config.model == ARTICLE:
        return Task(preparation, loss, False, usual, model)
    with warnings.catch_warnings():  # of a softmax over one unit, refused below
        warnings.simplefilter("ignore")
        head = Head(model)
    if head.classes != classes:
        raise InputError(
            f"The model must tell {classes} classes apart, as the data have them. "
            f"Received: {model.name} with {head.classes}, and {dataset.name}."
        )

    def probabilities(images: Any) -> Any:
        return head(images)[1]

    preparation = preparation.changed(pixels=input_pixels(model))
    if head.gives == "logits" and loss not in CROSSENTROPIES:
        raise InputError(
            f"The loss must be one of {', '.join(CROSSENTROPIES)} for a model that "
            "gives logits, or its last layer a softmax. "
            f"Received: loss={loss!r}, and {model.name}."
        )
    if head.gives != "sigmoids":
        from_logits = head.gives == "logits"
        return Task(preparation, loss, from_logits, usual, probabilities)
    targets: Targets = "column" if head.units == 1 else "rows"
    if config.loss in SPARSE_LOSSES:
        loss = _BINARY
    elif loss in CROSSENTROPIES:
        raise InputError(
            f"`loss` must be left out for a model that gives sigmoids, which takes "
            f"{_BINARY}, or its last layer must be a softmax. "
            f"Received: loss={loss!r}, and {model.name}."
        )
    return Task(preparation, loss, False, targets, probabilities)


def is_of_signs(dataset: ImageDataset) -> bool:
    """Whether the images are digits or letters, as in MNIST."""
    return _preparation_of(dataset).fitting == "mnist"


def _preparation_of(dataset: ImageDataset) -> Preparation:
    return Preparation.of_data(
        dataset.name, dataset.provenance.source, dataset.image_shape
    )
