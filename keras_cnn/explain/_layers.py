"""Which layer is meant, and what it gives."""

from __future__ import annotations

from typing import Any

from .._checks import InputError, did_you_mean
from ._listening import listening, named_layers
from ._target import Target


def layer_named(target: Target, name: str | None) -> str:
    """Returns the full name of a layer that gives maps; by default of the best one.

    That is the last convolution, or, where layers with maps of the same shape follow it
    (its normalisation, its activation), the last of these: what the classifier's head
    gets to see.

    Args:
        target: What is explained.
        name: A name as in `named_layers`, or its last part where no other has it.

    Raises:
        InputError: If no layer gives maps, or none or several are named so.
    """
    shapes = target.map_shapes
    if name is not None:
        found = [one for one in shapes if one == name or one.endswith(f"/{name}")]
        if name in shapes:
            return name
        if len(found) == 1:
            return found[0]
        hint = did_you_mean(name, shapes) if not found else ""
        raise InputError(
            "`layer` must name one layer that gives maps: "
            f"{', '.join(shapes)}. Received: layer={name!r}.{hint}"
        )
    layers = named_layers(target.model)
    convolutions = [one for one in shapes if hasattr(layers[one], "kernel_size")]
    if not convolutions:
        raise InputError(
            "The model must have a convolution, or `layer` must be given. "
            f"Received: {target.model.name} without one."
        )
    last = convolutions[-1]
    order = list(shapes)
    following = order[order.index(last) :]
    return [one for one in following if shapes[one] == shapes[last]][-1]


def output_of(target: Target, name: str, images: Any) -> tuple[Any, Any]:
    """Calls the model; returns one layer's output and the model's scores.

    For use in a graph. Of a layer that is called several times the last call counts.
    """
    layer = named_layers(target.model)[name]
    with listening([layer]) as heard:
        scores = target.all_scores(images)
    return heard[-1][1], scores
