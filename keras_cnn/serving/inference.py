"""The Open Inference Protocol, version 2, for one model in one version.

Tensors are JSON, flat or nested; the extension for binary tensors is not spoken.

Reference: [Open Inference Protocol](https://github.com/kserve/open-inference-protocol)
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

import msgspec
import numpy as np

from .._checks import InputError
from .computing import classify, outputs_of
from .limits import Limits
from .served import ServedModel
from .tensors import INPUT, Array, check_count_of_images, parsed, to_numbers
from .workers import Parts

_DTYPES = {"FP32": np.float32, "UINT8": np.uint8}
_OUTPUTS = {"label": "INT64", "logits": "FP32", "probabilities": "FP32"}

_TARGET = r"/v2/models/(?P<name>[^/]+)(/versions/(?P<version>\d+))?"
_GET = re.compile(rf"{_TARGET}(?P<ready>/ready)?", re.ASCII)
_POST = re.compile(rf"{_TARGET}/infer", re.ASCII)


class _Input(msgspec.Struct):
    name: str
    shape: list[Annotated[int, msgspec.Meta(ge=0, le=2**31)]]
    datatype: str
    data: msgspec.Raw


class _Output(msgspec.Struct):
    name: str


class _Body(msgspec.Struct):
    inputs: list[_Input]
    outputs: list[_Output] = []
    id: str = ""


_BODY = msgspec.json.Decoder(_Body)


def about_server(version: str) -> dict[str, Any]:
    """Answers `GET /v2`."""
    return {"name": "keras_cnn", "version": version, "extensions": []}


def describe(served: ServedModel, path: str) -> dict[str, Any]:
    """Answers a GET: the model's metadata, or whether it is ready.

    Raises:
        InputError: If the path is none of the protocol's.
        NotServed: If another model or version is asked for.
    """
    asked = _checked(served, _GET, "GET", path)
    if asked["ready"]:
        return {"name": served.name, "ready": True}
    classes = len(served.labels)
    return {
        "name": served.name,
        "versions": [str(served.version)],
        "platform": "keras_cnn",
        "inputs": [
            {"name": INPUT, "datatype": "FP32", "shape": [-1, *served.image_shape]}
        ],
        "outputs": [
            {
                "name": name,
                "datatype": datatype,
                "shape": [-1] if name == "label" else [-1, classes],
            }
            for name, datatype in _OUTPUTS.items()
        ],
    }


def infer(served: ServedModel, path: str, body: bytes, limits: Limits) -> Parts[bytes]:
    """Answers a POST: the model's outputs for a batch of images, as JSON.

    Raises:
        InputError: If the path or the body is not the protocol's.
        NotServed: If another model or version is asked for.
    """
    _checked(served, _POST, "POST", path)
    request: _Body = parsed(body, _BODY, "The body must be an inference request")
    names = [output.name for output in request.outputs] or list(_OUTPUTS)
    if unknown := set(names) - set(_OUTPUTS):
        raise InputError(
            f"`outputs` must be among {', '.join(_OUTPUTS)}. "
            f"Received: {min(unknown)[:100]!r}."
        )
    images = _images(served, request, limits)
    probabilities = yield from classify(served, images)
    outputs = outputs_of(probabilities)
    yield probabilities.size
    answer = {
        "model_name": served.name,
        "model_version": str(served.version),
        "outputs": [
            {
                "name": name,
                "shape": list(outputs[name].shape),
                "datatype": _OUTPUTS[name],
                "data": outputs[name].ravel().tolist(),
            }
            for name in dict.fromkeys(names)
        ],
    }
    return msgspec.json.encode(answer | ({"id": request.id} if request.id else {}))


def _images(served: ServedModel, request: _Body, limits: Limits) -> Array:
    if [tensor.name for tensor in request.inputs] != [INPUT]:
        raise InputError(f"`inputs` must be one tensor of the name `{INPUT}`.")
    (tensor,) = request.inputs
    if tensor.datatype not in _DTYPES:
        raise InputError(
            f"`datatype` must be {' or '.join(_DTYPES)}. "
            f"Received: {tensor.datatype[:100]!r}."
        )
    count, *image = tensor.shape or [0]
    shape = "x".join(map(str, served.image_shape))
    rule = f"`{INPUT}` must be a batch of {shape} images of {tensor.datatype} numbers."
    if tuple(image) != served.image_shape or count < 1:
        raise InputError(f"{rule} Received: shape {tensor.shape[:8]}.")
    check_count_of_images(count, served.max_images(limits.numbers))
    text = bytes(tensor.data).strip()
    # Between the numbers of lists, however nested, stands one comma each.
    numbers = text.count(b",") + 1
    if not text.startswith(b"[") or numbers != count * math.prod(image):
        raise InputError(
            f"{rule} Received: shape {tensor.shape} and {numbers:,} numbers."
        )
    return to_numbers(text, _DTYPES[tensor.datatype], rule).reshape(tensor.shape)


def _checked(
    served: ServedModel, pattern: re.Pattern[str], method: str, path: str
) -> re.Match[str]:
    asked = pattern.fullmatch(path)
    if not asked:
        raise InputError(f"Malformed request: {method} {path[:100]}")
    served.check(asked["name"], asked["version"])
    return asked
