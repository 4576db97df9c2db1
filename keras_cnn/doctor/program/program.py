"""What a training program is: a compiled model, its data, and how long it trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from ..._checks import InputError
from .graph import Graph
from .inputs import (
    Array,
    by_output,
    output_names,
    outputs_of,
    read_inputs,
    read_targets,
)
from .layers import activation_name, is_weighted, leaves
from .outputs import Head, read_head


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled model with its data, read for the checks.

    Attributes:
        model: The model, only ever looked at.
        x: Inputs in the model's own structure: an array, or a list or dict of them.
        y: Targets as they were given: an array, or a list or dict of them.
        inputs: The same arrays by how they are written: `x`, or `x['name']` of several.
        heads: Its outputs with their targets; one in most programs.
        outputs: The structure of the model's outputs, for `keras.tree`.
        batch_size: What the user plans.
        epochs: What the user plans.
        layers: The layers without children, in order.
        activations: The activation of each that has one, by the layer's name.
        graph: Which layer feeds which.
    """

    model: keras.Model
    x: Any
    y: Any
    inputs: dict[str, Array]
    heads: tuple[Head, ...]
    outputs: Any
    batch_size: int
    epochs: int
    layers: tuple[keras.Layer, ...]
    activations: dict[str, str]
    graph: Graph

    @property
    def arrays(self) -> dict[str, Array]:
        """Inputs and targets, by how they are written."""
        return self.inputs | {head.target: head.y for head in self.heads}

    @property
    def rows(self) -> int:
        """How many samples there are."""
        return len(self.heads[0].y)

    @property
    def weighted(self) -> list[keras.Layer]:
        """The layers that multiply by a kernel."""
        return [layer for layer in self.layers if is_weighted(layer)]

    @property
    def hidden(self) -> list[tuple[keras.Layer, str]]:
        """The layers with weights before the heads, each with its activation."""
        last = {head.weighted for head in self.heads}
        return [
            (layer, self.following(layer))
            for layer in self.weighted
            if layer.name not in last
        ]

    def following(self, layer: keras.Layer) -> str:
        """Returns the first activation at or after a layer, before the next weights."""
        names = [self.activations.get(layer.name, "linear")]
        names += [activation_name(one) or "linear" for one in self.graph.after(layer)]
        return next((name for name in names if name != "linear"), "linear")

    @property
    def learning_rate(self) -> float:
        """The rate; of a schedule, its median over the planned updates."""
        optimizer = self.model.optimizer
        rate = getattr(optimizer, "_learning_rate", optimizer.learning_rate)
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            steps = np.linspace(0, max(self.updates - 1, 0), 9)
            return float(np.median([float(rate(int(step))) for step in steps]))
        return float(keras.ops.convert_to_numpy(optimizer.learning_rate))

    @property
    def updates(self) -> int:
        """The updates that the user plans."""
        return self.epochs * -(-self.rows // self.batch_size)

    def packed_inputs(self, values: Sequence[Any]) -> Any:
        """Returns one value an input in the structure that the model takes."""
        return keras.tree.pack_sequence_as(self.x, list(values))

    def packed_outputs(self, values: Sequence[Any]) -> Any:
        """Returns one value an output in the structure that the model gives."""
        return keras.tree.pack_sequence_as(self.outputs, list(values))


def read_program(
    model: keras.Model, x: Any, y: Any, batch_size: int = 32, epochs: int = 5
) -> Program:
    """Reads a compiled model and its data.

    Raises:
        InputError: If the model is not compiled, or the data does not fit it.
    """
    if not getattr(model, "compiled", False):
        raise InputError(
            "The model must be compiled: call `model.compile` first. "
            f"Received: model={model!r}."
        )
    packed, inputs = read_inputs(model, x)
    outputs = outputs_of(model, packed)
    targets = read_targets(model, y, outputs)
    _check_rows(inputs, targets)
    layers = tuple(leaves(model))
    graph = Graph(model)
    activations = {
        layer.name: name
        for layer in layers
        if (name := activation_name(layer)) is not None
    }
    heads = _heads(model, targets, outputs, graph)
    return Program(
        model,
        packed,
        y,
        inputs,
        heads,
        outputs,
        batch_size,
        epochs,
        layers,
        activations,
        graph,
    )


def _check_rows(inputs: dict[str, Array], targets: dict[str, Array]) -> None:
    named = {**inputs, **targets}
    rows = {len(values) for values in named.values()}
    if len(rows) > 1 or not rows or 0 in rows:
        shapes = ", ".join(
            f"{name} of shape {values.shape}" for name, values in named.items()
        )
        raise InputError(
            "`x` and `y` must have the same number of rows, at least one. "
            f"Received: {shapes}."
        )


def _heads(
    model: keras.Model, targets: dict[str, Array], outputs: Any, graph: Graph
) -> tuple[Head, ...]:
    names = output_names(model, outputs)
    losses = by_output(names, model.loss)
    ends = graph.ends()
    if len(ends) != len(targets) or any(loss is None for loss in losses):
        raise InputError(
            "Each of the model's outputs must have a loss, and a model written by "
            f"subclassing must have one output. Received: {model.name} with outputs "
            f"{', '.join(map(str, names))} and loss {model.loss!r}."
        )
    shapes = [one.shape for one in keras.tree.flatten(outputs)]
    return tuple(
        read_head(target, y, end, int(shape[-1]) if len(shape) > 1 else 1, loss)
        for (target, y), end, shape, loss in zip(
            targets.items(), ends, shapes, losses, strict=True
        )
    )
