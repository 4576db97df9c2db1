"""Whether a training has learned anything yet, told from what each epoch reports."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from .._chance import highest_by_chance
from .steps import overrides
from .targets import kind_by_name, loss_kind, option

# In fewer updates even a good training may not have begun.
_FEWEST_UPDATES = 100
# A loss that is lower by less may still be that of a constant answer.
_SAME_LOSS = 0.02
# A loss that falls faster than this from one epoch to the next is on its way.
_FALLING = 0.05
# Nor does an accuracy rise by as much that only wavers.
_RISING = 0.01
# So many targets tell a mean well enough.
_LOOKED_AT = 10_000

_ACCURACIES = (
    "accuracy",
    "acc",
    "sparse_categorical_accuracy",
    "categorical_accuracy",
    "binary_accuracy",
)


# Loss and accuracy of an epoch.
_Reached = tuple[float, float | None]


@dataclass(frozen=True)
class Chance:
    """What the best constant answer reaches, whatever the inputs.

    Attributes:
        loss: Its mean loss.
        accuracy: What an accuracy may be, by luck, of an answer that is always the
            commonest class; None where there are no classes.
    """

    loss: float
    accuracy: float | None


class LearningWatch(keras.callbacks.Callback):
    """Says so, once, when a training does no better than a constant answer.

    It is asked at the end of each epoch, after a hundred updates. Unless an accuracy is
    reported that luck gives, too, the loss must also have stayed where it was for an
    epoch: the mean of a first one holds its high beginning.

    Args:
        chance: What a constant answer reaches. Defaults to `None`: `Trainer` finds it.
        say: Is given the sentence. Defaults to `None`, for a warning that names the
            doctor.
    """

    def __init__(
        self, chance: Chance | None = None, say: Callable[[str], None] | None = None
    ) -> None:
        """Takes what to compare with, and whom to tell; see the class."""
        super().__init__()
        self.chance = chance
        self._say = say or _warn

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begins to count."""
        self._said = False
        self._before: _Reached | None = None
        self._begin = self._iterations()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compares the epoch's loss and accuracy with those of a constant answer."""
        logs = logs or {}
        loss = logs.get("loss")
        if self._said or self.chance is None or loss is None:
            return
        accuracy = next((logs[name] for name in _ACCURACIES if name in logs), None)
        before, self._before = self._before, (loss, accuracy)
        updates = self._iterations() - self._begin
        if updates < _FEWEST_UPDATES or loss < self.chance.loss * (1 - _SAME_LOSS):
            return
        words = f"loss {loss:.4g}, of a constant answer {self.chance.loss:.4g}"
        if accuracy is not None:
            words += f"; accuracy {accuracy:.2%}"
        if not self._is_by_chance(accuracy) and not _is_still(before, (loss, accuracy)):
            return
        self._said = True
        self._say(
            f"After {updates:,} updates the model does no better than a constant "
            f"answer: {words}."
        )

    def _is_by_chance(self, accuracy: float | None) -> bool:
        known = self.chance.accuracy if self.chance is not None else None
        return accuracy is not None and known is not None and accuracy <= known

    def _iterations(self) -> int:
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is None:
            return 0
        import tensorflow as tf

        # As a tensor: `int` does not take the mirrored variable of a strategy.
        return int(tf.convert_to_tensor(optimizer.iterations))


def _is_still(before: _Reached | None, now: _Reached) -> bool:
    """Whether neither loss nor accuracy got better from one epoch to the next."""
    if before is None or now[0] < before[0] * (1 - _FALLING):
        return False
    rises = (
        before[1] is not None and now[1] is not None and now[1] > before[1] + _RISING
    )
    return not rises


def _warn(said: str) -> None:
    warnings.warn(
        f"{said} keras_cnn.doctor.diagnose(model, x, y) looks for the cause.",
        stacklevel=2,
    )


def chance_of(model: keras.Model, y: Any, weight: Any = None) -> Chance | None:
    """Returns what a constant answer reaches; None where that cannot be told.

    It cannot where the loss that is reported is more than a mean of Keras's own:
    weighted, regularized, of several outputs, or computed in the model's own way.

    Args:
        model: The compiled model.
        y: Its targets; a spec of them, or None, where there is only a stream.
        weight: Weights of the samples. Defaults to `None`.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
        >>> model.compile(loss="sparse_categorical_crossentropy")
        >>> round(chance_of(model, np.array([0, 1, 2, 3] * 25)).loss, 4)  # log(4)
        1.3863
    """
    compiled = getattr(model, "_compile_loss", None)
    loss = compiled._user_loss if compiled is not None else None
    loss = keras.losses.get(loss) if isinstance(loss, str) else loss
    own = any(overrides(model, step) for step in ("train_step", "compute_loss"))
    weighted = weight is not None or compiled is None or compiled._user_loss_weights
    if own or weighted or keras.tree.is_nested(loss) or keras.tree.is_nested(y):
        return None
    if option(loss, "reduction", "sum_over_batch_size") == "sum" or model.losses:
        return None
    kind = loss_kind(loss)
    kind = kind_by_name(loss) if kind == "regression" else kind
    if "focal" in f"{type(loss).__name__} {loss}".lower():  # less than an entropy
        return None
    smoothing = float(option(loss, "label_smoothing", 0.0) or 0.0)
    values = _looked_at(y)
    chance = None
    if kind in ("sparse", "categorical"):
        chance = _of_classes(kind, values, _units(model), smoothing)
    elif kind == "binary":
        chance = _of_two(values, smoothing)
    elif kind in ("mse", "mae") and values is not None:
        flat = values.reshape(len(values), -1).astype("float64")
        middle = flat.mean(0) if kind == "mse" else np.median(flat, 0)
        away = np.abs(flat - middle)
        chance = Chance(float((away**2 if kind == "mse" else away).mean()), None)
    return chance if chance is not None and 0 < chance.loss < np.inf else None


def _looked_at(y: Any) -> npt.NDArray[Any] | None:
    """Returns some of the targets, from all over; None where there is only a spec."""
    if y is None or not hasattr(y, "__array__"):
        return None
    step = max(1, -(-len(y) // _LOOKED_AT))
    values = np.asarray(y[::step])
    return values if values.size and values.dtype.kind in "biuf" else None


def _units(model: keras.Model) -> int | None:
    try:
        return int(model.output_shape[-1])
    except (AttributeError, TypeError, ValueError):  # it has no graph
        return None


def _of_classes(
    kind: str, values: npt.NDArray[Any] | None, units: int | None, smoothing: float
) -> Chance | None:
    if values is None:
        if units is None or units < 2:
            return None
        shares = np.full(units, 1 / units)  # an answer without any knowledge
        samples = _LOOKED_AT
    elif kind == "sparse":
        numbers = values.reshape(-1).astype(int)
        if numbers.min() < 0:
            return None
        shares = np.bincount(numbers) / numbers.size
        samples = numbers.size
    else:
        rows = values.reshape(-1, values.shape[-1])
        shares, samples = rows.mean(0, dtype="float64"), len(rows)
    smooth = shares * (1 - smoothing) + smoothing / len(shares)
    return Chance(
        float(-_xlogx(smooth).sum()), highest_by_chance(float(shares.max()), samples)
    )


def _of_two(values: npt.NDArray[Any] | None, smoothing: float) -> Chance:
    if values is None:
        return Chance(float(np.log(2)), highest_by_chance(0.5, _LOOKED_AT))
    flat = values.reshape(len(values), -1)
    share = flat.mean(0, dtype="float64")
    smooth = share * (1 - smoothing) + smoothing / 2
    loss = float(-(_xlogx(smooth) + _xlogx(1 - smooth)).mean())
    if len(share) > 1:
        return Chance(loss, None)
    return Chance(
        loss, highest_by_chance(float(max(share[0], 1 - share[0])), len(flat))
    )


def _xlogx(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), 0.0)
