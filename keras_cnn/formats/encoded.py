"""Images as PNG or JPEG bytes, decoded within the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._preparation import Preparation
from .orientation import upright

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"


def decoder(preparation: Preparation) -> Callable[[Any], Any]:
    """Returns a function from encoded images, string (batch,), to pixels.

    Each is decoded, turned as the camera held it, laid on white where it is
    transparent, made gray if the model's images are, and brought to their size as
    `preparation` says. It is neither inverted nor centered, as MNIST's digits were: the
    network sees what is on it. Bytes whose header is not PNG's or JPEG's give an error
    that names the image's place in the batch, from 0.

    Returns:
        The function; it gives float32 in 0..255, (batch, height, width, channels), with
        red first.
    """
    import tensorflow as tf

    height, width, channels = preparation.image_shape

    def decode(item: tuple[Any, Any]) -> Any:
        index, content = item
        is_png = tf.strings.substr(content, 0, len(_PNG)) == _PNG
        is_jpeg = tf.strings.substr(content, 0, len(_JPEG)) == _JPEG
        problem = tf.strings.format("image {} is neither PNG nor JPEG", index)
        check = tf.debugging.Assert(is_png | is_jpeg, [problem])
        with tf.control_dependencies([check] if check is not None else []):
            content = tf.identity(content)
        colours = tf.cond(
            is_png,
            lambda: _on_white(tf.io.decode_png(content, channels=4)),
            lambda: upright(
                tf.cast(tf.io.decode_jpeg(content, channels=3), tf.float32), content
            ),
        )
        if channels == 1:
            colours = tf.image.rgb_to_grayscale(colours)
        return tf.clip_by_value(fit(colours), 0.0, 255.0)

    def fit(pixels: Any) -> Any:
        size = (height, width)
        if preparation.fitting in ("mnist", "resize"):
            return tf.image.resize(pixels, size, antialias=True)
        given = tf.cast(tf.shape(pixels)[:2], tf.float32)
        factors = tf.constant(size, tf.float32) / given
        covers = preparation.fitting == "crop"
        factor = (tf.reduce_max if covers else tf.reduce_min)(factors)
        scaled = tf.maximum(1, tf.cast(tf.round(given * factor), tf.int32))
        resized = tf.image.resize(pixels, scaled, antialias=True)
        if covers:
            return tf.image.resize_with_crop_or_pad(resized, height, width)
        # In the middle, rounded as Pillow does.
        before = tf.cast(tf.round((tf.constant(size) - scaled) / 2), tf.int32)
        return tf.image.pad_to_bounding_box(
            resized, before[0], before[1], height, width
        )

    def decode_all(encoded: Any) -> Any:
        indices = tf.range(tf.shape(encoded)[0])
        images = tf.map_fn(
            decode,
            (indices, encoded),
            fn_output_signature=tf.TensorSpec(preparation.image_shape, tf.float32),
        )
        return tf.ensure_shape(images, (None, *preparation.image_shape))

    return decode_all


def _on_white(pixels: Any) -> Any:
    """Lays RGBA pixels on white; returns float32 RGB in 0..255."""
    import tensorflow as tf

    pixels = tf.cast(pixels, tf.float32)
    opacity = pixels[..., 3:] / 255.0
    return pixels[..., :3] * opacity + 255.0 * (1.0 - opacity)
