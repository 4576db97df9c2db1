"""What the page is told about a drawing: what the network sees, and what it says."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Any

import numpy as np

from .._centering import NothingDrawn
from .._checks import InputError
from .._decoding import decode_image, reduction_for
from .._images import UInt8Array
from .served import ServedModel

# No other decoder of Pillow's dozens is tried on what comes from the network.
FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
}


def about_model(served: ServedModel) -> dict[str, Any]:
    """Returns what the page has to know about the model."""
    height, width, channels = served.predictor.image_shape
    return {
        "name": served.name,
        "version": served.version,
        "class_names": list(served.predictor.labels),
        "height": height,
        "width": width,
        "channels": channels,
        "has_heatmap": served.heatmap is not None,
    }


def look(served: ServedModel, body: bytes, max_pixels: int) -> dict[str, Any]:
    """Classifies a drawing.

    Args:
        served: The model.
        body: An image file's bytes.
        max_pixels: The largest image that is decoded.

    Returns:
        `empty`; and unless it is: `seen`, the pixels as the network gets them,
        `probabilities`, and the numbers of the two most probable classes, `first` and
        `second`.

    Raises:
        InputError: If this is not an image, or too large.
    """
    try:
        seen = _seen(served, body, max_pixels)
    except NothingDrawn:
        return {"empty": True}
    (prediction,) = served.predictor.predict(seen[np.newaxis])
    second, first = np.argsort(prediction.probabilities, kind="stable")[-2:].tolist()
    return {
        "empty": False,
        "seen": _packed(seen),
        "probabilities": list(prediction.probabilities),
        "first": first,
        "second": second,
    }


def explain(
    served: ServedModel, body: bytes, label: int, max_pixels: int
) -> dict[str, Any]:
    """Says where a drawing speaks for a class.

    Args:
        served: The model.
        body: An image file's bytes.
        label: The class's number.
        max_pixels: The largest image that is decoded.

    Returns:
        `empty`; and unless it is: `heatmap`, one value in 0..255 a pixel, the largest
        of them 255, and `note`, why it is 0 everywhere.

    Raises:
        InputError: If the model is an exported one, there is no such class, or this is
            not an image, or too large.
    """
    if served.heatmap is None:
        raise InputError("Grad-CAM needs the Keras file: an exported model has none.")
    classes = len(served.predictor.labels)
    if not 0 <= label < classes:
        raise InputError(
            f"`class` must be a number from 0 to {classes - 1}. Received: {label}."
        )
    try:
        seen = _seen(served, body, max_pixels)
    except NothingDrawn:
        return {"empty": True}
    heatmap = served.heatmap(seen, label)
    values = np.maximum(heatmap.values, 0)
    levels = np.rint(values / (values.max() or 1) * 255).astype(np.uint8)
    packed = _packed(levels[..., np.newaxis])
    return {"empty": False, "heatmap": packed, "note": heatmap.note}


def _seen(served: ServedModel, body: bytes, max_pixels: int) -> UInt8Array:
    preparation = served.predictor.preparation
    image = decode_image(
        io.BytesIO(body),
        f"{len(body):,} bytes",
        max_pixels=max_pixels,
        formats=tuple(FORMATS.values()),
        white=preparation.white,
        reduction=reduction_for(preparation.size, preparation.fitting),
    )
    return preparation.fit(image)


def _packed(pixels: UInt8Array) -> dict[str, Any]:
    height, width, channels = pixels.shape
    return {
        "height": height,
        "width": width,
        "channels": channels,
        "base64": b64encode(pixels.tobytes()).decode(),
    }
