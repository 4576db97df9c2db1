"""Image files as pixels: whatever their format, depth, rotation or transparency."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ._checks import InputError, first_line
from ._depth import deep_values, find_white, stated_white, to_8_bits
from ._files import check_file, shown
from ._images import PIXEL_MAX, UInt8Array
from ._optional import optional

# Beyond this many pixels a file is refused before it is decoded.
_MAX_PIXELS = 64_000_000

# Images of more pixels than this are reduced before anything else is done with them.
_LARGE = 4_000_000

# A reduced image has this many times the sides that it is going to be resized to: what
# Lanczos then makes of a photograph is within 6 of 255 levels of what it makes of the
# whole, of black lines on white within 16. Where the proportions are kept, half a pixel
# more or less at the border moves what is cut or padded: they need more.
_GAP = {"resize": 4, "crop": 8, "pad": 8}

# Of a page with a drawing on it, whose own size is not known, the longer side keeps at
# least this length.
_PAGE = 1024

# The formats that can be decoded at a fraction of their size.
_DRAFTED = ("JPEG", "MPO")

# Formats of stacks and animations; telephones' MPO has previews only.
_SERIES = ("GIF", "PNG", "TIFF", "WEBP")

# How files begin that Pillow reads through pillow-heif.
_HEIC = {b"ftyp" + brand for brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc")}


# From (height, width) to the factors by which the two may be divided.
Reduction = Callable[[int, int], tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Decoded:
    """An image as its file holds it.

    Attributes:
        values: uint8, (height, width) if gray, else (height, width, 3); of an image of
            more bits integers or floats, with a fourth channel for its opacity if any.
        white: What number white has by the file's own statement; None without.
        is_first: Whether the file holds more images, of which this is the first.
    """

    values: npt.NDArray[Any]
    white: int | None = None
    is_first: bool = False

    @property
    def is_deep(self) -> bool:
        """Whether it has more than 8 bits."""
        return self.values.dtype != np.uint8

    @property
    def high(self) -> float:
        """The largest number in it."""
        return float(self.values.max())

    def pixels(
        self, white: float | None, name: str, reduction: Reduction | None = None
    ) -> UInt8Array:
        """Returns the image in 8 bits, without transparency.

        Args:
            white: What number white has in the set that the image belongs to. None, or
                255 for an image that this does not suit, leaves it to the image.
            name: What messages call the image.
            reduction: As `decode_image` takes it. Defaults to None.

        Raises:
            InputError: If the image exceeds the set's white.
        """
        if not self.is_deep:
            return self.values
        if white is not None and white != PIXEL_MAX and self.high > white * 1.001:
            raise InputError(
                "An image must have numbers up to that of white in its set. Received: "
                f"{name} with values up to {self.high:g}, and {white:g} for white."
            )
        if white is None or self.high > white or self._is_scaled(white):
            white = self.white or 0
            if self.high > white:
                white = find_white(self.high, f"{name} with values up to {self.high:g}")
        return _plain(Image.fromarray(to_8_bits(self.values, white)), reduction)

    def _is_scaled(self, white: float) -> bool:
        """Whether these are floats in 0..1, where white is said to be 8 bits."""
        is_float = np.issubdtype(self.values.dtype, np.floating)
        return is_float and self.high <= 1 and white == PIXEL_MAX


def read_image(
    path: str | os.PathLike[str],
    white: float | None = None,
    reduction: Reduction | None = None,
) -> UInt8Array:
    """Reads an image file of any size and color.

    Transparency is laid over white or black, whichever the drawing stands out from;
    rotation noted by a camera is applied; more than 8 bits are brought to 8.

    Args:
        path: A PNG, JPEG or other file that Pillow reads.
        white: What number white has in files of more than 8 bits, as the data set of
            such files has it. Defaults to None: by the file itself, see `find_white`.
        reduction: As `decode_image` takes it. Defaults to None.

    Returns:
        uint8, (height, width) if gray, else (height, width, 3).

    Raises:
        InputError: If the file is missing, is no image, is damaged, or is too large.
    """
    path = Path(path)
    check_file(path, "An image file")
    return decode_image(path, repr(shown(path)), white=white, reduction=reduction)


def reduction_for(size: tuple[int, int], fitting: str = "resize") -> Reduction:
    """Returns by how much large images may be reduced, for what is done with them.

    Images of up to 4 megapixels stay as they are.

    Args:
        size: (height, width) that they will be brought to.
        fitting: How, one of `Preparation`'s words. Defaults to `"resize"`.

    Example:
        >>> reduction_for((224, 224))(6000, 8000), reduction_for((224, 224))(480, 640)
        ((6, 8), (1, 1))
    """

    def reduction(height: int, width: int) -> tuple[int, int]:
        if height * width <= _LARGE:
            return 1, 1
        if fitting == "mnist":
            down = across = max(height, width) // _PAGE
        else:
            gap = _GAP[fitting]
            down, across = height // (gap * size[0]), width // (gap * size[1])
        if fitting in ("crop", "pad"):
            down = across = (max if fitting == "pad" else min)(down, across)
        return max(1, down), max(1, across)

    return reduction


def decode_image(
    source: Path | IO[bytes],
    name: str,
    *,
    max_pixels: int | None = None,
    formats: tuple[str, ...] | None = None,
    white: float | None = None,
    reduction: Reduction | None = None,
) -> UInt8Array:
    """Decodes an image as `read_image` does.

    Args:
        source: A file's path, or the file itself, open for reading bytes.
        name: What messages call the image.
        max_pixels: An image with more is refused by its header, before it is decoded.
            Defaults to 64,000,000.
        formats: The only formats, in Pillow's names, that are tried. Defaults to all.
        white: As `read_image` takes it. Defaults to None.
        reduction: By what height and width may be divided, see `reduction_for`. Of a
            JPEG file less is decoded then. Defaults to None, not at all.

    Returns:
        uint8, (height, width) if gray, else (height, width, 3).

    Raises:
        InputError: If this is no image, or it is damaged or too large.
    """
    decoded = decode_values(
        source, name, max_pixels=max_pixels, formats=formats, reduction=reduction
    )
    return decoded.pixels(white, name, reduction)


def decode_values(
    source: Path | IO[bytes],
    name: str,
    *,
    max_pixels: int | None = None,
    formats: tuple[str, ...] | None = None,
    reduction: Reduction | None = None,
) -> Decoded:
    """Decodes an image and keeps its depth; the rest is as in `decode_image`.

    An image of more than 8 bits is not reduced before its depth is known:
    `Decoded.pixels` does it.
    """
    limit = _MAX_PIXELS if max_pixels is None else max_pixels
    try:
        with (
            warnings.catch_warnings(),
            source.open("rb")
            if isinstance(source, Path)
            else nullcontext(source) as file,
        ):
            # Pillow warns of large images, which the limit below refuses, and of odd
            # metadata, which do not matter here.
            warnings.simplefilter("ignore")
            learn_heic(file)
            with Image.open(file, formats=formats) as image:
                if image.width * image.height > limit:
                    raise InputError(
                        f"An image must have at most {limit:,} pixels. "
                        f"Received: {name} with {image.width}x{image.height}."
                    )
                several = image.format in _SERIES and getattr(
                    image, "is_animated", False
                )
                values = deep_values(image, file)
                if values is None:
                    decoding: Image.Image = image
                    if reduction and image.format in _DRAFTED:
                        decoding = _decoded_smaller(image, reduction)
                    ImageOps.exif_transpose(decoding, in_place=True)
                    pixels = _plain(decoding, reduction)
                    return Decoded(pixels, is_first=bool(several))
                decoded = Decoded(values, stated_white(image, file), bool(several))
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(
            "An image file must be readable as PNG, JPEG or the like. "
            f"Received: {name}, which has no format that is known."
        ) from error
    # What a damaged file makes Pillow's dozens of decoders raise is not documented.
    except Exception as error:
        raise InputError(
            f"An image file must be readable as PNG, JPEG or the like. "
            f"Received: {name} ({first_line(error)})."
        ) from error
    low, high = values.min(), values.max()  # NaN, if there is any
    if not (np.isfinite(high) and low >= 0):
        raise InputError(
            "Pixels must be finite and >= 0. Received: "
            f"{name} with values from {low:g} to {high:g}."
        )
    return decoded


def learn_heic(file: IO[bytes]) -> None:
    """Teaches Pillow to read what telephones save, if this is such a file."""
    head = file.read(12)
    file.seek(0)
    if head[4:] in _HEIC:
        optional("pillow_heif", "heif").register_heif_opener()


def _decoded_smaller(image: Image.Image, reduction: Reduction) -> Image.Image:
    """Has a JPEG file decoded at a half, a quarter or an eighth of its size."""
    factor = min(reduction(*_upright_size(image)))
    width, height = image.size
    drafted = image.draft(None, (-(-width // factor), -(-height // factor)))
    if drafted is None:
        return image
    # Where a side cannot be divided, the last row or column lies half outside.
    (_, _, across, down) = box = drafted[1]
    return image.resize((round(across), round(down)), Image.Resampling.LANCZOS, box)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Returns (height, width) as the camera was held."""
    is_turned = image.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
    return image.size if is_turned else image.size[::-1]


def _plain(image: Image.Image, reduction: Reduction | None) -> UInt8Array:
    """Turns 8 bits to uint8, gray or RGB, without transparency."""
    if image.has_transparency_data:
        return _opaque(_reduced(image.convert("RGBA"), reduction))
    gray_modes = ("1", "L")
    mode = "L" if image.mode in gray_modes else "RGB"
    plain = image if image.mode == mode else image.convert(mode)
    return np.asarray(_reduced(plain, reduction))


def _reduced(image: Image.Image, reduction: Reduction | None) -> Image.Image:
    down, across = reduction(image.height, image.width) if reduction else (1, 1)
    if down == across == 1:
        return image
    # Not `Image.reduce`, which stretches an image whose sides cannot be divided.
    size = max(1, round(image.width / across)), max(1, round(image.height / down))
    return image.resize(size, Image.Resampling.HAMMING)


def _opaque(image: Image.Image) -> UInt8Array:
    """Lays an image over white or black, whichever the drawing stands out from."""
    gray, opacity = np.asarray(image.convert("LA")).astype(float).transpose(2, 0, 1)
    dark = np.sum(gray * opacity) < PIXEL_MAX / 2 * np.sum(opacity)
    ground = Image.new("RGBA", image.size, "white" if dark else "black")
    return np.asarray(Image.alpha_composite(ground, image).convert("RGB"))
