"""What a window that slides over an image implies: pairs, paddings, output shapes."""

import operator
from typing import Any, Literal, cast

import keras

from .._checks import InputError, check_choice

DataFormat = Literal["channels_first", "channels_last"]
Padding = Literal["valid", "same"]
Shape = tuple[int | None, ...]


def as_pair(name: str, value: Any) -> tuple[int, int]:
    """Returns `value` as (height, width); one integer stands for both.

    Raises:
        InputError: If `value` is not one or two whole numbers, each above 0.
    """
    # Worded like Keras's message, because programs match on it.
    rule = f"The `{name}` argument must be a tuple of 2 integers. "
    received = f"Received {name}={value!r}"
    try:
        numbers = (value,) * 2 if isinstance(value, int) else tuple(value)
        pair = tuple(operator.index(number) for number in numbers)
    except TypeError:
        raise InputError(f"{rule}{received}.") from None
    if len(pair) != 2:
        raise InputError(f"{rule}{received}.")
    if not min(pair) > 0:
        bad = {number for number in pair if number <= 0}
        raise InputError(
            f"{rule}{received}, including values {bad} that do not satisfy `value > 0`."
        )
    return pair[0], pair[1]


def as_padding(value: Any) -> Padding:
    """Returns `value` in lower case.

    Raises:
        InputError: If it is neither "valid" nor "same", in any case.
    """
    padding = value.lower() if isinstance(value, str) else value
    check_choice("padding", padding, ("valid", "same"))
    return cast(Padding, padding)


def as_data_format(value: Any) -> DataFormat:
    """Returns `value` in lower case, or Keras's setting where it is None.

    Raises:
        InputError: If it is neither "channels_last" nor "channels_first".
    """
    if value is None:
        value = keras.config.image_data_format()
    data_format = value.lower() if isinstance(value, str) else value
    check_choice("data_format", data_format, ("channels_last", "channels_first"))
    return cast(DataFormat, data_format)


def convolves_channels_first() -> bool:
    """Returns whether the backend convolves images with channels first.

    TensorFlow does on a GPU. On a CPU it needs oneDNN, and even then takes float32
    alone, so that order is left to GPUs.
    """
    if keras.backend.backend() != "tensorflow":
        return True
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def output_size(
    size: int | None, window: int, stride: int, padding: Padding, dilation: int = 1
) -> int | None:
    """Counts the positions of a window along one axis of length `size`.

    Formula: ceil(size / stride) for "same"; for "valid",
    floor((size - reach) / stride) + 1 with reach = dilation (window - 1) + 1.

    Example:
        >>> output_size(28, window=3, stride=1, padding="valid")
        26
        >>> output_size(7, window=2, stride=2, padding="same")
        4
    """
    if size is None:
        return None
    if padding == "same":
        return -(-size // stride)
    reach = dilation * (window - 1) + 1
    return (size - reach) // stride + 1


def output_shape(
    input_shape: Shape,
    *,
    window: tuple[int, int],
    strides: tuple[int, int],
    padding: Padding,
    data_format: DataFormat,
    dilation_rate: tuple[int, int] = (1, 1),
    channels: int | None = None,
) -> Shape:
    """Returns the shape after a window has slid over a batch of images.

    `channels` defaults to those of the input; unknown sizes are None and stay None.

    Raises:
        InputError: If the input is not of rank 4, or smaller than the window.
    """
    if len(input_shape) != 4:
        raise InputError(
            "The input must have 4 dimensions: batch, height, width and channels. "
            f"Received: input_shape={tuple(input_shape)}."
        )
    batch, *rest = input_shape
    first = data_format == "channels_first"
    sizes = rest[1:] if first else rest[:-1]
    own_channels = rest[0] if first else rest[-1]
    placed = tuple(
        output_size(size, side, stride, padding, dilation)
        for size, side, stride, dilation in zip(
            sizes, window, strides, dilation_rate, strict=True
        )
    )
    if padding == "valid" and any(size is not None and size <= 0 for size in placed):
        raise InputError(
            "Computed output size would be zero or negative: the window must fit "
            f"into the image. Received: input_shape={tuple(input_shape)} with a "
            f"window of {window}, strides={strides}, dilation_rate={dilation_rate}, "
            f"padding={padding!r}, data_format={data_format!r}."
        )
    depth = own_channels if channels is None else channels
    return (batch, depth, *placed) if first else (batch, *placed, depth)
