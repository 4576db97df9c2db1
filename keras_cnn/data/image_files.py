"""Image files looked at in one pass: which are damaged, and how all become pixels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError, first_line
from .._decoding import decode_values
from .._depth import find_white
from .._files import check_file, shown
from .._images import PIXEL_MAX, UInt8Array
from .pixel_reader import PixelReader, dimensions, read_sized, reduction_to, sized

# Is told how many files were looked at, and of how many.
Progress = Callable[[int, int], None]

# As many files are looked at before the next are begun: what is known of each waits.
_AT_A_TIME = 256


@dataclass(frozen=True, eq=False)
class ImagesRead:
    """What image files held.

    Attributes:
        images: uint8, (n, height, width, 1 or 3); None if they were not to be kept.
        reader: Reads any of the files again, to the same pixels.
        kept: The positions of the files that can be read, int64, (n,).
        digests: uint64, (n,): differs where the content of a file does.
        damaged: What is wrong with each of the others.
        white: What number white had in files of more than 8 bits, else 255.
        first_of_several: How many files hold more images than the one that was read.
        checksum: `sha256:...` of the names and bytes of all files.
    """

    images: UInt8Array | None
    reader: PixelReader
    kept: npt.NDArray[np.int64]
    digests: npt.NDArray[np.uint64]
    damaged: tuple[str, ...]
    white: float
    first_of_several: int
    checksum: str


@dataclass(frozen=True, eq=False)
class _File:
    """One file: its pixels, unless it has more than 8 bits; what is wrong with it."""

    pixels: UInt8Array | None = None
    size: tuple[int, ...] = ()
    is_deep: bool = False
    has_color: bool = False
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
    keep: bool = True,
    progress: Progress | None = None,
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
        keep: Whether to return the images. Defaults to True; else a few of them are
            in memory at a time.
        progress: Is told how many files were looked at, and of how many. Defaults to
            None.

    Raises:
        InputError: Lists all files that cannot be read, or says which differ in size.
    """
    survey = _Survey(image_size, keep)
    with ThreadPoolExecutor() as pool:
        for number, file in enumerate(in_order(pool, survey.look, paths), 1):
            survey.add(paths[number - 1], number - 1, file)
            if progress and (number % _AT_A_TIME == 0 or number == len(paths)):
                progress(number, len(paths))
        survey.check_damaged(len(paths), skip_damaged)
        reader = survey.reader(white)
        images = survey.images(reader, paths, pool) if keep else None
    return ImagesRead(
        images=images,
        reader=reader,
        kept=np.array(survey.kept, np.int64),
        digests=np.frombuffer(bytes(survey.digests), np.uint64),
        damaged=tuple(survey.damaged),
        white=reader.white,
        first_of_several=survey.first_of_several,
        checksum=f"sha256:{survey.digest.hexdigest()}",
    )


def in_order(
    pool: ThreadPoolExecutor, function: Callable[[Any], Any], items: Sequence[Any]
) -> Iterator[Any]:
    """Yields what a function returns for each item, some of which run side by side.

    Unlike `pool.map` it begins with an item only when those long before are done with.
    """
    for begin in range(0, len(items), _AT_A_TIME):
        yield from pool.map(function, items[begin : begin + _AT_A_TIME])


class _Survey:
    """What is known of the files that were looked at so far."""

    def __init__(self, image_size: tuple[int, int] | None, keep: bool) -> None:
        self.kept: list[int] = []
        self.pixels: list[UInt8Array | None] = []
        self.digests = bytearray()
        self.damaged: list[str] = []
        self.first_of_several = 0
        self.digest = hashlib.sha256()
        self._image_size = image_size
        self._keep = keep
        self._first: tuple[Path, tuple[int, ...]] | None = None
        self._has_color = False
        self._deep = 0
        self._high = 0.0
        self._brightest: Path | None = None
        self._stated: list[int] = []
        self._deep_in_color: list[Path] = []

    def look(self, path: Path) -> _File:
        """Reads one file; several threads do."""
        try:
            check_file(path, "An image file")
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
            decoded = decode_values(
                path, shown(path), reduction=reduction_to(self._image_size)
            )
        except InputError as error:
            return _File(wrong=str(error))
        except OSError as error:  # it vanished, or may not be read
            return _File(wrong=f"{shown(path)} ({first_line(error)})")
        size, values = decoded.values.shape[:2], decoded.values
        if decoded.is_deep:
            return _File(
                size=size,
                is_deep=True,
                has_color=values.ndim == 3,  # as far as can be told before white is
                high=decoded.high,
                white=decoded.white,
                is_first=decoded.is_first,
                digest=digest,
            )
        pixels = sized(values, self._image_size)
        return _File(
            pixels if self._keep else None,
            size=size,
            has_color=self._has_color or not _is_gray(pixels),
            is_first=decoded.is_first,
            digest=digest,
        )

    def add(self, path: Path, position: int, file: _File) -> None:
        """Takes in what is known of the next file.

        Raises:
            InputError: If it differs in size from the first, and none is asked for.
        """
        name = os.fsencode("/".join(path.parts[-2:]))
        self.digest.update(name + b"\0" + file.digest)
        if file.wrong:
            self.damaged.append(file.wrong)
            return
        self._check_size(path, file.size)
        self.kept.append(position)
        self.digests += file.digest[:8]
        if self._keep:
            self.pixels.append(file.pixels)
        self.first_of_several += file.is_first
        if not file.is_deep:
            self._has_color = self._has_color or file.has_color
            return
        if not file.high:  # all black: it says nothing
            return
        self._deep += 1
        if file.high > self._high:
            self._high, self._brightest = file.high, path
        if file.white:
            self._stated.append(file.white)
        if file.has_color:
            self._deep_in_color.append(path)

    def check_damaged(self, count: int, skip_damaged: bool) -> None:
        """Raises if files cannot be read, unless the others will do."""
        if self.damaged and (not skip_damaged or not self.kept):
            listed = "".join(f"\n  {wrong}" for wrong in self.damaged)
            raise InputError(
                "All image files must be readable. "
                f"Received: {len(self.damaged):,} of {count:,} that are not:{listed}"
            )

    def reader(self, white: float | None) -> PixelReader:
        """Returns how all files become pixels, now that all are known.

        Raises:
            InputError: If a file exceeds the white that it is read by, or none can be
                told.
        """
        white = (white or self._white()) if self._deep else PIXEL_MAX
        if self._brightest:
            read_sized(self._brightest, white, self._image_size)
        has_color = self._has_color or any(
            not _is_gray(read_sized(path, white, self._image_size))
            for path in self._deep_in_color
        )
        size = self._image_size or (self._first[1] if self._first else (0, 0))
        height, width = size
        return PixelReader(
            (height, width, 3 if has_color else 1), white, self._image_size
        )

    def images(
        self, reader: PixelReader, paths: Sequence[Path], pool: ThreadPoolExecutor
    ) -> UInt8Array:
        """Returns all images, and lets go of what was kept of them."""
        images = np.empty((len(self.kept), *reader.image_shape), np.uint8)

        def fill(row: int) -> None:
            pixels, self.pixels[row] = self.pixels[row], None
            if pixels is None:  # more than 8 bits, which wait for white
                images[row] = reader.read(paths[self.kept[row]])
            else:
                images[row] = reader.in_shape(pixels)

        for _ in in_order(pool, fill, range(len(self.kept))):
            pass
        return images

    def _check_size(self, path: Path, size: tuple[int, ...]) -> None:
        if self._image_size:
            return
        if self._first is None:
            self._first = path, size
        first, expected = self._first
        if size != expected:
            raise InputError(
                "Images must all have one size, unless an image size is given to "
                f"resize them to. Received: {shown(first)} with "
                f"{dimensions(expected)} and {shown(path)} with {dimensions(size)}."
            )

    def _white(self) -> float:
        """Returns what number white has in files of more than 8 bits."""
        top = max(self._stated, default=0)
        if len(self._stated) == self._deep and self._high <= top:
            return top
        received = f"{self._deep:,} image files with values up to {self._high:g}"
        return max(find_white(self._high, received), top)


def _is_gray(image: UInt8Array) -> bool:
    """Whether an image has no color, in whichever mode its file was saved."""
    return image.ndim == 2 or bool((image == image[..., :1]).all())
