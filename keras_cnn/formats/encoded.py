"""Images as PNG or JPEG bytes, decoded within the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"


def decoder(image_shape: tuple[int, int, int]) -> Callable[[Any], Any]:
    """Returns a function from encoded images, string (batch,), to float32 in [0, 1].

    Each is decoded, laid on white where it is transparent, made gray if the model's
    images are, and resized to `image_shape`, (height, width, channels). It is neither
    inverted nor centred: the network sees what is on it. Bytes whose header is no PNG
    or JPEG give an error that names the image's place in the batch, from 0.
    """
    import tensorflow as tf

    height, width, channels = image_shape

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
            lambda: tf.cast(tf.io.decode_jpeg(content, channels=3), tf.float32),
        )
        if channels == 1:
            colours = tf.image.rgb_to_grayscale(colours)
        resized = tf.image.resize(colours, (height, width), antialias=True)
        return tf.clip_by_value(resized / 255.0, 0.0, 1.0)

    def decode_all(encoded: Any) -> Any:
        indices = tf.range(tf.shape(encoded)[0])
        images = tf.map_fn(
            decode,
            (indices, encoded),
            fn_output_signature=tf.TensorSpec(image_shape, tf.float32),
        )
        return tf.ensure_shape(images, (None, *image_shape))

    return decode_all


def _on_white(pixels: Any) -> Any:
    """Lays RGBA pixels on white; returns float32 RGB in 0..255."""
    import tensorflow as tf

    pixels = tf.cast(pixels, tf.float32)
    opacity = pixels[..., 3:] / 255.0
    return pixels[..., :3] * opacity + 255.0 * (1.0 - opacity)
