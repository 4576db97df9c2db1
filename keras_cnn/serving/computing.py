"""Images through the model, in parts that let other requests have their turn."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import numpy as np
from PIL import Image

from .._checks import InputError, first_line
from .._decoding import decode_image, reduction_for
from .._images import UInt8Array
from .._preparation import Preparation
from .served import ServedModel
from .tensors import Array
from .workers import Parts

# No other decoder of Pillow's dozens is tried on what comes from the network.
FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
}

# A part has at most so many images, and so many numbers unless one image has more.
_IMAGES_AT_ONCE = 64
_NUMBERS_AT_ONCE = 2**17

# What a number costs in a network, beside one that is only read.
_NETWORK = 8

# A scan of a progressive JPEG takes about a quarter of the time of a whole image.
_SCANS = 4


def classify(served: ServedModel, images: Array) -> Parts[Array]:
    """Returns the probabilities of images, float32 (batch, classes).

    Args:
        served: The model.
        images: uint8 pixels or float32 numbers, (batch, height, width, channels).
    """
    size = int(np.prod(images.shape[1:]))
    at_once = max(1, min(_IMAGES_AT_ONCE, _NUMBERS_AT_ONCE // size))
    rows = []
    for start in range(0, len(images), at_once):
        part = images[start : start + at_once]
        yield part.size * _NETWORK
        rows.append(served.probabilities(part))
    return np.concatenate(rows)


def outputs_of(probabilities: Array) -> dict[str, Array]:
    """Returns the outputs of an exported model, by name.

    The logits are the probabilities' logarithms: the model's own, shifted by a constant
    for each image.
    """
    tiny = np.finfo(np.float32).tiny  # JSON has no minus infinity
    return {
        "label": probabilities.argmax(axis=-1),
        "logits": np.log(np.maximum(probabilities, tiny)),
        "probabilities": probabilities,
    }


def decode(
    served: ServedModel, files: Sequence[bytes], max_pixels: int
) -> Parts[UInt8Array]:
    """Returns what a SavedModel's signature `encoded` sees of image files.

    They are neither inverted nor centered as MNIST's digits were.

    Raises:
        InputError: If one is not an image, or has more than `max_pixels`.
    """
    plain = served.preparation
    if plain.fitting == "mnist":
        plain = plain.changed("resize")
    images = []
    for file in files:
        yield pixels_of(file, max_pixels)
        images.append(picture(file, max_pixels, plain))
    return np.stack(images)


def pixels_of(file: bytes, max_pixels: int) -> int:
    """Returns how many pixels are decoded to decode an image, by its header.

    Raises:
        InputError: If it is not an image, or has more than `max_pixels`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes that the limit below refuses
            with Image.open(io.BytesIO(file), formats=tuple(FORMATS.values())) as image:
                pixels = image.width * image.height
                form = image.format
    # What a damaged file makes Pillow's decoders raise is not documented.
    except Exception as error:
        raise InputError(
            f"The body must be an image, readable as {', '.join(FORMATS.values())}. "
            f"Received: {len(file):,} bytes ({first_line(error)})."
        ) from error
    if form == "JPEG":
        # Between the scans; in their data this byte is followed by a 0.
        pixels *= max(1, file.count(b"\xff\xda") // _SCANS)
    if pixels > max_pixels:
        raise InputError(
            f"An image must have at most {max_pixels:,} pixels, a progressive one "
            f"counted once for every {_SCANS} of its scans. Received: {pixels:,}."
        )
    return pixels


def picture(file: bytes, max_pixels: int, preparation: Preparation) -> UInt8Array:
    """Decodes an image file and prepares it: uint8, (height, width, channels).

    Raises:
        NothingDrawn: If it is to be placed as in MNIST and nothing is drawn on it.
        InputError: If it is not an image, is damaged, or has more than `max_pixels`.
    """
    image = decode_image(
        io.BytesIO(file),
        f"{len(file):,} bytes",
        max_pixels=max_pixels,
        formats=tuple(FORMATS.values()),
        white=preparation.white,
        reduction=reduction_for(preparation.size, preparation.fitting),
    )
    return preparation.fit(image)
