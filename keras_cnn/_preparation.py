"""How an image becomes a model's input: recorded once, obeyed by everyone."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ._checks import InputError, check_choice

if TYPE_CHECKING:
    from ._images import UInt8Array

COLORS = ("gray", "rgb", "bgr")

# The data sets whose images were made as MNIST's digits were.
_LIKE_MNIST = ("mnist", "emnist", "kmnist", "digits")

# What becomes of an image of another size, by name.
FITS = {
    "mnist": "inverted if dark on light, cropped, fitted into 20x20 of 28x28, and "
    "placed by its center of mass",
    "resize": "resized, whatever its proportions",
    "crop": "resized with its proportions until it covers the size, then cut to its "
    "middle",
    "pad": "resized with its proportions until it fits in, with black around it",
}

# What the values of a model's input are, by name: those of 8-bit pixels in a range,
# then minus a mean and divided by a deviation. "caffe" and "torch" are the modes of
# `keras.applications.imagenet_utils.preprocess_input`; its "tf" is "-1..1".
PIXELS: dict[str, dict[str, Any]] = {
    "0..1": {"low": 0.0, "high": 1.0},
    "0..255": {"low": 0.0, "high": 255.0},
    "-1..1": {"low": -1.0, "high": 1.0},
    "caffe": {
        "color": "bgr",
        "low": 0.0,
        "high": 255.0,
        "mean": (103.939, 116.779, 123.68),
    },
    "torch": {
        "low": 0.0,
        "high": 1.0,
        "mean": (0.485, 0.456, 0.406),
        "deviation": (0.229, 0.224, 0.225),
    },
}

_PLAIN: dict[str, Any] = {"low": 0.0, "high": 1.0, "mean": (), "deviation": ()}


@dataclass(frozen=True)
class Preparation:
    """What is done to an image before a model sees it.

    Two steps: `fit` gives the pixels, 8 bits each, that a person would recognize;
    `normalize` gives the numbers that the model takes.

    Formula of the numbers, for a pixel p in 0..255 of channel c:
        (low + (high - low) p / 255 - mean[c]) / deviation[c]

    Attributes:
        size: (height, width) of the model's images.
        color: `gray`, `rgb`, or `bgr`, which turns the channels around.
        fitting: What becomes of an image of another size, one of `FITS`.
        low: The number for a black pixel, before mean and deviation. Defaults to 0.
        high: The number for a white pixel. Defaults to 1.
        mean: Of each channel, in the model's order; empty for 0.
        deviation: Of each channel; empty for 1.
        white: The value of a white pixel in the image files: 255 for 8 bits, 1023,
            4095 or 65535 for more, 1 for floats. Defaults to 255.

    Raises:
        InputError: If a field breaks its rule.

    Example:
        >>> import numpy as np
        >>> mobile_net = Preparation((224, 224), "rgb", "crop").with_pixels("-1..1")
        >>> mobile_net.normalize(np.array([[0, 0, 255]], np.uint8)).tolist()
        [[-1.0, -1.0, 1.0]]
    """

    size: tuple[int, int]
    color: str = "gray"
    fitting: str = "resize"
    low: float = 0.0
    high: float = 1.0
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    white: float = 255

    def __post_init__(self) -> None:
        """Checks each field."""
        sides = all(type(side) is int and side > 0 for side in self.size)
        if not (sides and len(self.size) == 2):
            raise InputError(
                "`size` must be a height and a width, whole numbers > 0. "
                f"Received: size={self.size!r}."
            )
        check_choice("color", self.color, COLORS)
        check_choice("fitting", self.fitting, tuple(FITS))
        if self.fitting == "mnist" and self.color != "gray":
            raise InputError(
                "`fitting` must be mnist for gray images only. "
                f"Received: fitting='mnist', color={self.color!r}."
            )
        numbers = (self.low, self.high, self.white, *self.mean, *self.deviation)
        if not all(map(_is_finite, numbers)) or not self.low < self.high:
            raise InputError(
                "`low`, `high`, `mean`, `deviation` and `white` must be finite, and "
                f"`low` below `high`. Received: low={self.low!r}, high={self.high!r}, "
                f"mean={self.mean!r}, deviation={self.deviation!r}, "
                f"white={self.white!r}."
            )
        for name in ("mean", "deviation"):
            values = getattr(self, name)
            if len(values) not in (0, self.channels):
                raise InputError(
                    f"`{name}` must have a number for each of {self.channels} "
                    f"channels. Received: {name}={values!r}."
                )
        if not min((self.white, *self.deviation)) > 0:
            raise InputError(
                "`white` and `deviation` must be above 0. Received: "
                f"white={self.white!r}, deviation={self.deviation!r}."
            )

    @classmethod
    def of_shape(cls, image_shape: tuple[int, int, int]) -> Preparation:
        """Returns what is done where nothing is known: resized, values in 0..1.

        Args:
            image_shape: (height, width, channels) of the model's images.
        """
        height, width, channels = image_shape
        return cls((height, width), "gray" if channels == 1 else "rgb")

    @classmethod
    def of_data(
        cls, name: str, source: str, image_shape: tuple[int, int, int]
    ) -> Preparation:
        """Returns how new images are made like those of a data set.

        Args:
            name: The data set's name.
            source: Where it came from: `tfds ...`, `scikit-learn ...` or a path.
            image_shape: (height, width, channels) of its images.
        """
        plain = cls.of_shape(image_shape)
        is_known = source.startswith(("tfds", "scikit-learn"))
        is_like_mnist = is_known and name.partition("/")[0] in _LIKE_MNIST
        if is_like_mnist and plain.color == "gray":
            return replace(plain, fitting="mnist")
        return plain

    @property
    def channels(self) -> int:
        """How many numbers a pixel has."""
        return 1 if self.color == "gray" else 3

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the model's images."""
        return (*self.size, self.channels)

    @property
    def pixels(self) -> str:
        """The name in `PIXELS` of what the numbers are, or `custom`."""
        for name in PIXELS:
            numbers = self._numbers_of(name).items()
            if all(getattr(self, field) == value for field, value in numbers):
                return name
        return "custom"

    def __str__(self) -> str:
        """Says what is done, in a few words."""
        height, width = self.size
        numbers = self.pixels
        if numbers == "custom":
            numbers = f"{self.low:g}..{self.high:g}, mean {list(self.mean)}"
        how = "prepared as MNIST's digits" if self.fitting == "mnist" else self.fitting
        return f"{how}, {height}x{width}, {self.color}, values {numbers}"

    def check_shape(self, image_shape: tuple[int, int, int]) -> None:
        """Raises unless a model takes images of this size and number of channels.

        Raises:
            InputError: If it takes others.
        """
        if self.image_shape != image_shape:
            raise InputError(
                f"Images must be prepared for the model's shape, {image_shape}. "
                f"Received: a preparation for {self.image_shape}."
            )

    def with_pixels(self, name: str) -> Preparation:
        """Returns the preparation with other numbers for the same pixels.

        Args:
            name: One of `PIXELS`.

        Raises:
            InputError: If there is no such name, or it is for color and the images
                are gray.
        """
        check_choice("pixels", name, tuple(PIXELS))
        if self.channels == 1 and "mean" in PIXELS[name]:
            raise InputError(
                f"`pixels` must not be {name} for gray images: it has a mean for each "
                f"of three channels. Received: pixels={name!r}."
            )
        return replace(self, **self._numbers_of(name))

    def changed(
        self, fitting: str | None = None, pixels: str | None = None
    ) -> Preparation:
        """Returns the preparation with what is not None in place of its own.

        Args:
            fitting: One of `FITS`. Defaults to None.
            pixels: One of `PIXELS`. Defaults to None.

        Raises:
            InputError: If one is not such a word, or is not for the model's images.
        """
        fitted = self if fitting is None else replace(self, fitting=fitting)
        return fitted if pixels is None else fitted.with_pixels(pixels)

    def fit(self, image: UInt8Array) -> UInt8Array:
        """Brings an image of any size to the model's size and color.

        Args:
            image: uint8, (height, width) or (height, width, 3), as `read_image` gives.

        Returns:
            uint8 of shape `image_shape`; of color images red comes first, whatever
            the model's order.

        Raises:
            NothingDrawn: If it is to be placed as in MNIST and nothing is drawn on it.
        """
        # Here, so that the command's help, which names the fittings, starts at once.
        import numpy as np
        from PIL import Image, ImageOps

        from ._centering import center_like_mnist
        from ._images import resize, to_gray, to_rgb

        if self.fitting == "mnist":
            return center_like_mnist(image, self.size).reshape(self.image_shape)
        plain = to_gray(image) if self.channels == 1 else to_rgb(image)
        if self.fitting == "resize":
            return resize(plain, self.size).reshape(self.image_shape)
        height, width = self.size
        by = ImageOps.fit if self.fitting == "crop" else ImageOps.pad
        pillow = by(Image.fromarray(plain), (width, height), Image.Resampling.LANCZOS)
        return np.asarray(pillow).reshape(self.image_shape)

    def normalize(self, images: Any) -> Any:
        """Turns pixels into the numbers that the model takes.

        Args:
            images: uint8 NumPy array or TensorFlow tensor, (..., channels), with red
                first.

        Returns:
            float32 of the same kind and shape.
        """
        import numpy as np

        from ._images import scale

        if self.color == "bgr":
            images = images[..., ::-1]
        numbers = scale(images, self.high - self.low)
        if self.low:
            numbers = numbers + np.float32(self.low)
        if self.mean:
            numbers = numbers - np.asarray(self.mean, np.float32)
        if self.deviation:
            numbers = numbers / np.asarray(self.deviation, np.float32)
        return numbers

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as a dictionary that JSON can hold."""
        content = asdict(self)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in content.items()
        }

    @classmethod
    def from_dict(cls, content: Any) -> Preparation:
        """Returns the preparation that `to_dict` wrote.

        Args:
            content: What a file holds; nothing about it is believed.

        Raises:
            InputError: If it is not such a dictionary.
        """
        fields = cls.__dataclass_fields__
        if not isinstance(content, dict) or not set(content) <= set(fields):
            raise InputError(
                "A preparation must be an object with no other fields than "
                f"{', '.join(fields)}. Received: {str(content)[:200]!r}."
            )
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in content.items()
        }
        try:
            return cls(**values)
        except TypeError as error:
            raise InputError(
                "A preparation must give numbers where numbers belong. "
                f"Received: {str(content)[:200]!r}."
            ) from error

    def _numbers_of(self, name: str) -> dict[str, Any]:
        """Returns the fields that one of `PIXELS` sets, for this many channels."""
        color = "gray" if self.channels == 1 else "rgb"
        return {**_PLAIN, "color": color, **PIXELS[name]}


def _is_finite(number: Any) -> bool:
    return type(number) in (int, float) and math.isfinite(number)
