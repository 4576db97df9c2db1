"""Which activations a model has between its input and its outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from .. import activations, layers
from .._checks import InputError
from ..layers._elementwise import Elementwise
from .copying import is_graph

# What is an activation and nothing besides.
LAYERS = (
    *(keras.layers.Activation, keras.layers.ELU, keras.layers.LeakyReLU),
    *(keras.layers.PReLU, keras.layers.ReLU, keras.layers.Softmax),
    *(Elementwise, layers.PReLU),
)

# A functional model may apply one as an operation: `keras.ops.relu(x)`.
_OPERATIONS = {
    *("Celu", "Elu", "Gelu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh"),
    *("LeakyRelu", "LogSigmoid", "LogSoftmax", "Mish", "ReLU", "Relu", "Relu6", "Selu"),
    *("Sigmoid", "Silu", "SoftShrink", "Softmax", "Softplus", "Softsign", "SparsePlus"),
    *("SparseSigmoid", "Sparsemax", "Squareplus", "Tanh", "TanhShrink", "Threshold"),
}

_BETWEEN_0_AND_1 = ("sigmoid", "hard_sigmoid", "sparse_sigmoid")
_SHARES = ("softmax", "log_softmax", "sparsemax")


@dataclass(frozen=True)
class HiddenActivation:
    """An activation between a model's input and its outputs.

    Attributes:
        layer: The layer's name, behind those of the models that it is nested in:
            `"encoder/dense_2"`.
        activation: Its name, as `"relu"`.
        kept_because: Why `swap_activation` leaves it alone; empty where it does not.
    """

    layer: str
    activation: str
    kept_because: str = ""


def hidden_activations(model: keras.Model) -> list[HiddenActivation]:
    """Returns the hidden activations of a model, and which cannot be swapped and why.

    An activation is hidden unless it reaches an output without passing through weights
    again: `softmax` at the end is the head's. A layer by subclassing that may have one
    in its own code is listed as `"unknown"`.

    Args:
        model: A built Sequential or functional model, nested or not.

    Raises:
        InputError: If the model is not built, or has its layers in its own code.

    Example:
        >>> from keras_cnn import article_cnn
        >>> for each in hidden_activations(article_cnn())[:2]:
        ...     print(each.layer.split("_")[0], each.activation)
        conv2d relu
        conv2d relu
    """
    return [each for _, each in find(model)]


def find(model: keras.Model) -> list[tuple[Any, HiddenActivation]]:
    """Returns each layer or operation that has a hidden activation, with what it is."""
    if not isinstance(model, keras.Model) or not is_graph(model) or not model.built:
        raise InputError(
            "`model` must be a built Sequential or functional model, whose layers are "
            f"known by their graph. Received: model={model!r}."
        )
    heads = _heads(model)
    seen: dict[int, tuple[Any, HiddenActivation]] = {}
    for place, layer in leaves(model):
        name = _activation(layer)
        if id(layer) in heads or id(layer) in seen or name == "linear":
            continue
        if name is not None or _has_own_code(layer):
            reason = _kept_because(layer, name)
            seen[id(layer)] = layer, HiddenActivation(place, name or "unknown", reason)
    return list(seen.values())


def leaves(model: keras.Model, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yields each layer and operation of a model with its place, in order."""
    operations = getattr(model, "_functional", model)._operations
    for layer in operations:
        if is_graph(layer):
            yield from leaves(layer, f"{place}{layer.name}/")
        elif not isinstance(layer, keras.layers.InputLayer):
            yield f"{place}{layer.name}", layer


def activated(layer: Any) -> Any:
    """Returns what holds the activation: the layer within a wrapper, or itself."""
    while isinstance(layer, keras.layers.Wrapper):
        layer = layer.layer
    return layer


def is_activation(layer: Any) -> bool:
    """Whether a layer or operation is an activation and nothing besides."""
    return isinstance(layer, LAYERS) or _is_operation(layer)


def activation_name(activation: Any) -> str:
    """Returns what an activation is called: `"relu"` for the function and the layer."""
    if activation is None:
        return "linear"
    if isinstance(activation, str):
        return activation
    if isinstance(activation, keras.layers.Activation):
        return activation_name(activation.activation)
    name = getattr(activation, "__name__", None) or type(activation).__name__
    return _NAMES.get(name.lower(), name)


_NAMES = {
    name.replace("_", ""): name
    for name in [*dir(keras.activations), *activations.__all__]
    if name.islower() and not name.startswith("_")
}


def _activation(layer: Any) -> str | None:
    inner = activated(layer)
    if is_activation(inner):
        return activation_name(inner)
    function = getattr(inner, "activation", None)
    if callable(function):
        return activation_name(function)
    return None


def _is_operation(layer: Any) -> bool:
    kind = type(layer)
    return (
        not isinstance(layer, keras.Layer)
        and kind.__name__ in _OPERATIONS
        and kind.__module__.startswith("keras.")
    )


def _has_own_code(layer: Any) -> bool:
    own = type(activated(layer)).__module__.partition(".")[0]
    return isinstance(layer, keras.Layer) and own not in ("keras", "keras_cnn")


def _kept_because(layer: Any, name: str | None) -> str:
    inner = activated(layer)
    if name is None:
        return "the layer's own code may have one, and is not looked into"
    if isinstance(inner, keras.layers.RNN) and not isinstance(
        inner, keras.layers.SimpleRNN
    ):
        return "a recurrent cell's gates and activation belong together"
    if name in _SHARES:
        return "it makes shares of a whole, as an attention's"
    if name in _BETWEEN_0_AND_1 and _only_multiplied(layer):
        return "it is a gate that is multiplied with another output"
    if not is_activation(inner) and "activation" not in inner.get_config():
        return "the layer's config does not have it"
    if inner is not layer and isinstance(inner, keras.Model):
        return "the model is within a wrapper"
    return ""


def _only_multiplied(layer: Any) -> bool:
    """Whether an output goes nowhere but into products, perhaps in another shape."""
    targets = [node.operation for node in layer._outbound_nodes]
    return bool(targets) and all(
        type(target).__name__ == "Multiply"
        or (_only_shapes(target) and _only_multiplied(target))
        for target in targets
    )


def _only_shapes(layer: Any) -> bool:
    kinds = (keras.layers.Reshape, keras.layers.RepeatVector, keras.layers.Permute)
    return isinstance(layer, kinds) or type(layer).__name__ in ("Reshape", "ExpandDims")


def _heads(model: keras.Model) -> set[int]:
    """Returns the ids of what is last to act on an output: its activation."""
    heads: set[int] = set()
    seen: set[int] = set()

    def visit(tensor: Any) -> None:
        history = tensor._keras_history
        layer = history.operation
        if id(tensor) in seen or isinstance(layer, keras.layers.InputLayer):
            return
        seen.add(id(tensor))
        if is_graph(layer):
            for output in layer.outputs:
                visit(output)
        elif _activation(layer) not in (None, "linear"):
            heads.add(id(layer))
        elif not getattr(layer, "weights", None):
            for source in layer._inbound_nodes[history.node_index].input_tensors:
                visit(source)

    for output in model.outputs:
        visit(output)
    return heads
