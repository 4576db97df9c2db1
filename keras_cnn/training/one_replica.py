"""The own steps of a model that was made in the scope of a strategy with one replica.

Such a strategy, `OneDeviceStrategy` or a `MirroredStrategy` on one device, shares
nothing, so a class may compute whatever it likes. It must only do so within the
replica, where its variables and its optimizer expect it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from .steps import OnNonfinite, Steps


class OneReplicaSteps(Steps):
    """Keras's steps or a user's, run in the only replica of a strategy."""

    def __init__(
        self, model: keras.Model, strategy: Any, on_nonfinite: OnNonfinite
    ) -> None:
        """Keeps the strategy.

        Args:
            model: A compiled model with steps of its own.
            strategy: Of one replica.
            on_nonfinite: See `Steps`.
        """
        super().__init__(model, on_nonfinite=on_nonfinite)
        self._strategy = strategy

    def train(self, data: Any) -> tuple[Any, dict[str, Any]]:
        """Learns from a batch; see `Steps.train`."""
        return self._run(super().train, data)  # type: ignore[no-any-return]

    def test(self, data: Any) -> tuple[Any, dict[str, Any]]:
        """Measures a batch; see `Steps.test`."""
        return self._run(super().test, data)  # type: ignore[no-any-return]

    def predict(self, data: Any) -> Any:
        """Returns the model's outputs for a batch."""
        return self._run(super().predict, data)

    def _run(self, step: Callable[[Any], Any], data: Any) -> Any:
        import tensorflow as tf

        return tf.nest.map_structure(
            lambda value: self._strategy.experimental_local_results(value)[0],
            self._strategy.run(step, args=(data,)),
        )
