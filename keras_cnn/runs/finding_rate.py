"""The learning rate to take, from a few steps at each of a hundred rates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from ..data import ArraySplit, ImageDataset
from .arguments import check_arguments
from .augmentation import make_augmentation
from .config import RunConfig
from .fit_arguments import feed, for_keras
from .images import load_images
from .model import build_model, check_backend
from .own_model import find_source
from .session import Observer
from .task import task_of

_LOWEST, _HIGHEST, _STEPS = 1e-6, 1.0, 100

# How much of the loss so far stays in its average.
_SMOOTHING = 0.9

# The test ends where the loss is this many times its lowest.
_DIVERGED = 4.0

# The rate at which the loss is lowest is about to be too high; a tenth is safe.
_SAFE = 0.1

# A loss that falls less than this has told nothing.
_FALLS = 0.98


@dataclass(frozen=True)
class RateTest:
    """A range test: one step at each rate, from the lowest up.

    Attributes:
        rates: The rates, until the loss diverged.
        losses: The loss at each, a moving average of 0.9.
        suggested: A tenth of the rate at the lowest loss; None if it never fell.

    Reference: [Smith, 2017](https://arxiv.org/abs/1506.01186)
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggested: float | None


def find_rate(config: RunConfig, *, observer: Observer | None = None) -> RateTest:
    """Trains a model for some steps with ever higher rates, and writes nothing.

    Args:
        config: What a run is asked to do; its rate and its schedule are left aside.
        observer: Hears of the data. Defaults to `None`.

    Raises:
        InputError: If data, model, loss or optimizer cannot be what is asked for.

    Example:
        >>> test = find_rate(RunConfig(dataset="digits", limit=64))
        >>> test.rates[0]
        1e-06
    """
    observer = observer or Observer()
    config = replace(config, schedule="constant", warmup=None, learning_rate=_LOWEST)
    check_backend()
    check_arguments(config)
    source = find_source(config)
    config, dataset = load_images(config, source, observer.on_note)
    observer.on_data(dataset)
    model = build_model(config, dataset, source=source)
    batches = _batches(config, dataset, model)
    rates, losses = [], []
    for rate, (x, y) in zip(
        np.geomspace(_LOWEST, _HIGHEST, _STEPS).tolist(), batches, strict=False
    ):
        model.optimizer.learning_rate = rate
        model.reset_metrics()
        loss = float(model.train_on_batch(x, y, return_dict=True)["loss"])
        rates.append(rate)
        losses.append(loss)
        smooth = smoothed(losses)
        if not math.isfinite(loss) or smooth[-1] > _DIVERGED * min(smooth):
            break
    return judged(rates, losses)


def judged(rates: Sequence[float], losses: Sequence[float]) -> RateTest:
    """Returns what the losses at some rates tell.

    Args:
        rates: The rates, rising.
        losses: The loss of a batch at each; the last may be NaN or infinite.
    """
    finite = [loss for loss in losses if math.isfinite(loss)]
    smooth = smoothed(finite)
    known = tuple(rates[: len(smooth)])
    lowest = int(np.argmin(smooth)) if smooth else 0
    fell = bool(smooth) and smooth[lowest] < _FALLS * smooth[0]
    suggested = _SAFE * known[lowest] if fell else None
    return RateTest(known, tuple(smooth), suggested)


def smoothed(losses: Sequence[float]) -> list[float]:
    """Returns the moving average of losses, without the pull of its start to 0."""
    average, averages = 0.0, []
    for count, loss in enumerate(losses, 1):
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        averages.append(average / (1 - _SMOOTHING**count))
    return averages


def _batches(
    config: RunConfig, dataset: ImageDataset, model: keras.Model
) -> Iterator[tuple[Any, Any]]:
    """Yields batches as a run would learn from them, without an end."""
    task = task_of(config, dataset, model)
    augment = make_augmentation(config.augment, task.preparation, config.seed)
    classes = len(dataset.class_names)
    fed = feed(for_keras(config), dataset.train, classes, task, shuffle=True)
    drawn = np.random.default_rng(config.seed)
    while True:
        if isinstance(dataset.train, ArraySplit):
            order = drawn.permutation(len(dataset.train))
            size = config.batch_size
            parts = [order[at : at + size] for at in range(0, len(order), size)]
            batches: Any = ((fed["x"][part], fed["y"][part]) for part in parts)
        else:
            batches = fed["x"]
        for x, y in batches:
            yield augment(x, y) if augment else (x, y)
