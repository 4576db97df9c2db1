"""A part of a data set whose images stay in their files until they are needed."""

from __future__ import annotations

import itertools
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError
from .._images import scale
from .._order import draw_order
from .pixel_reader import PixelReader

# Batches that are read side by side, and batches that wait to be taken: together with
# the one that is computed with, all that is in memory.
_READING = 2
_WAITING = 2


@dataclass(frozen=True, eq=False)
class FileSplit:
    """A part that is read from its image files in every epoch: paths are in memory.

    Attributes:
        files: The paths, as text, (n,).
        labels: int64, (n,), in 0..number of classes - 1.
        digests: uint64, (n,): of the content of each file when it was first read.
        reader: From a file to its pixels, the same as in memory.
    """

    files: npt.NDArray[np.object_]
    labels: npt.NDArray[np.int64]
    digests: npt.NDArray[np.uint64]
    reader: PixelReader

    @property
    def images(self) -> npt.NDArray[np.uint8]:
        """Is what a part in memory has.

        Raises:
            AttributeError: Says what to use in its place.
        """
        raise AttributeError(
            "A part that is streamed must be read by `batches(batch_size)`, or a few "
            'images of it by `images_at(positions)`; `load(..., stream="no")` holds '
            f"all in memory. Received: `images` of a part with {len(self):,} files."
        )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.reader.image_shape

    @property
    def fingerprint(self) -> str:
        """What differs where another part, or other images, would be read."""
        total = zlib.crc32(repr(self.reader).encode())
        for known in (self.labels, self.digests):
            total = zlib.crc32(np.ascontiguousarray(known).tobytes(), total)
        return f"{len(self)} images in files, checksum {total:08x}"

    def __len__(self) -> int:
        """The number of images."""
        return len(self.labels)

    def __getitem__(self, chosen: Any) -> FileSplit:
        """Returns the part with the chosen images: a slice, a mask or indices."""
        return FileSplit(
            self.files[chosen], self.labels[chosen], self.digests[chosen], self.reader
        )

    def batches(
        self,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int | None = None,
        normalize: Callable[[Any], Any] = scale,
    ) -> Any:
        """Returns a `tf.data.Dataset` of (float32 in [0, 1], int64 labels).

        Args:
            batch_size: Images a batch; the last batch may be smaller.
            shuffle: Whether to draw a new order of all images each epoch.
            seed: Fixes those orders.
            normalize: From pixels to the values of the batches. Defaults to scaling
                them to [0, 1].
        """
        import tensorflow as tf

        if not shuffle:
            return self.batches_at(
                np.arange(len(self)), batch_size, normalize=normalize
            )
        fixed = int(np.random.randint(2**31)) if seed is None else seed
        passes = itertools.count()

        def rows() -> Iterator[npt.NDArray[np.int32]]:
            order = draw_order(len(self), fixed, next(passes))
            for begin in range(0, len(order), batch_size):
                yield order[begin : begin + batch_size]

        dataset = tf.data.Dataset.from_generator(
            rows, output_signature=tf.TensorSpec((None,), tf.int32)
        )
        steps = -(-len(self) // batch_size)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
        return self._read(dataset, normalize)

    def batches_at(
        self,
        positions: npt.NDArray[Any],
        batch_size: int,
        *,
        normalize: Callable[[Any], Any] = scale,
    ) -> Any:
        """Returns a `tf.data.Dataset` as `batches` does, of some images in their order.

        Args:
            positions: Of the images, (m,).
            batch_size: See `batches`.
            normalize: See there.
        """
        import tensorflow as tf

        dataset = tf.data.Dataset.from_tensor_slices(positions.astype(np.int32))
        return self._read(dataset.batch(batch_size), normalize)

    def images_at(self, positions: Sequence[int]) -> npt.NDArray[np.uint8]:
        """Returns the images at some positions, uint8, in the order asked for."""
        images = np.empty((len(positions), *self.image_shape), np.uint8)

        def fill(row: int) -> None:
            images[row] = self.reader.read(Path(self.files[positions[row]]))

        for _ in _pool().map(fill, range(len(positions))):
            pass
        return images

    def _read(self, rows: Any, normalize: Callable[[Any], Any]) -> Any:
        """Returns batches for a data set of their positions, read ahead in order."""
        import tensorflow as tf

        def read(positions: npt.NDArray[np.int32]) -> tuple[Any, Any]:
            return self.images_at(positions.tolist()), self.labels[positions]

        def batch(positions: Any) -> tuple[Any, Any]:
            images, labels = tf.numpy_function(read, [positions], (tf.uint8, tf.int64))
            images.set_shape((None, *self.image_shape))
            labels.set_shape((None,))
            return normalize(images), labels

        options = tf.data.Options()
        # Threads that wait for files must not be those that the model computes with.
        options.threading.private_threadpool_size = _READING + 1
        batches = rows.map(batch, num_parallel_calls=_READING, deterministic=True)
        return batches.prefetch(_WAITING).with_options(options)


@contextmanager
def file_errors() -> Iterator[None]:
    """Raises what is wrong with a file as such, where tf.data reports it as its own.

    Raises:
        InputError: If a file of a `FileSplit` could not be read.
    """
    try:
        yield
    except Exception as error:
        told = re.search(r"InputError: (.*?)\s*Traceback \(most", str(error), re.DOTALL)
        if told is None:
            raise
        raise InputError(told[1]) from error


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    """The threads that decode: Pillow computes without holding Python's lock."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="image-files")


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)
