"""Health by layer on a fixed batch, in one compiled function."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..findings import Histogram, LayerHealth, Snapshot
from ..program.layers import activation_name, leaves, output_range
from ..thresholds import FLAT_END

_BINS = 30


class Probe:
    """Measures a model on a fixed batch: outputs, gradients and updates by layer."""

    def __init__(self, model: keras.Model, x: Any, y: Any) -> None:
        """Prepares the measuring; it is compiled when first used.

        Args:
            model: A built and compiled model.
            x: The probe batch's inputs, in the structure that the model takes.
            y: Its targets, in the structure of the model's outputs.
        """
        self.model = model
        self._x, self._y = (
            keras.tree.map_structure(tf.constant, one) for one in (x, y)
        )
        self.layers = _watched(model)
        self._ends = [_ends(layer) for layer in self.layers]
        self._inner = keras.Model(model.inputs, [one.output for one in self.layers])
        self._weighted = [one for one in self.layers if one.trainable_weights]
        self._weights = [one.trainable_weights[0] for one in self._weighted]
        self._last = [tf.Variable(one.value, trainable=False) for one in self._weights]
        self._step: int | None = None
        self._measure = tf.function(self._measured)

    def __call__(self, step: int) -> Snapshot:
        """Measures the model as it is after `step` updates."""
        loss, outputs, gradients = (np.asarray(one) for one in self._measure())
        steps = step - self._step if self._step is not None else 0
        self._step = step
        grown: dict[str, dict[str, Any]] = {}
        for layer, row in zip(self._weighted, gradients, strict=True):
            norm, none, moved = map(float, row)
            grown[layer.name] = {
                "gradient": norm,
                "gradient_zero": none,
                "update_ratio": moved / steps if steps > 0 else None,
            }
        health = tuple(
            LayerHealth(layer.name, *map(float, row), **grown.get(layer.name, {}))
            for layer, row in zip(self.layers, outputs, strict=True)
        )
        norms = [one["gradient"] for one in grown.values()]
        ratio = norms[0] / norms[-1] if len(norms) > 1 and norms[-1] else None
        return Snapshot(step, float(loss), health, ratio)

    def _gradients(self) -> tuple[tf.Tensor, list[tf.Tensor]]:
        values = [one.value for one in self._weights]
        with tf.GradientTape() as tape:
            answer = self.model(self._x, training=False)
            loss = self.model.compute_loss(x=self._x, y=self._y, y_pred=answer)
        gradients = tape.gradient(loss, values) if values else []
        return loss, [
            tf.zeros_like(value) if gradient is None else gradient
            for value, gradient in zip(values, gradients, strict=True)
        ]

    def _measured(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        loss, gradients = self._gradients()
        rows = []
        for weight, gradient, last in zip(
            self._weights, gradients, self._last, strict=True
        ):
            value = tf.convert_to_tensor(weight.value)
            moved = tf.norm(value - last) / (tf.norm(value) + 1e-12)
            row = [tf.norm(gradient), _share(gradient == 0), moved]
            rows.append(tf.stack([tf.cast(one, tf.float32) for one in row]))
            last.assign(value)
        seen = [
            _of_outputs(tf.cast(output, tf.float32), ends)
            for output, ends in zip(self._outputs(), self._ends, strict=True)
        ]
        return loss, tf.stack(seen), tf.stack(rows) if rows else tf.zeros((0, 3))

    def _outputs(self) -> list[tf.Tensor]:
        outputs = self._inner(self._x, training=False)
        return list(outputs) if isinstance(outputs, list | tuple) else [outputs]

    def histograms(self) -> tuple[Histogram, ...]:
        """Counts each layer's activations and gradients as they are now."""
        _, gradients = self._gradients()
        drawn = [
            (layer.name, "activations", values)
            for layer, values in zip(self.layers, self._outputs(), strict=True)
        ] + [
            (layer.name, "gradients", values)
            for layer, values in zip(self._weighted, gradients, strict=True)
        ]
        return tuple(_histogram(*one) for one in drawn)


def _watched(model: keras.Model) -> list[keras.Layer]:
    """Returns the layers whose outputs are measured."""
    if not getattr(model, "inputs", None):
        return []
    own = [one for one in leaves(model) if one in model.layers]
    return [one for one in own if one.weights or activation_name(one) is not None]


def _ends(layer: keras.Layer) -> tuple[float, float] | None:
    """Returns where a layer's activation is flat; None where it is so on one side."""
    ends = output_range(activation_name(layer) or "linear")
    return ends if np.isfinite(ends).all() else None


def _share(true: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(true, tf.float32))


def _of_outputs(output: tf.Tensor, ends: tuple[float, float] | None) -> tf.Tensor:
    """Returns mean, spread, share zero, share of dead units and share saturated."""
    units = tf.reshape(output, (-1, output.shape[-1]))
    mean, variance = tf.nn.moments(units, [0, 1])
    dead = _share(tf.reduce_all(units == 0, 0))
    flat = tf.constant(0.0)
    if ends:
        margin = FLAT_END.value * (ends[1] - ends[0])
        flat = _share((units < ends[0] + margin) | (units > ends[1] - margin))
    return tf.stack([mean, tf.sqrt(variance), _share(units == 0), dead, flat])


def _histogram(layer: str, what: Any, values: Any) -> Histogram:
    flat = np.asarray(values, "float64").ravel()
    flat = flat[np.isfinite(flat)]
    counts, edges = np.histogram(flat if flat.size else np.zeros(1), _BINS)
    return Histogram(layer, what, tuple(edges.tolist()), tuple(counts.tolist()))
