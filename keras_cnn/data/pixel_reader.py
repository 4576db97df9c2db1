"""How an image file of a set becomes pixels: as all others of the set do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .._checks import InputError
from .._decoding import Reduction, read_image, reduction_for
from .._files import shown
from .._images import UInt8Array, resize, to_gray, to_rgb


@dataclass(frozen=True)
class PixelReader:
    """What was decided once for all image files of a set.

    Attributes:
        image_shape: (height, width, channels) of what is read.
        white: What number white has in files of more than 8 bits.
        image_size: (height, width) to resize to; None if all have one size already.
    """

    image_shape: tuple[int, int, int]
    white: float
    image_size: tuple[int, int] | None = None

    def read(self, path: Path) -> UInt8Array:
        """Returns the image in a file, uint8, of `image_shape`.

        Raises:
            InputError: If it cannot be read, or is no longer what it was.
        """
        image = read_sized(path, self.white, self.image_size)
        if image.shape[:2] != self.image_shape[:2]:
            raise InputError(
                "An image file must stay as it was when its set was loaded. Received: "
                f"{shown(path)} with {dimensions(image.shape)}, which had "
                f"{dimensions(self.image_shape)}."
            )
        return self.in_shape(image)

    def in_shape(self, image: UInt8Array) -> UInt8Array:
        """Returns an image of the right size with the set's channels."""
        colors = to_gray if self.image_shape[2] == 1 else to_rgb
        return colors(image).reshape(self.image_shape)


def read_sized(path: Path, white: float, size: tuple[int, int] | None) -> UInt8Array:
    """Returns the image in a file in a size; see `PixelReader`."""
    return sized(read_image(path, white, reduction_to(size)), size)


def reduction_to(size: tuple[int, int] | None) -> Reduction | None:
    """Returns by how much large images may be reduced before they are resized."""
    return reduction_for(size) if size else None


def sized(image: UInt8Array, size: tuple[int, int] | None) -> UInt8Array:
    """Returns an image in a size, or as it is where there is none."""
    return resize(image, size) if size else image


def dimensions(shape: tuple[int, ...]) -> str:
    """Returns height and width as text.

    Example:
        >>> dimensions((64, 48, 3))
        '64x48'
    """
    return "x".join(map(str, shape[:2]))
