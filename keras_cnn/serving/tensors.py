"""Tensors in TensorFlow Serving's JSON, row by row or column by column.

Reference: [RESTful API](https://www.tensorflow.org/tfx/serving/api_rest)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError

INPUT = "image"

_KINDS = {np.dtype(np.float32): "fiu", np.dtype(np.uint8): "iu"}


@dataclass(frozen=True)
class PredictRequest:
    """What a `:predict` request asks for.

    Attributes:
        signature: The signature's name.
        values: The images as nested lists, not yet looked at.
        by_row: Whether they came as `instances`, and the answer is `predictions`;
            else as `inputs`, and it is `outputs`.
    """

    signature: str
    values: Any
    by_row: bool


def parse_request(body: bytes) -> PredictRequest:
    """Reads a request's JSON.

    Raises:
        InputError: If it is no JSON, or not of the protocol's form.
    """
    try:
        content = json.loads(body)
    # Python's reader descends with its stack: thousands of brackets are too deep.
    except (ValueError, RecursionError) as error:
        raise InputError(f"The body must be JSON. Received: {error}.") from error
    if not isinstance(content, dict):
        raise InputError("The body must be a JSON object.")
    signature = content.get("signature_name", "serving_default")
    if not isinstance(signature, str):
        raise InputError("`signature_name` must be a string.")
    if ("instances" in content) == ("inputs" in content):
        raise InputError("The body must have either `instances` or `inputs`.")
    if "instances" not in content:
        values = content["inputs"]
        return PredictRequest(signature, _unnamed(values), by_row=False)
    values = content["instances"]
    if not isinstance(values, list):
        raise InputError("`instances` must be a list.")
    if any(isinstance(value, dict) for value in values):
        values = [_named(value) for value in values]
    return PredictRequest(signature, values, by_row=True)


def to_images(
    values: Any, dtype: npt.DTypeLike, image_shape: tuple[int, ...]
) -> npt.NDArray[Any]:
    """Turns nested lists into a batch of images.

    Args:
        values: Nested lists of numbers.
        dtype: float32 or uint8.
        image_shape: (height, width, channels).

    Returns:
        (batch, height, width, channels).

    Raises:
        InputError: If the lists are ragged, have another shape, or hold what is no
            number of that type.
    """
    dtype = np.dtype(dtype)
    shape = "x".join(map(str, image_shape))
    rule = f"`{INPUT}` must be a batch of {shape} images of {dtype.name} numbers."
    try:
        array = np.array(values)
    except ValueError as error:  # NumPy's word for lists of different lengths
        raise InputError(f"{rule} Received: lists of different lengths.") from error
    if array.shape[1:] != image_shape:
        raise InputError(f"{rule} Received: shape {array.shape}.")
    if array.dtype.kind not in _KINDS[dtype]:
        raise InputError(f"{rule} Received: what is no such number.")
    if dtype == np.uint8 and not (0 <= array.min() and array.max() <= 255):
        raise InputError(f"{rule} Received: numbers outside of 0..255.")
    with np.errstate(over="ignore"):
        images = array.astype(dtype)
    if not np.isfinite(images).all():
        raise InputError(f"{rule} Received: numbers that are not finite in {dtype}.")
    return images


def to_json(outputs: dict[str, npt.NDArray[Any]], *, by_row: bool) -> dict[str, Any]:
    """Returns the answer to a request, in the form in which it was asked."""
    columns = {name: values.tolist() for name, values in outputs.items()}
    if not by_row:
        return {"outputs": columns}
    rows = zip(*columns.values(), strict=True)
    return {"predictions": [dict(zip(columns, row, strict=True)) for row in rows]}


def _unnamed(value: Any) -> Any:
    """Returns a tensor that may stand under its name."""
    return _named(value) if isinstance(value, dict) else value


def _named(value: Any) -> Any:
    if not isinstance(value, dict) or list(value) != [INPUT]:
        raise InputError(f"Each input must be an object with the one key `{INPUT}`.")
    return value[INPUT]
