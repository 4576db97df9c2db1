"""TensorFlow Serving's REST protocol, for one model in one version.

Status codes are the real server's: 404 where a model or version is unknown, 400 for
any other request that it does not understand; the body is then `{"error": ...}`.

Reference: [RESTful API](https://www.tensorflow.org/tfx/serving/api_rest)
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import msgspec
import numpy as np

from .._checks import InputError
from .computing import classify, decode, outputs_of
from .limits import Limits
from .served import ServedModel
from .tensors import INPUT, Array, check_count_of_images, parsed, to_images
from .workers import Parts

# What each signature takes, in the real server's words.
_SIGNATURES = {
    "serving_default": "DT_FLOAT",
    "uint8": "DT_UINT8",
    "encoded": "DT_STRING",
}
_DTYPES = {"serving_default": np.float32, "uint8": np.uint8}

# Of an answer that are written at once, between which other requests have their turn.
_ROWS_AT_ONCE = 512

_TARGET = r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d+))?"
_GET = re.compile(rf"{_TARGET}(?P<metadata>/metadata)?", re.ASCII)
_POST = re.compile(rf"{_TARGET}:(?P<verb>classify|regress|predict)", re.ASCII)


class _Body(msgspec.Struct):
    signature_name: str = ""
    instances: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    inputs: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Named(msgspec.Struct, forbid_unknown_fields=True):
    image: msgspec.Raw


class _File(msgspec.Struct, forbid_unknown_fields=True):
    b64: str


class _FileRow(msgspec.Struct, forbid_unknown_fields=True):
    b64: str | msgspec.UnsetType = msgspec.UNSET
    image: _File | msgspec.UnsetType = msgspec.UNSET


_BODY = msgspec.json.Decoder(_Body)
_NAMED = msgspec.json.Decoder(_Named)
_NAMED_ROWS = msgspec.json.Decoder(list[_Named])
_FILE_ROWS = msgspec.json.Decoder(list[_FileRow])

_ONE_KEY = f"Each input must be an object with the one key `{INPUT}`"


def describe(served: ServedModel, path: str) -> dict[str, Any]:
    """Answers a GET: the model's status, or its metadata.

    Raises:
        InputError: If the path is none of the protocol's.
        NotServed: If another model or version is asked for.
    """
    asked = _GET.fullmatch(path)
    if not asked:
        raise InputError(f"Malformed request: GET {path[:100]}")
    served.check(asked["name"], asked["version"])
    return _metadata(served) if asked["metadata"] else _status(served)


def predict(
    served: ServedModel, path: str, body: bytes, limits: Limits
) -> Parts[bytes]:
    """Answers a POST: the model's outputs for a batch of images, as JSON.

    Raises:
        InputError: If the path or the body is not the protocol's.
        NotServed: If another model or version is asked for.
    """
    asked = _POST.fullmatch(path)
    if not asked:
        raise InputError(f"Malformed request: POST {path[:100]}")
    served.check(asked["name"], asked["version"])
    if asked["verb"] != "predict":
        raise InputError(
            f"The model has signatures for predict only. Received: {asked['verb']}."
        )
    request = parsed(body, _BODY, "The body must be a JSON object")
    by_row = request.inputs is msgspec.UNSET
    if by_row == (request.instances is msgspec.UNSET):
        raise InputError("The body must have either `instances` or `inputs`.")
    signature = request.signature_name or "serving_default"
    if signature not in _SIGNATURES:
        raise InputError(
            f"`signature_name` must be {' or '.join(_SIGNATURES)}. "
            f"Received: {signature[:100]!r}."
        )
    values = bytes(request.instances if by_row else request.inputs).strip()
    if by_row and not values.startswith(b"["):
        raise InputError("`instances` must be a list.")
    max_images = served.max_images(limits.numbers)
    if signature == "encoded":
        encoded = _files(values, max_images, by_row=by_row)
        images = yield from decode(served, encoded, limits.pixels)
    else:
        images = to_images(
            _arrays(values, max_images, by_row=by_row),
            _DTYPES[signature],
            served.image_shape,
            max_images,
        )
    probabilities = yield from classify(served, images)
    return (yield from _to_json(probabilities, by_row=by_row))


def _arrays(values: bytes, max_images: int, *, by_row: bool) -> bytes:
    """Returns the batch without the name that its images may have."""
    if not by_row:
        if values.startswith(b"{"):
            return bytes(parsed(values, _NAMED, _ONE_KEY).image)
        return values
    if not values[1:].lstrip().startswith(b"{"):
        return values
    check_count_of_images(values.count(b"{"), max_images)
    rows = parsed(values, _NAMED_ROWS, _ONE_KEY)
    return b"[" + b",".join(bytes(row.image) for row in rows) + b"]"


def _files(values: bytes, max_images: int, *, by_row: bool) -> list[bytes]:
    """Returns the bytes of image files, which JSON has in base 64."""
    check_count_of_images(values.count(b"{"), 2 * max_images)
    if not by_row and values.startswith(b"{"):
        values = bytes(parsed(values, _NAMED, _ONE_KEY).image)
    rule = 'Each image must be {"b64": "..."}, which may stand under the key `image`'
    rows = parsed(values, _FILE_ROWS, rule)
    check_count_of_images(len(rows), max_images)
    try:
        return [base64.b64decode(_text(row), validate=True) for row in rows]
    except (binascii.Error, ValueError) as error:
        raise InputError(f"{rule}. Received: {error}.") from error


def _text(row: _FileRow) -> str:
    if row.image is not msgspec.UNSET and row.b64 is msgspec.UNSET:
        return row.image.b64
    if row.image is msgspec.UNSET and row.b64 is not msgspec.UNSET:
        return row.b64
    raise ValueError("both or neither")


def _to_json(probabilities: Array, *, by_row: bool) -> Parts[bytes]:
    """Returns the answer's JSON, in the form in which it was asked."""
    parts: list[list[bytes]] = []
    for start in range(0, len(probabilities), _ROWS_AT_ONCE):
        rows = probabilities[start : start + _ROWS_AT_ONCE]
        yield rows.size
        outputs = outputs_of(rows)
        columns: list[Any] = [values.tolist() for values in outputs.values()]
        if by_row:
            columns = [
                [
                    dict(zip(outputs, row, strict=True))
                    for row in zip(*columns, strict=True)
                ]
            ]
        parts.append([msgspec.json.encode(column)[1:-1] for column in columns])
    lists = [b"[" + b",".join(column) + b"]" for column in zip(*parts, strict=True)]
    if by_row:
        return b'{"predictions":' + lists[0] + b"}"
    return b'{"outputs":{"label":%b,"logits":%b,"probabilities":%b}}' % tuple(lists)


def _status(served: ServedModel) -> dict[str, Any]:
    version = {
        "version": str(served.version),
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    return {"model_version_status": [version]}


def _metadata(served: ServedModel) -> dict[str, Any]:
    classes = len(served.labels)
    shape = served.image_shape
    definitions = {
        name: {
            "inputs": {
                INPUT: _tensor(
                    f"{name}_{INPUT}", kind, () if kind == "DT_STRING" else shape
                )
            },
            "outputs": {
                "label": _tensor("label", "DT_INT64", ()),
                "logits": _tensor("logits", "DT_FLOAT", (classes,)),
                "probabilities": _tensor("probabilities", "DT_FLOAT", (classes,)),
            },
            "method_name": "tensorflow/serving/predict",
            "defaults": {},
        }
        for name, kind in _SIGNATURES.items()
    }
    return {
        "model_spec": {
            "name": served.name,
            "signature_name": "",
            "version": str(served.version),
        },
        "metadata": {"signature_def": {"signature_def": definitions}},
    }


def _tensor(name: str, dtype: str, shape: tuple[int, ...]) -> dict[str, Any]:
    sides = [{"size": str(side), "name": ""} for side in (-1, *shape)]
    return {
        "dtype": dtype,
        "tensor_shape": {"dim": sides, "unknown_rank": False},
        "name": f"{name}:0",
    }
