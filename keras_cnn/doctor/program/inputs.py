"""Inputs and targets, of one array or of several, read as Keras reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ..._checks import InputError

Array = npt.NDArray[Any]


def read_inputs(model: keras.Model, x: Any) -> tuple[Any, dict[str, Array]]:
    """Returns inputs in the structure that the model takes, and by name.

    The names are how one writes them: `x` of one input, `x['name']` or `x[0]` of
    several. Numbers are float32 or whole, as Keras takes them; texts stay texts.

    Raises:
        InputError: If they are not arrays, one for each input and of its shape.
    """
    tensors = list(getattr(model, "inputs", None) or [])
    shapes = [tensor.shape for tensor in tensors]
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
    texts = not tensors or any(str(tensor.dtype) == "string" for tensor in tensors)
    arrays = {
        name: _read(name, value) if texts else _numbers(name, value)
        for name, value in given.items()
    }
    packed: Any = list(arrays.values())
    if "x" in arrays:
        packed = arrays["x"]
    elif isinstance(x, dict):
        packed = dict(zip(sorted(x), packed, strict=True))
    _check_shapes(model, packed, arrays)
    return packed, arrays


def _check_shapes(model: keras.Model, packed: Any, arrays: dict[str, Array]) -> None:
    tensors = list(getattr(model, "inputs", None) or [])
    if not tensors:
        return
    values = list(arrays.items())
    if isinstance(packed, dict):
        names = [tensor.name for tensor in tensors]
        if set(names) == set(packed):
            values = [(f"x[{name!r}]", packed[name]) for name in names]
    for (name, array), tensor in zip(values, tensors, strict=True):
        if not _fits(array, tuple(tensor.shape)):
            raise InputError(
                f"`x` must fit the model's inputs: `{name}` the input shape "
                f"{tuple(tensor.shape)}. Received: {name} of shape {array.shape}."
            )


def _fits(array: Array, shape: tuple[int | None, ...]) -> bool:
    sides = array.shape
    if len(sides) == len(shape) - 1 and shape[-1] in (1, None):
        sides = (*sides, 1)  # Keras adds the last side itself
    return len(sides) == len(shape) and all(
        side in (None, given) for side, given in zip(shape[1:], sides[1:], strict=True)
    )


def read_targets(model: keras.Model, y: Any, outputs: Any) -> dict[int, Array]:
    """Returns targets by the number of their output; none where there are none.

    Raises:
        InputError: If they are not arrays of numbers, or of outputs that are not there.
    """
    flat = keras.tree.flatten(outputs)
    if y is None:
        return {}
    if len(flat) == 1:
        several = _several(y, flat[0].shape)
        if isinstance(y, dict) and len(several or ()) != 1:
            raise InputError(
                "`y` must hold one array for the model's only output. "
                f"Received: {', '.join(map(str, y))}."
            )
        return {0: _numbers("y", y if several is None else several[0][1])}
    names = output_names(model, outputs)
    given = by_output(names, y)
    known = not isinstance(y, dict) or set(y) <= set(names)
    if not isinstance(y, dict | list | tuple) or not known or len(y) > len(names):
        raise InputError(
            "`y` must hold one array for each of the model's outputs, "
            f"{', '.join(map(str, names))}. Received: {type(y).__name__}"
            + (f" of {', '.join(map(str, y))}." if isinstance(y, dict) else ".")
        )
    return {
        index: _numbers(_target_name(names, y, index), value)
        for index, value in enumerate(given)
        if value is not None
    }


def target_names(model: keras.Model, y: Any, outputs: Any) -> list[str]:
    """Returns how each output's targets are written: `y`, `y['name']` or `y[0]`."""
    flat = keras.tree.flatten(outputs)
    if len(flat) == 1:
        return ["y"]
    names = output_names(model, outputs)
    return [_target_name(names, y, index) for index in range(len(flat))]


def _target_name(names: Sequence[Any], y: Any, index: int) -> str:
    return f"y[{(names[index] if isinstance(y, dict) else index)!r}]"


def output_names(model: keras.Model, outputs: Any) -> list[Any]:
    """Returns what Keras calls a model's outputs, in their order."""
    if isinstance(outputs, dict):
        return sorted(outputs)
    flat = keras.tree.flatten(outputs)
    names = list(getattr(model, "output_names", None) or [])
    return names if len(names) == len(flat) else list(range(len(flat)))


def by_output(names: Sequence[Any], value: Any) -> list[Any]:
    """Returns one value an output, from one for all, a list or a dict; None if none."""
    if isinstance(value, dict):
        return [value.get(name) for name in names]
    if isinstance(value, list | tuple):
        return [*value, *[None] * len(names)][: len(names)]
    return [value] * len(names)


def is_text(values: Array) -> bool:
    """Whether an array holds texts."""
    return values.dtype.kind in "OSU"


def finite(values: Array) -> Array:
    """Returns which values are finite; all of whole numbers and texts are."""
    if values.dtype.kind == "f":
        return np.asarray(np.isfinite(values))
    return np.ones(values.shape, bool)


def _several(
    value: Any, shape: tuple[int | None, ...] | None
) -> list[tuple[Any, Any]] | None:
    """Returns the entries of a list or dict of arrays; None of what is one array.

    A list of one array is that, and a list of rows is one array: the rank of the only
    tensor, where there is only one, tells them apart.
    """
    if isinstance(value, dict):
        return sorted(value.items())  # the order of `keras.tree.flatten`
    if not isinstance(value, list | tuple):
        return None
    if shape is not None and not (len(value) == 1 and np.ndim(value[0]) == len(shape)):
        return None
    if shape is None and not all(hasattr(entry, "shape") for entry in value):
        return None
    return list(enumerate(value))


def _read(name: str, value: Any) -> Array:
    """Returns numbers or texts as Keras takes them."""
    array = _array(value)
    if array.dtype.kind in "SUO" and array.ndim and _holds_texts(array):
        return array.astype(object)
    return _numbers(name, array)


def _numbers(name: str, value: Any) -> Array:
    array = _array(value)
    if array.dtype.kind not in "fiub" or not array.ndim:
        raise InputError(
            f"`{name}` must be an array of numbers with one row a sample. Received: "
            f"{type(value).__name__} of dtype {array.dtype}, shape {array.shape}."
        )
    # A whole number is what Keras makes of it; all others are float32 in `fit`.
    return array if array.dtype.kind in "iu" else array.astype("float32")


def _holds_texts(array: Array) -> bool:
    return all(isinstance(one, str | bytes) for one in array.reshape(-1)[:100])


def _array(value: Any) -> Array:
    if hasattr(value, "toarray"):  # a sparse matrix
        value = value.toarray()
    try:
        return np.asarray(value)
    except ValueError:  # rows of different lengths
        return np.array(None)
