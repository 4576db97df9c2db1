"""A training program read from a model and its data."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from ..._checks import InputError, first_line
from ...training.data_sources import make_source
from ..thresholds import PEEKED
from .graph import Graph
from .inputs import (
    Array,
    by_output,
    output_names,
    read_inputs,
    read_targets,
    target_names,
)
from .layers import activation_name, leaves
from .optimizers import optimizers_of
from .outputs import Head, read_head
from .program import Program


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
    streamed: bool = False,
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
        streamed: Whether the arrays were read from a stream.

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
    refusal = refusal or ("" if streamed else _refused(x, y))
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


def _refused(x: Any, y: Any) -> str:
    """Returns what `fit` has against data of this kind, such as NumPy's texts."""
    try:
        make_source(*(keras.tree.map_structure(_first, part) for part in (x, y)))
    except Exception as error:  # whatever Keras raises
        return said_by(error)
    return ""


def _first(values: Any) -> Any:
    return values[:2] if hasattr(values, "shape") else values


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
