"""The doctor beside a training: a callback that probes every so many batches."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from .._checks import InputError, check_count
from .findings import Finding, Snapshot
from .rules import check_groups
from .trials.probe import Probe


class Doctor(keras.callbacks.Callback):
    """Records each layer's health on a fixed probe batch while a model trains.

    For `Model.fit` and `keras_cnn.Trainer` alike. Between two probes it costs nothing;
    a probe costs about as much as two training steps on a batch of its size.

    Args:
        x: Inputs of the probe batch, as for `fit`; 64 samples are plenty.
        y: Their targets, as for `fit`.
        every: Batches between two probes. Defaults to `200`.

    Attributes:
        snapshots: What was recorded, a `Snapshot` a probe: of each layer mean, spread,
            shares of zero, dead and saturated outputs, the gradient's norm and share of
            zeros, and the mean update over the weights' norm; of all the loss.
        batch_interval: `every`; it tells `Trainer` when to call.

    Example:
        >>> import keras, numpy as np
        >>> from keras_cnn.doctor import Doctor
        >>> x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
        >>> y = x.sum(1, keepdims=True)
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> doctor = Doctor(x, y, every=2)
        >>> history = model.fit(x, y, batch_size=16, verbose=0, callbacks=[doctor])
        >>> [snapshot.step for snapshot in doctor.snapshots]
        [0, 2, 4]
    """

    def __init__(self, x: Any, y: Any, every: int = 200) -> None:
        """Checks the arguments; see the class."""
        super().__init__()
        check_count("every", every)
        self._x = _arrays(x, "float32")
        self._y = _arrays(y, None)
        shapes = [one.shape for one in keras.tree.flatten((self._x, self._y))]
        rows = {shape[0] if shape else 0 for shape in shapes}
        if len(rows) != 1 or rows == {0}:
            raise InputError(
                "`x` and `y` must have the same number of rows, at least one. "
                f"Received: shapes {', '.join(map(str, shapes))}."
            )
        self.batch_interval = every
        self.snapshots: list[Snapshot] = []
        self._probe: Probe | None = None
        self._begin = 0  # steps before this epoch
        self._seen = 0  # batches seen in it

    @property
    def loss_trend(self) -> float:
        """The change of the probe's loss a probe, by least squares; NaN before two."""
        return self._line()[0]

    @property
    def loss_noise(self) -> float:
        """The spread of the probe's loss about that line; NaN before two probes."""
        return self._line()[1]

    @property
    def findings(self) -> list[Finding]:
        """The symptoms at the last probe."""
        if not self.snapshots:
            return []
        return [one.finding() for one in check_groups({"units"}, self.snapshots[-1])]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Probes the model as it begins."""
        if not self.model.built:
            self.model(keras.tree.map_structure(lambda one: one[:1], self._x))
        self.snapshots.clear()
        self._begin = self._seen = 0
        self._probe = Probe(self.model, self._x, self._y)
        self.snapshots.append(self._probe(0))

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Probes when `every` batches have passed since the last probe."""
        self._seen = batch + 1
        step = self._begin + self._seen
        last = self.snapshots[-1].step if self.snapshots else 0
        if self._probe and step // self.batch_interval > last // self.batch_interval:
            self.snapshots.append(self._probe(step))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts the epoch's steps, the last of which may not have been shown."""
        self._begin += (self.params or {}).get("steps") or self._seen
        self._seen = 0

    def _line(self) -> tuple[float, float]:
        losses = np.array([snapshot.loss for snapshot in self.snapshots])
        if len(losses) < 2 or not np.isfinite(losses).all():
            return float("nan"), float("nan")
        steps = np.arange(len(losses))
        slope, start = np.polyfit(steps, losses, 1)
        return float(slope), float((losses - start - slope * steps).std())


def _arrays(value: Any, dtype: str | None) -> Any:
    """Returns one array, or a dict or list of arrays, as arrays."""
    if isinstance(value, dict):
        return {name: np.asarray(one, dtype) for name, one in value.items()}
    if isinstance(value, list | tuple) and all(hasattr(one, "shape") for one in value):
        return [np.asarray(one, dtype) for one in value]
    return np.asarray(value, dtype)
