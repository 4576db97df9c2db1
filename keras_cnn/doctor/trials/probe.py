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
            keras.tree.map_structure(tf.convert_to_tensor, part) for part in (x, y)
        )
        self.layers = _watched(model)
        self._seen = [layer for layer in self.layers if _has_output(model, layer)]
        self._ends = [_ends(layer) for layer in self._seen]
        self._inner = None
        if self._seen:
            outputs = [layer.output for layer in self._seen]
            self._inner = keras.Model(model.inputs, outputs)
        self._weighted = [layer for layer in self.layers if layer.trainable_weights]
        self._weights = [layer.trainable_weights[0] for layer in self._weighted]
        self._last = [tf.Variable(one.value, trainable=False) for one in self._weights]
        self._step: int | None = None
        self._measure = tf.function(self._measured)

    def __call__(self, step: int) -> Snapshot:
        """Measures the model as it is after `step` updates."""
        loss, total, outputs, gradients = (np.asarray(one) for one in self._measure())
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
        seen = {
            layer.name: tuple(map(float, row))
            for layer, row in zip(self._seen, outputs, strict=True)
        }
        unseen = (float("nan"),) * 5
        health = tuple(
            LayerHealth(
                layer.name, *seen.get(layer.name, unseen), **grown.get(layer.name, {})
            )
            for layer in self.layers
        )
        norms = [one["gradient"] for one in grown.values()]
        ratio = norms[0] / norms[-1] if len(norms) > 1 and norms[-1] else None
        return Snapshot(step, float(loss), health, ratio, float(total))

    def _gradients(self) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Returns loss, norm of the whole gradient, and each layer's gradient."""
        weights = self.model.trainable_weights
        values = [one.value for one in weights]
        with tf.GradientTape() as tape:
            outputs = self.model(self._x, training=False)
            loss = self.model.compute_loss(x=self._x, y=self._y, y_pred=outputs)
        given = tape.gradient(loss, values) if values else []
        gradients = {
            id(weight): tf.zeros_like(value)
            if gradient is None
            else tf.convert_to_tensor(gradient)  # of an embedding it is sparse
            for weight, value, gradient in zip(weights, values, given, strict=True)
        }
        total = tf.linalg.global_norm(
            [tf.cast(one, tf.float32) for one in gradients.values()]
        )
        return loss, total, [gradients[id(weight)] for weight in self._weights]

    def _measured(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        loss, total, gradients = self._gradients()
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
        return (
            loss,
            total,
            tf.stack(seen) if seen else tf.zeros((0, 5)),
            tf.stack(rows) if rows else tf.zeros((0, 3)),
        )

    def _outputs(self) -> list[tf.Tensor]:
        if self._inner is None:
            return []
        outputs = self._inner(self._x, training=False)
        return list(outputs) if isinstance(outputs, list | tuple) else [outputs]

    def histograms(self) -> tuple[Histogram, ...]:
        """Counts each layer's activations and gradients as they are now."""
        _, _, gradients = self._gradients()
        drawn = [
            (layer.name, "activations", values)
            for layer, values in zip(self._seen, self._outputs(), strict=True)
        ] + [
            (layer.name, "gradients", values)
            for layer, values in zip(self._weighted, gradients, strict=True)
        ]
        return tuple(_histogram(*one) for one in drawn)


def _watched(model: keras.Model) -> list[keras.Layer]:
    """Returns the layers that are measured: those with weights or an activation."""
    if not getattr(model, "inputs", None):
        return [layer for layer in leaves(model) if layer.trainable_weights]
    own = [layer for layer in leaves(model) if layer in model.layers]
    return [one for one in own if one.weights or activation_name(one) is not None]


def _has_output(model: keras.Model, layer: keras.Layer) -> bool:
    """Whether a layer gives one tensor of numbers, in one place of the model."""
    if not getattr(model, "inputs", None):
        return False
    try:
        output = layer.output
    except (AttributeError, ValueError):  # it is called in several places
        return False
    shape: Any = getattr(output, "shape", ())
    return len(shape) > 1 and shape[-1] is not None and "float" in str(output.dtype)


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
