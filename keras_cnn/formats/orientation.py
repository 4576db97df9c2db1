"""How the camera was held, read from a JPEG file within the graph.

A JPEG file is a row of segments, a marker (0xFF and a type) and a length each. EXIF
lies in one of type 0xE1 as a small TIFF file: the byte order, then a directory of
12-byte entries, of which number 0x0112 is the orientation, 1 to 8 (EXIF 2.32, section
4.6.4).
"""

from __future__ import annotations

from typing import Any

_SEARCHED = 2**17  # bytes; EXIF stands first or second, and a segment has 2**16 at most
_MAX_SEGMENTS = 32
_MAX_ENTRIES = 128
_EXIF = tuple(b"Exif\0\0")
_APP1, _SCAN, _LITTLE, _ORIENTATION = 0xE1, 0xDA, ord("I"), 0x0112


def upright(pixels: Any, content: Any) -> Any:
    """Returns a picture as its camera was held.

    Args:
        pixels: The decoded picture, (height, width, channels).
        content: The JPEG file's bytes, a scalar string.
    """
    import tensorflow as tf

    orientation = _orientation(content)

    def among(*values: int) -> Any:
        return tf.reduce_any(orientation == tf.constant(values))

    for applies, turn in (
        (among(5, 6, 7, 8), lambda picture: tf.transpose(picture, (1, 0, 2))),
        (among(2, 3, 6, 7), lambda picture: tf.reverse(picture, [1])),
        (among(3, 4, 7, 8), lambda picture: tf.reverse(picture, [0])),
    ):
        pixels = tf.cond(
            applies,
            lambda turn=turn, picture=pixels: turn(picture),
            lambda picture=pixels: tf.identity(picture),
        )
    return pixels


def _orientation(content: Any) -> Any:
    """Returns what the file says, an int32 scalar; 1, upright, if it says nothing."""
    import tensorflow as tf

    start = tf.strings.substr(content, 0, _SEARCHED)
    values = tf.cast(tf.io.decode_raw(start, tf.uint8), tf.int32)
    size = tf.size(values)
    values = tf.concat([values, [0]], 0)

    def byte(at: Any) -> Any:
        # Beyond the end there are zeros.
        return tf.gather(values, tf.where((at >= 0) & (at < size), at, size))

    def short(at: Any, little: Any) -> Any:
        first, second = byte(at), byte(at + 1)
        return tf.where(little, first + 256 * second, 256 * first + second)

    def goes_on(at: Any, exif: Any) -> Any:
        return (exif < 0) & (byte(at) == 0xFF) & (byte(at + 1) != _SCAN)

    def next_segment(at: Any, exif: Any) -> tuple[Any, Any]:
        is_exif = (byte(at + 1) == _APP1) & tf.reduce_all(
            byte(at + 4 + tf.range(len(_EXIF))) == tf.constant(_EXIF)
        )
        return at + 2 + short(at + 2, False), tf.where(is_exif, at + 10, exif)

    _, exif = tf.while_loop(
        goes_on,
        next_segment,
        (tf.constant(2), tf.constant(-1)),
        maximum_iterations=_MAX_SEGMENTS,
    )
    little = byte(exif) == _LITTLE
    # The directory's place has 4 bytes, of which 2 are enough within a segment.
    place = exif + short(exif + tf.where(little, 4, 6), little)
    numbers = tf.range(_MAX_ENTRIES)
    entries = place + 2 + 12 * numbers
    is_there = (short(entries, little) == _ORIENTATION) & (
        numbers < short(place, little)
    )
    noted = tf.reduce_max(tf.where(is_there, short(entries + 8, little), 0))
    return tf.where((exif >= 0) & (noted >= 1) & (noted <= 8), noted, 1)
