"""Images on their way into a network: scaling, reading, and MNIST's own centring."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from ._checks import InputError, first_line
from ._depth import deep_values, find_white, stated_white, to_8_bits
from ._files import check_file, shown
from ._optional import optional

PIXEL_MAX = 255

# MNIST's digits fill 20 of 28 pixels; other sizes keep that share.
_FILLED = 20 / 28

# Beyond this many pixels a file is refused before it is decoded.
_MAX_PIXELS = 64_000_000

# The most by which shaded paper differs from its middle level at the border.
_SHADE = 64

# The smallest range of gray levels (of 255) in which something can be said to be drawn.
_MIN_CONTRAST = 16

# Formats of stacks and animations; telephones' MPO has previews only.
_SERIES = ("GIF", "PNG", "TIFF", "WEBP")

# How files begin that Pillow reads through pillow-heif.
_HEIC = {b"ftyp" + brand for brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc")}

UInt8Array = npt.NDArray[np.uint8]


class NothingDrawn(InputError):
    """An image is (almost) of one gray: there is nothing on it to classify."""


def scale(images: Any, high: float = 1.0) -> Any:
    """Scales pixels from 0..255 to float32 in [0, `high`].

    Formula: x * float32(high / 255). It multiplies because TensorFlow's graph optimiser
    turns a division by 255 into this product: so a NumPy array and a TensorFlow graph
    give the same bits, which 126 of the 256 pixel values would not do otherwise. 255
    gives exactly 1.

    Args:
        images: uint8 NumPy array or TensorFlow tensor, any shape.
        high: What 255 becomes. Defaults to 1.

    Returns:
        float32 of the same kind and shape, in [0, `high`].

    Example:
        >>> scale(np.array([0, 255], np.uint8)).tolist()
        [0.0, 1.0]
    """
    factor = np.float32(high / PIXEL_MAX)
    if isinstance(images, np.ndarray):
        scaled = images.astype(np.float32)
        scaled *= factor  # in place: for one small image, a third of the time
        return scaled
    import tensorflow as tf  # whoever holds a tensor has already loaded it

    return tf.cast(images, tf.float32) * factor


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

    def pixels(self, white: float | None, name: str) -> UInt8Array:
        """Returns the image in 8 bits, without transparency.

        Args:
            white: What number white has in the set that the image belongs to. None, or
                255 for an image that this does not suit, leaves it to the image.
            name: What messages call the image.

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
        flat = to_8_bits(self.values, white)
        return _opaque(Image.fromarray(flat)) if flat.shape[2:] == (4,) else flat

    def _is_scaled(self, white: float) -> bool:
        """Whether these are floats in 0..1, where white is said to be 8 bits."""
        is_float = np.issubdtype(self.values.dtype, np.floating)
        return is_float and self.high <= 1 and white == PIXEL_MAX


def read_image(path: str | Path, white: float | None = None) -> UInt8Array:
    """Reads an image file of any size and color.

    Transparency is laid over white or black, whichever the drawing stands out from;
    rotation noted by a camera is applied; more than 8 bits are brought to 8.

    Args:
        path: A PNG, JPEG or other file that Pillow reads.
        white: What number white has in files of more than 8 bits, as the data set of
            such files has it. Defaults to None: by the file itself, see `find_white`.

    Returns:
        uint8, (height, width) if gray, else (height, width, 3).

    Raises:
        InputError: If the file is missing, is no image, is damaged, or is too large.
    """
    path = Path(path)
    check_file(path, "An image file")
    return decode_image(path, repr(shown(path)), max_pixels=_MAX_PIXELS, white=white)


def decode_image(
    source: Path | IO[bytes],
    name: str,
    *,
    max_pixels: int,
    formats: tuple[str, ...] | None = None,
    max_side: int | None = None,
    white: float | None = None,
) -> UInt8Array:
    """Decodes an image as `read_image` does.

    Args:
        source: A file's path, or the file itself, open for reading bytes.
        name: What messages call the image.
        max_pixels: An image with more is refused by its header, before it is decoded.
        formats: The only formats, in Pillow's names, that are tried. Defaults to all.
        max_side: The length of the longer side down to which a larger image is
            reduced. Defaults to no limit.
        white: As `read_image` takes it. Defaults to None.

    Returns:
        uint8, (height, width) if gray, else (height, width, 3).

    Raises:
        InputError: If this is no image, or it is damaged or too large.
    """
    decoded = decode_values(
        source, name, max_pixels=max_pixels, formats=formats, max_side=max_side
    )
    pixels = decoded.pixels(white, name)
    shrink = (max_side or max(pixels.shape[:2])) / max(pixels.shape[:2])
    if shrink >= 1:
        return pixels
    height, width = (max(1, round(side * shrink)) for side in pixels.shape[:2])
    return resize(pixels, (height, width))


def decode_values(
    source: Path | IO[bytes],
    name: str,
    *,
    max_pixels: int = _MAX_PIXELS,
    formats: tuple[str, ...] | None = None,
    max_side: int | None = None,
) -> Decoded:
    """Decodes an image and keeps its depth; the rest is as in `decode_image`."""
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
            _learn_heic(file)
            with Image.open(file, formats=formats) as image:
                if image.width * image.height > max_pixels:
                    raise InputError(
                        f"An image must have at most {max_pixels:,} pixels. "
                        f"Received: {name} with {image.width}x{image.height}."
                    )
                if max_side:
                    image.draft(None, (max_side, max_side))
                several = image.format in _SERIES and getattr(
                    image, "is_animated", False
                )
                values = deep_values(image, file)
                if values is None:
                    pixels = _plain(ImageOps.exif_transpose(image))
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
    if not (np.isfinite(values).all() and values.min() >= 0):
        raise InputError(
            "Pixels must be finite and >= 0. Received: "
            f"{name} with values from {values.min():g} to {values.max():g}."
        )
    return decoded


def fit_to(
    image: UInt8Array, image_shape: tuple[int, int, int], *, raw: bool = False
) -> UInt8Array:
    """Brings an image to the form that a model was trained on.

    For a model of gray images it is brought to it as MNIST's digits were made, see
    `center_like_mnist`. For a model of colour images it is resized.

    Args:
        image: uint8, (height, width) or (height, width, 3).
        image_shape: (height, width, channels) of the model's images.
        raw: Whether to resize only, even for a model of gray images.

    Returns:
        uint8 of shape `image_shape`.

    Raises:
        NothingDrawn: If it is to be centred and nothing is drawn on it.
    """
    size, channels = image_shape[:2], image_shape[2]
    if channels == 3:
        fitted = resize(to_rgb(image), size)
    elif raw:
        fitted = resize(to_gray(image), size)
    else:
        fitted = center_like_mnist(image, size)
    return fitted.reshape(image_shape)


def resize(image: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    """Resizes to (height, width), without keeping the proportions."""
    height, width = size
    pillow = Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(pillow)


def to_gray(image: UInt8Array) -> UInt8Array:
    """Turns (height, width, 3) into (height, width) by ITU-R 601 luma; gray stays."""
    return np.asarray(Image.fromarray(image).convert("L"))


def to_rgb(image: UInt8Array) -> UInt8Array:
    """Turns (height, width) into (height, width, 3); colour stays."""
    return np.asarray(Image.fromarray(image).convert("RGB"))


def center_like_mnist(
    image: UInt8Array, size: tuple[int, int] = (28, 28)
) -> UInt8Array:
    """Brings a drawing to the form in which MNIST's digits were made.

    Dark on light is inverted; the drawing is cropped, fitted with its proportions into
    20x20 of 28x28 (other sizes: the same share), and placed so that its centre of mass
    is the centre of the image.

    Args:
        image: uint8, (height, width) or (height, width, 3).
        size: (height, width) of the result.

    Returns:
        uint8 of shape `size`: light on black.

    Raises:
        NothingDrawn: If all pixels are (almost) of one gray.

    Reference: [LeCun, Cortes, Burges](http://yann.lecun.com/exdb/mnist/), on how the
    digits were size-normalised and centred.
    """
    ink = _ink(to_gray(image))
    rows, columns = np.flatnonzero(ink.max(axis=1)), np.flatnonzero(ink.max(axis=0))
    drawing = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

    shrink = min(
        round(_FILLED * side) / length
        for side, length in zip(size, drawing.shape, strict=True)
    )
    fitted = resize(
        drawing.astype(np.uint8),
        (
            max(1, round(drawing.shape[0] * shrink)),
            max(1, round(drawing.shape[1] * shrink)),
        ),
    )
    return _place_by_mass(fitted, size)


def _learn_heic(file: IO[bytes]) -> None:
    """Teaches Pillow to read what telephones save, if this is such a file."""
    head = file.read(12)
    file.seek(0)
    if head[4:] in _HEIC:
        optional("pillow_heif", "heif").register_heif_opener()


def _plain(image: Image.Image) -> UInt8Array:
    """Decodes 8 bits to uint8, gray or RGB, without transparency."""
    if image.has_transparency_data:
        return _opaque(image)
    gray_modes = ("1", "L")
    return np.asarray(image.convert("L" if image.mode in gray_modes else "RGB"))


def _opaque(image: Image.Image) -> UInt8Array:
    """Lays an image over white or black, whichever the drawing stands out from."""
    image = image.convert("RGBA")
    gray, opacity = np.asarray(image.convert("LA")).astype(float).transpose(2, 0, 1)
    dark = np.sum(gray * opacity) < PIXEL_MAX / 2 * np.sum(opacity)
    ground = Image.new("RGBA", image.size, "white" if dark else "black")
    return np.asarray(Image.alpha_composite(ground, image).convert("RGB"))


def _ink(gray: UInt8Array) -> npt.NDArray[np.float64]:
    """Returns the amount of ink, 0 on the ground to 255 in the boldest stroke."""
    values = gray.astype(np.float64)
    ground, is_pure = _ground(values)
    # Strokes lie to whichever side of the ground reaches further.
    above, below = (values - ground).max(), (ground - values).max()
    if max(above, below) < _MIN_CONTRAST:
        raise NothingDrawn(
            "An image must have something drawn on it. "
            f"Received: gray levels from {values.min():.0f} to {values.max():.0f}."
        )
    ink = values - ground if above >= below else ground - values
    ink = np.clip(ink / max(above, below), 0, 1)
    if not is_pure:
        # Paper grain and JPEG ripples are a small part of the contrast; on pure black
        # or white there are none, and soft edges are kept.
        ink[ink < _otsu(ink) / 2] = 0
    return np.asarray(ink * PIXEL_MAX)


def _ground(
    values: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], bool]:
    """Returns the ground's gray level at each pixel, and whether it is pure.

    The border is ground. Where it is mostly black or white, that is the ground;
    elsewhere it is paper in some light: a plane through the border, from which what
    differs much (a stroke that reaches the edge) is left out.
    """
    rows, columns = np.indices(values.shape)
    border = np.ones(values.shape, bool)
    border[1:-1, 1:-1] = False
    level = np.median(values[border])
    if level in (0, PIXEL_MAX):
        return np.full(values.shape, level), True
    border &= np.abs(values - level) < _SHADE
    plane = np.stack([np.ones(values.shape), rows, columns], axis=-1)
    slopes, *_ = np.linalg.lstsq(plane[border], values[border], rcond=None)
    return plane @ slopes, False


def _otsu(values: npt.NDArray[np.float64]) -> float:
    """Returns the threshold in [0, 1] that maximizes the variance between two classes.

    Reference: [Otsu, 1979](https://doi.org/10.1109/TSMC.1979.4310076)
    """
    counts, edges = np.histogram(values, bins=PIXEL_MAX + 1, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), counts.sum() - np.cumsum(counts)
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    # Where no pixel lies between paper and ink, all thresholds there do alike.
    return float(edges[1:][between == np.nanmax(between)].mean())


def _place_by_mass(drawing: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    """Pastes a drawing on black so that its centre of mass is the centre."""
    canvas = np.zeros(size, np.uint8)
    mass = drawing.astype(np.float64)
    starts = []
    for axis, side in enumerate(size):
        profile = mass.sum(axis=1 - axis)
        center = np.average(np.arange(len(profile)) + 0.5, weights=profile)
        start = round(side / 2 - center)
        starts.append(min(max(start, 0), side - len(profile)))
    top, left = starts
    canvas[top : top + drawing.shape[0], left : left + drawing.shape[1]] = drawing
    return canvas
