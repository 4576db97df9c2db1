"""What a training program is: a compiled model, its data, and how long it trains."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from ..._checks import InputError, first_line
from ..thresholds import PEEKED
from .graph import Graph
from .inputs import (
    Array,
    by_output,
    is_text,
    output_names,
    read_inputs,
    read_targets,
    target_names,
)
from .layers import activation_name, is_linear, is_weighted, layer_looks_up, leaves
from .optimizers import optimizers_of, rate_of
from .outputs import Head, read_head


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


def read_program(
    model: keras.Model,
    x: Any,
    y: Any,
    batch_size: int = 32,
    epochs: int = 5,
    *,
    sample_weight: Any = None,
    class_weight: dict[int, float] | None = None,
    steps: int | None = None,
) -> Program:
    """Reads a compiled model and its data.

    Args:
        model: The model.
        x: Inputs, as arrays.
        y: Targets, likewise; None without.
        batch_size: Of the planned training.
        epochs: Of the planned training.
        sample_weight: One weight a sample; None without.
        class_weight: A weight for each class number; None without.
        steps: Updates of an epoch; None for one pass over the samples.

    Raises:
        InputError: If the model is not compiled, or the data does not fit it.
    """
    if not getattr(model, "compiled", False):
        raise InputError(
            "The model must be compiled: call `model.compile` first. "
            f"Received: model={model!r}."
        )
    packed, inputs = read_inputs(model, x)
    outputs, refusal = _called(model, packed)
    targets = read_targets(model, y, outputs) if outputs is not None else {}
    names = target_names(model, y, outputs) if outputs is not None else []
    named = {names[index]: values for index, values in targets.items()}
    _check_rows(inputs, named)
    graph = Graph(model)
    heads = _heads(model, targets, names, outputs, graph)
    layers = tuple(leaves(model))
    rows = len(next(iter(inputs.values())))
    return Program(
        model=model,
        x=packed,
        y=y,
        inputs=inputs,
        targets=targets,
        sample_weight=_weights(sample_weight, class_weight, heads, rows),
        heads=heads,
        outputs=outputs,
        refusal=refusal,
        batch_size=batch_size,
        epochs=epochs,
        steps=steps or -(-rows // batch_size),
        layers=layers,
        activations={
            layer.name: name
            for layer in layers
            if (name := activation_name(layer)) is not None
        },
        graph=graph,
        optimizers=optimizers_of(model),
    )


def _called(model: keras.Model, packed: Any) -> tuple[Any, str]:
    """Returns what the model gives for a few samples, or why it gives nothing."""
    few = keras.tree.map_structure(lambda array: array[: int(PEEKED.value)], packed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of odd heads, by Keras
            outputs = model(
                keras.tree.map_structure(keras.ops.convert_to_tensor, few),
                training=False,
            )
            as_arrays = keras.tree.map_structure(_as_array, outputs)
    except Exception as error:  # a custom model may raise anything
        return None, said_by(error)
    return as_arrays, ""


def _as_array(tensor: Any) -> Array:
    array = np.asarray(keras.ops.convert_to_numpy(tensor))
    return array.astype("float32") if array.dtype.kind not in "iub" else array


def said_by(error: BaseException) -> str:
    """Returns what Keras raised, in one line with its type."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    said = first_line(error)
    if said.startswith("Graph execution error"):
        # What TensorFlow has to say stands below the trace, above its nodes' names.
        own = [line.strip() for line in lines if "[[" not in line]
        said = own[-1] if len(own) > 1 else said
    name = type(error).__name__
    return said if said == name else f"{name}: {said}"


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


def _weights(
    sample_weight: Any,
    class_weight: dict[int, float] | None,
    heads: Sequence[Head],
    rows: int,
) -> Array | None:
    """Returns a weight a sample, from weights of samples and of classes."""
    weights = None
    if sample_weight is not None:
        weights = np.asarray(sample_weight, "float32")
        if weights.shape[:1] != (rows,) or weights.ndim > 2:
            raise InputError(
                f"`sample_weight` must have one weight a sample, {rows:,}. "
                f"Received: sample_weight of shape {weights.shape}."
            )
        weights = weights.reshape(rows, -1)[:, 0]
    if class_weight is not None and len(heads) == 1 and heads[0].task != "regression":
        labels = heads[0].rows
        numbers = labels.argmax(1) if labels.shape[1] > 1 else labels[:, 0]
        if len(numbers) == rows:
            by_class = [class_weight.get(int(one), 1.0) for one in numbers]
            weights = np.array(by_class, "float32") * (
                1 if weights is None else weights
            )
    return weights


def _heads(
    model: keras.Model,
    targets: dict[int, Array],
    names: Sequence[str],
    outputs: Any,
    graph: Graph,
) -> tuple[Head, ...]:
    if outputs is None:
        return ()
    flat = keras.tree.flatten(outputs)
    given = by_output(output_names(model, outputs), getattr(model, "loss", None))
    own = type(model).train_step is not keras.Model.train_step
    own = own or type(model).compute_loss is not keras.Model.compute_loss
    ends = graph.ends()
    if len(ends) != len(flat):
        ends = [[] for _ in flat]
    missing = [
        name
        for index, name in enumerate(names)
        if given[index] is not None and index not in targets
    ]
    if missing and not own:
        raise InputError(
            "`y` must hold targets for each output that has a loss. "
            f"Received: none for {', '.join(missing)}."
        )
    return tuple(
        read_head(index, names[index], values, ends[index], flat[index], given[index])
        for index, values in targets.items()
        if given[index] is not None or own
    )
