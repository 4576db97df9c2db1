"""What the page is told about a drawing: what the network sees, and what it says."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np

from .._centering import NothingDrawn
from .._checks import InputError
from .._images import UInt8Array
from .computing import classify, picture, pixels_of
from .heatmaps import heatmap
from .likeness import is_strange
from .served import ServedModel
from .workers import Parts

# The level of a pixel that speaks neither for a class nor against it.
_NEITHER = 128

_EMPTY = {"empty": True}


def about_model(served: ServedModel) -> dict[str, Any]:
    """Returns what the page has to know about the model."""
    height, width, channels = served.image_shape
    return {
        "name": served.name,
        "version": served.version,
        "class_names": list(served.labels),
        "height": height,
        "width": width,
        "channels": channels,
        "fitting": served.preparation.fitting,
    }


def look(served: ServedModel, body: bytes, max_pixels: int) -> Parts[dict[str, Any]]:
    """Classifies a drawing.

    Args:
        served: The model.
        body: An image file's bytes.
        max_pixels: The largest image that is decoded.

    Returns:
        `empty`; and unless it is: `seen`, the pixels as the network gets them,
        `probabilities`, the numbers of the two most probable classes, `first` and
        `second`, and `strange`, whether it is unlike the digits that the model knows.

    Raises:
        InputError: If this is not an image, or too large.
    """
    seen = yield from _seen(served, body, max_pixels)
    if seen is None:
        return _EMPTY
    (probabilities,) = yield from classify(served, seen[np.newaxis])
    second, first = np.argsort(probabilities, kind="stable")[-2:].tolist()
    return {
        "empty": False,
        "seen": _packed(seen),
        "probabilities": probabilities.tolist(),
        "first": first,
        "second": second,
        "strange": is_strange(served, seen, probabilities),
    }


def explain(
    served: ServedModel, body: bytes, label: str, max_pixels: int
) -> Parts[dict[str, Any]]:
    """Says where a drawing speaks for a class.

    Args:
        served: The model.
        body: An image file's bytes.
        label: The class's number.
        max_pixels: The largest image that is decoded.

    Returns:
        `empty`; and unless it is: `heatmap`, a level for each pixel, from 129 to 255
        if it speaks for the class and from 127 to 1 if against it; `strongest`, by how
        much the level farthest from 128 changes the probability's logarithm; `note`,
        why it is 128 everywhere.

    Raises:
        InputError: If there is no such class, or this is not an image, or too large.
    """
    classes = len(served.labels)
    # Compared as text: a number of thousands of digits cannot be converted.
    if label not in map(str, range(classes)):
        raise InputError(
            f"`class` must be a number from 0 to {classes - 1}. "
            f"Received: {label[:100]}."
        )
    seen = yield from _seen(served, body, max_pixels)
    if seen is None:
        return _EMPTY
    found = yield from heatmap(served, seen, int(label))
    strongest = float(np.abs(found.values).max())
    levels = _NEITHER + np.rint(found.values / (strongest or 1) * (_NEITHER - 1))
    return {
        "empty": False,
        "heatmap": _packed(levels.astype(np.uint8)[..., np.newaxis]),
        "strongest": strongest,
        "note": found.note,
    }


def _seen(
    served: ServedModel, body: bytes, max_pixels: int
) -> Parts[UInt8Array | None]:
    """Returns what the model sees of an image file; None where nothing is drawn."""
    yield pixels_of(body, max_pixels)
    try:
        return picture(body, max_pixels, served.preparation)
    except NothingDrawn:
        return None


def _packed(pixels: UInt8Array) -> dict[str, Any]:
    height, width, channels = pixels.shape
    return {
        "height": height,
        "width": width,
        "channels": channels,
        "base64": b64encode(pixels.tobytes()).decode(),
    }
