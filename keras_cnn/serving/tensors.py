"""Batches of images out of JSON, in time and memory that grow with the images alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from .._checks import InputError, first_line

INPUT = "image"

Array = npt.NDArray[Any]

_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {
    np.dtype(np.float32): msgspec.json.Decoder(list[float]),
    np.dtype(np.uint8): msgspec.json.Decoder(
        list[Annotated[int, msgspec.Meta(ge=0, le=255)]]
    ),
}

# Numbers and white space: what is left of nested lists of numbers is their form.
_NOT_FORM = b"0123456789+-.eE \t\r\n"
_BRACKETS_TO_SPACES = bytes.maketrans(b"[]", b"  ")

# So much of a wrong form is looked at to say what is wrong with it.
_LOOKED_AT = 100_000


def to_images(
    text: bytes, dtype: npt.DTypeLike, image_shape: tuple[int, ...], max_images: int
) -> Array:
    """Turns nested lists of numbers in JSON into a batch of images.

    The form, brackets and commas, is held against the only right one before anything
    is converted; then all numbers are read at once. No list of lists is ever built: it
    would take thirty times the memory and four times the time.

    Args:
        text: JSON, which may come from anyone.
        dtype: float32 or uint8.
        image_shape: (height, width, channels).
        max_images: The most images.

    Returns:
        (batch, height, width, channels), at least one image.

    Raises:
        InputError: If it has another form, holds what is not a number of that type, or
            too many images.

    Example:
        >>> to_images(b"[[[[0], [1.5]]], [[[2], [3]]]]", "float32", (1, 2, 1), 2).shape
        (2, 1, 2, 1)
    """
    dtype = np.dtype(dtype)
    shape = "x".join(map(str, image_shape))
    rule = f"`image` must be a batch of {shape} images of {dtype.name} numbers."
    form = text.translate(None, _NOT_FORM)
    image = _form(image_shape)
    count, rest = divmod(len(form) - 1, len(image) + 1)
    if rest or count < 1 or not _is_batch(form, image, count):
        what = "an empty list" if text.strip() == b"[]" else _what(form)
        raise InputError(f"{rule} Received: {what}.")
    check_count_of_images(count, max_images)
    return to_numbers(text, dtype, rule).reshape(count, *image_shape)


def to_numbers(text: bytes, dtype: npt.DTypeLike, rule: str) -> Array:
    """Returns all numbers in nested lists of JSON, in their order, whatever the form.

    Args:
        text: JSON of lists of numbers.
        dtype: float32 or uint8.
        rule: How the message of an error begins.

    Raises:
        InputError: If there is something else in it, or a number outside of the type.
    """
    dtype = np.dtype(dtype)
    try:
        numbers = _DECODERS[dtype].decode(
            b"[" + text.translate(_BRACKETS_TO_SPACES) + b"]"
        )
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"{rule} Received: {error}.") from error
    with np.errstate(over="ignore"):
        array = np.array(numbers, dtype)
    if not np.isfinite(array).all():
        raise InputError(f"{rule} Received: numbers that are not finite in {dtype}.")
    return array


def parsed(text: bytes, decoder: msgspec.json.Decoder[Any], rule: str) -> Any:
    """Returns what a decoder reads.

    Raises:
        InputError: If it cannot; it begins with the rule.
    """
    try:
        return decoder.decode(text)
    # msgspec descends with the stack: thousands of brackets are too deep.
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{rule}. Received: {first_line(error)}.") from error


def check_count_of_images(count: int, max_images: int) -> None:
    """Raises unless so many images may come in one request.

    Raises:
        InputError: If they are too many.
    """
    if count > max_images:
        raise InputError(
            f"A request must have at most {max_images:,} of this model's images. "
            f"Received: {count:,}."
        )


@lru_cache(maxsize=8)
def _form(shape: tuple[int, ...]) -> bytes:
    """Returns the brackets and commas of one array of that shape."""
    if not shape:
        return b""
    return b"[" + b",".join([_form(shape[1:])] * shape[0]) + b"]"


def _is_batch(form: bytes, image: bytes, count: int) -> bool:
    # Compared piece by piece: the right form would be as long as the text.
    step = len(image) + 1
    view = memoryview(form)
    starts = range(0, count * step, step)
    return (
        form.startswith(b"[")
        and form.endswith(b"]")
        and all(
            view[start + 1 : start + step] == image
            and (start == 0 or view[start] == ord(","))
            for start in starts
        )
    )


def _what(form: bytes) -> str:
    """Says in a few words what a wrong form is."""
    others = form.translate(None, b"[],")
    if others:
        return "what is not a number"
    if not form.startswith(b"["):
        return "what is not a list"
    # How many elements each list has that is the first one on its level.
    lengths: dict[int, int] = {}
    counts: list[int] = []
    for letter in form[:_LOOKED_AT]:
        if letter == ord("["):
            counts.append(0)
        elif not counts:
            break
        elif letter == ord(","):
            counts[-1] += 1
        else:
            lengths.setdefault(len(counts), counts.pop() + 1)
            if not counts:
                break
    shape = tuple(lengths.get(level, "...") for level in sorted(lengths))
    return f"lists whose first ones have the lengths {shape}"
