"""Image files read into one array: all in one pass, at one depth."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .._checks import InputError, first_line
from .._decoding import Reduction, decode_values, read_image, reduction_for
from .._depth import find_white
from .._files import check_file, shown
from .._images import PIXEL_MAX, UInt8Array, resize, to_gray, to_rgb


@dataclass(frozen=True, eq=False)
class ImagesRead:
    """What image files held.

    Attributes:
        images: uint8, (n, height, width, 1 or 3).
        kept: The positions of the files that were read, int64, (n,).
        damaged: What is wrong with each of the others.
        white: What number white had in files of more than 8 bits, else 255.
        first_of_several: How many files hold more images than the one that was read.
        checksum: `sha256:...` of the names and bytes of all files.
    """

    images: UInt8Array
    kept: npt.NDArray[np.int64]
    damaged: tuple[str, ...]
    white: float
    first_of_several: int
    checksum: str


@dataclass(frozen=True, eq=False)
class _File:
    """One file: its pixels, unless it has more than 8 bits; what is wrong with it."""

    pixels: UInt8Array | None = None
    high: float = 0.0
    white: int | None = None
    is_first: bool = False
    digest: bytes = b""
    wrong: str = ""


def read_images(
    paths: Sequence[Path],
    *,
    image_size: tuple[int, int] | None = None,
    skip_damaged: bool = False,
    white: float | None = None,
) -> ImagesRead:
    """Reads all files, then says what is wrong with any.

    The depth of files with more than 8 bits is decided once for all: by what they
    state, else by the largest number in any of them. If any image has color, all are
    read as RGB.

    Args:
        paths: The files.
        image_size: (height, width) to resize to; None if all have one size already.
        skip_damaged: Whether to go on without files that cannot be read.
        white: What number white has in files of more than 8 bits. Defaults to None.

    Raises:
        InputError: Lists all files that cannot be read, or says which differ in size.
    """
    reduction = reduction_for(image_size) if image_size else None

    def read(path: Path) -> _File:
        return _read(path, image_size, reduction)

    with ThreadPoolExecutor() as pool:
        files = list(pool.map(read, paths))
        damaged = tuple(file.wrong for file in files if file.wrong)
        kept = [place for place, file in enumerate(files) if not file.wrong]
        if damaged and (not skip_damaged or not kept):
            listed = "".join(f"\n  {wrong}" for wrong in damaged)
            raise InputError(
                "All image files must be readable. "
                f"Received: {len(damaged):,} of {len(files):,} that are not:{listed}"
            )
        deep = [file for file in files if file.high]
        white = white or _white(deep)

        def finish(position: int) -> UInt8Array:
            pixels = files[position].pixels
            if pixels is None:
                whole = read_image(paths[position], white, reduction)
                pixels = _sized(whole, image_size)
            return pixels

        images = list(pool.map(finish, kept))
    digest = hashlib.sha256()
    for path, file in zip(paths, files, strict=True):
        digest.update(os.fsencode("/".join(path.parts[-2:])) + b"\0" + file.digest)
    return ImagesRead(
        images=_stacked(images, [paths[position] for position in kept]),
        kept=np.array(kept, np.int64),
        damaged=damaged,
        white=white if deep else PIXEL_MAX,
        first_of_several=sum(file.is_first for file in files),
        checksum=f"sha256:{digest.hexdigest()}",
    )


def _read(
    path: Path, image_size: tuple[int, int] | None, reduction: Reduction | None
) -> _File:
    try:
        check_file(path, "An image file")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        decoded = decode_values(path, shown(path), reduction=reduction)
    except InputError as error:
        return _File(wrong=str(error))
    except OSError as error:  # it vanished, or may not be read
        return _File(wrong=f"{shown(path)} ({first_line(error)})")
    if decoded.is_deep:
        return _File(None, decoded.high, decoded.white, decoded.is_first, digest)
    pixels = _sized(decoded.values, image_size)
    return _File(pixels, is_first=decoded.is_first, digest=digest)


def _white(deep: list[_File]) -> float:
    """Returns what number white has in files of more than 8 bits."""
    if not deep:
        return PIXEL_MAX
    high = max(file.high for file in deep)
    stated = [file.white for file in deep if file.white]
    if len(stated) == len(deep) and high <= max(stated):
        return max(stated)
    received = f"{len(deep):,} image files with values up to {high:g}"
    white = find_white(high, received)
    return max([white, *stated])


def _sized(image: UInt8Array, size: tuple[int, int] | None) -> UInt8Array:
    return resize(image, size) if size else image


def _stacked(images: list[UInt8Array], paths: list[Path]) -> UInt8Array:
    """Stacks images to (n, height, width, channels); differing sizes are an error."""
    for image, path in zip(images, paths, strict=True):
        if image.shape[:2] != images[0].shape[:2]:
            raise InputError(
                "Images must all have one size, unless an image size is given to "
                f"resize them to. Received: {shown(paths[0])} with "
                f"{'x'.join(map(str, images[0].shape[:2]))} and {shown(path)} with "
                f"{'x'.join(map(str, image.shape[:2]))}."
            )
    if all(_is_gray(image) for image in images):
        return np.stack([to_gray(image) for image in images])[..., np.newaxis]
    return np.stack([to_rgb(image) for image in images])


def _is_gray(image: UInt8Array) -> bool:
    """Whether an image has no color, in whichever mode its file was saved."""
    return image.ndim == 2 or bool((image == image[..., :1]).all())
