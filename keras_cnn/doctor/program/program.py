"""What a training program is: a compiled model, its data, and how long it trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from .graph import Graph
from .inputs import (
    Array,
    is_text,
)
from .layers import activation_name, is_linear, is_weighted, layer_looks_up
from .optimizers import rate_of
from .outputs import Head


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled model with its data, read for the checks.

    Attributes:
        model: The model, only ever looked at.
        x: Inputs in the model's own structure: an array, or a list or dict of them.
        y: Targets as they were given: an array, a list or dict of them, or None.
        inputs: The inputs by how they are written: `x`, or `x['name']` of several.
        targets: The targets by the number of their output.
        sample_weight: One weight a sample; None without.
        heads: The outputs that have targets; one in most programs.
        outputs: What the model gives for a few samples, in its own structure; None
            where it cannot be called.
        refusal: Why it cannot be called; empty where it can.
        batch_size: Of the planned training.
        epochs: Of the planned training.
        steps: Updates of an epoch.
        layers: The layers without children, in order.
        activations: The activation of each that has one, by the layer's name.
        graph: Which layer feeds which.
        optimizers: Of the model, by the attribute that holds each.
    """

    model: keras.Model
    x: Any
    y: Any
    inputs: dict[str, Array]
    targets: dict[int, Array]
    sample_weight: Array | None
    heads: tuple[Head, ...]
    outputs: Any
    refusal: str
    batch_size: int
    epochs: int
    steps: int
    layers: tuple[keras.Layer, ...]
    activations: dict[str, str]
    graph: Graph
    optimizers: dict[str, keras.optimizers.Optimizer]

    @property
    def numbers(self) -> dict[str, Array]:
        """The inputs that are numbers, not texts."""
        return {
            name: values for name, values in self.inputs.items() if not is_text(values)
        }

    @property
    def arrays(self) -> dict[str, Array]:
        """Numeric inputs and targets, by how they are written."""
        return self.numbers | {head.target: head.y for head in self.heads}

    @property
    def rows(self) -> int:
        """How many samples there are."""
        return len(next(iter(self.inputs.values())))

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
        """Returns the first activation at or after a layer, before the next weights.

        It is `unknown` where a layer or operation follows whose inside is not known.
        """
        name = self.activations.get(layer.name, "linear")
        for node in self.graph.after(layer) if name == "linear" else ():
            following = activation_name(node)
            if following not in (None, "linear"):
                return str(following)
            if following is None and not is_linear(node):
                return "unknown"
        return name

    def is_looked_up(self, name: str) -> bool:
        """Whether an input holds the numbers of words or kinds, or texts."""
        values = self.inputs[name]
        return is_text(values) or any(
            layer_looks_up(layer) for layer in self.first_layers(name)
        )

    def first_layers(self, name: str) -> list[Any]:
        """Returns what an input goes through before it meets weights.

        Without a graph these are the layers that come first, whatever the input.
        """
        inputs = self.graph.inputs()
        keys = [f"x[{layer.name!r}]" for layer in inputs]
        keys = keys if name in keys else list(self.inputs)
        if len(inputs) == len(keys) and self.graph.known:
            return list(self.graph.after(inputs[keys.index(name)]))
        first = []
        for layer in self.layers:
            if is_weighted(layer):
                break
            first.append(layer)
        return first

    @property
    def own_step(self) -> bool:
        """Whether the model trains with a `train_step` of its own."""
        return type(self.model).train_step is not keras.Model.train_step

    @property
    def trained(self) -> bool:
        """Whether the model has been trained before."""
        return any(int(one.iterations) for one in self.optimizers.values())

    @property
    def learning_rate(self) -> float | None:
        """The rate; of a schedule, its median over the planned updates.

        None where the model keeps its optimizers to itself.
        """
        first = self.optimizer
        return None if first is None else rate_of(first, self.updates)

    @property
    def optimizer(self) -> keras.optimizers.Optimizer | None:
        """The first optimizer of the model; None where it keeps it to itself."""
        return next(iter(self.optimizers.values()), None)

    @property
    def updates(self) -> int:
        """The updates that the user plans."""
        return self.epochs * self.steps

    def packed_inputs(self, values: Sequence[Any]) -> Any:
        """Returns one value an input in the structure that the model takes."""
        return keras.tree.pack_sequence_as(self.x, list(values))

    def packed_outputs(self, values: Sequence[Any]) -> Any:
        """Returns one value an output in the structure that the model gives."""
        return keras.tree.pack_sequence_as(self.outputs, list(values))
