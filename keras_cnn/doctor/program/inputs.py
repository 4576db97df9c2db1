"""Inputs and targets, of one array or of several, read as Keras reads them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ..._checks import InputError, first_line

Array = npt.NDArray[Any]


def read_inputs(model: keras.Model, x: Any) -> tuple[Any, dict[str, Array]]:
    """Returns inputs in the structure that the model takes, and by name.

    The names are how one writes them: `x` of one input, `x['name']` or `x[0]` of
    several. All are float32, as Keras's own `fit` makes them.

    Raises:
        InputError: If they are not arrays of numbers, one for each input.
    """
    shapes = [tensor.shape for tensor in getattr(model, "inputs", None) or []]
    several = _several(x, shapes[0] if len(shapes) == 1 else None)
    if len(shapes) == 1 or several is None:
        given = {"x": x if several is None else several[0][1]}
    else:
        given = {f"x[{key!r}]": value for key, value in several}
    if len(shapes) not in (0, len(given)):
        raise InputError(
            f"`x` must hold one array for each of the model's {len(shapes)} inputs. "
            f"Received: {', '.join(given)}."
        )
    arrays = {name: _numbers(name, one, "float32") for name, one in given.items()}
    if len(shapes) == 1:
        _check_shape(arrays["x"], shapes[0])
    packed: Any = list(arrays.values())
    if "x" in arrays:
        packed = arrays["x"]
    elif isinstance(x, dict):
        packed = dict(zip(sorted(x), packed, strict=True))
    return packed, arrays


def outputs_of(model: keras.Model, packed: Any) -> Any:
    """Returns the model's outputs for two samples, which show their structure.

    Raises:
        InputError: If the inputs do not fit the model.
    """
    few = keras.tree.map_structure(lambda one: one[:2], packed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of odd heads, by Keras
            return model(few, training=False)
    except Exception as error:  # what a model of one's own raises is its own affair
        raise InputError(
            f"`x` must fit the model's inputs. Received: x that {model.name} refuses "
            f"({first_line(error)})."
        ) from error


def read_targets(model: keras.Model, y: Any, outputs: Any) -> dict[str, Array]:
    """Returns one array of targets an output, by how one writes it, in their order.

    Raises:
        InputError: If they are not arrays of numbers, or one is missing.
    """
    shapes = [one.shape for one in keras.tree.flatten(outputs)]
    if len(shapes) == 1:
        several = _several(y, shapes[0])
        return {"y": _numbers("y", y if several is None else several[0][1])}
    names = output_names(model, outputs)
    given = by_output(names, y)
    if not isinstance(y, dict | list | tuple) or any(one is None for one in given):
        raise InputError(
            f"`y` must hold one array for each of the model's outputs, "
            f"{', '.join(map(str, names))}. Received: {type(y).__name__}"
            + (f" of {', '.join(map(str, y))}." if isinstance(y, dict) else ".")
        )
    keys = names if isinstance(y, dict) else range(len(names))
    named = {f"y[{key!r}]": one for key, one in zip(keys, given, strict=True)}
    return {name: _numbers(name, one) for name, one in named.items()}


def output_names(model: keras.Model, outputs: Any) -> list[Any]:
    """Returns what Keras calls a model's outputs, in their order."""
    if isinstance(outputs, dict):
        return sorted(outputs)
    return list(
        getattr(model, "output_names", None) or range(len(keras.tree.flatten(outputs)))
    )


def by_output(names: Sequence[Any], value: Any) -> list[Any]:
    """Returns one value an output, from one for all, a list or a dict; None if none."""
    if isinstance(value, dict):
        return [value.get(name) for name in names]
    if isinstance(value, list | tuple):
        return [*value, *[None] * len(names)][: len(names)]
    return [value] * len(names)


def _several(
    value: Any, shape: tuple[int | None, ...] | None
) -> list[tuple[Any, Any]] | None:
    """Returns the parts of a list or dict of arrays; None of what is one array.

    A list of one array is that, and a list of rows is one array: the rank of the only
    tensor, where there is only one, tells them apart.
    """
    if isinstance(value, dict):
        return sorted(value.items())  # the order of `keras.tree.flatten`
    if not isinstance(value, list | tuple):
        return None
    if shape is not None and not (len(value) == 1 and np.ndim(value[0]) == len(shape)):
        return None
    if shape is None and not all(hasattr(one, "shape") for one in value):
        return None
    return list(enumerate(value))


def _numbers(name: str, value: Any, dtype: str | None = None) -> Array:
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.array(None)
    if array.dtype.kind not in "fiub" or not array.ndim:
        raise InputError(
            f"`{name}` must be an array of numbers with one row a sample. Received: "
            f"{type(value).__name__} of dtype {array.dtype}, shape {array.shape}."
        )
    return array.astype(dtype) if dtype else array


def _check_shape(x: Array, shape: tuple[int | None, ...]) -> None:
    fits = len(shape) == x.ndim and all(
        side in (None, given)
        for side, given in zip(shape[1:], x.shape[1:], strict=True)
    )
    if not fits:
        raise InputError(
            f"`x` must have the model's input shape, {tuple(shape)}. "
            f"Received: x of shape {x.shape}."
        )
