"""TensorFlow Serving's REST protocol, for one model in one version.

Status codes are the real server's: 404 where a model or version is unknown, 400 for
any other request that it does not understand; the body is then `{"error": ...}`.

Reference: [RESTful API](https://www.tensorflow.org/tfx/serving/api_rest)
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError
from .served import ServedModel
from .tensors import INPUT, parse_request, to_images, to_json

_SIGNATURES = {"serving_default": np.float32, "uint8": np.uint8}
_DTYPES = {np.float32: "DT_FLOAT", np.uint8: "DT_UINT8"}

# Of whole requests: a batch of a thousand images would take a gigabyte in the network.
_IMAGES_AT_ONCE = 64

_TARGET = r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d+))?"
_GET = re.compile(rf"{_TARGET}(?P<metadata>/metadata)?", re.ASCII)
_POST = re.compile(rf"{_TARGET}:(?P<verb>classify|regress|predict)", re.ASCII)


class NotServed(LookupError):
    """A request is for a model or a version that is not served: 404."""


def describe(served: ServedModel, path: str) -> dict[str, Any]:
    """Answers a GET: the model's status, or its metadata.

    Raises:
        InputError: If the path is none of the protocol's.
        NotServed: If another model or version is asked for.
    """
    asked = _GET.fullmatch(path)
    if not asked:
        raise InputError(f"Malformed request: GET {path}")
    _check_served(served, asked)
    return _metadata(served) if asked["metadata"] else _status(served)


def predict(served: ServedModel, path: str, body: bytes) -> dict[str, Any]:
    """Answers a POST: the model's outputs for a batch of images.

    Raises:
        InputError: If the path or the body is not the protocol's.
        NotServed: If another model or version is asked for.
    """
    asked = _POST.fullmatch(path)
    if not asked:
        raise InputError(f"Malformed request: POST {path}")
    _check_served(served, asked)
    if asked["verb"] != "predict":
        raise InputError(
            f"The model has signatures for predict only. Received: {asked['verb']}."
        )
    request = parse_request(body)
    if request.signature not in _SIGNATURES:
        raise InputError(
            f"`signature_name` must be {' or '.join(_SIGNATURES)}. "
            f"Received: {request.signature!r}."
        )
    dtype = _SIGNATURES[request.signature]
    images = to_images(request.values, dtype, served.predictor.image_shape)
    return to_json(_outputs(served, images), by_row=request.by_row)


def _check_served(served: ServedModel, asked: re.Match[str]) -> None:
    name, version = asked["name"], asked["version"]
    if name != served.name or int(version or served.version) != served.version:
        wanted = f"{name} in version {version}" if version else name
        raise NotServed(
            f"The model served is {served.name} in version {served.version}. "
            f"Received: {wanted}."
        )


def _outputs(
    served: ServedModel, images: npt.NDArray[Any]
) -> dict[str, npt.NDArray[Any]]:
    """Runs the model, a part of the batch at a time."""
    rows = []
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        part = images[start : start + _IMAGES_AT_ONCE]
        if part.dtype == np.uint8:
            part = served.predictor.preparation.normalize(part)
        rows.append(np.asarray(served.predictor.probabilities(part), np.float32))
    probabilities = np.concatenate(rows)
    tiny = np.finfo(np.float32).tiny  # JSON has no minus infinity
    return {
        "label": probabilities.argmax(axis=-1),
        "logits": np.log(np.maximum(probabilities, tiny)),
        "probabilities": probabilities,
    }


def _status(served: ServedModel) -> dict[str, Any]:
    version = {
        "version": str(served.version),
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    return {"model_version_status": [version]}


def _metadata(served: ServedModel) -> dict[str, Any]:
    classes = len(served.predictor.labels)
    definitions = {
        name: {
            "inputs": {
                INPUT: _tensor(
                    f"{name}_{INPUT}", _DTYPES[dtype], served.predictor.image_shape
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
        for name, dtype in _SIGNATURES.items()
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
