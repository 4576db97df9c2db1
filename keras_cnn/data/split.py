"""One part of a data set (train, validation or test), in memory or streamed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .._images import resize, scale

# Shuffling a stream draws from this many images at a time.
_SHUFFLE_BUFFER = 10_000


class Split(Protocol):
    """What training and evaluation need of a part, wherever its images are."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""

    def __len__(self) -> int:
        """The number of images."""

    def batches(
        self,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int | None = None,
        normalize: Callable[[Any], Any] = scale,
    ) -> Any:
        """Returns a `tf.data.Dataset` of (float32 in [0, 1], int64 labels)."""

    def images_at(self, positions: Sequence[int]) -> npt.NDArray[np.uint8]:
        """Returns the images at some positions, uint8, in the order asked for."""


@dataclass(frozen=True, eq=False)
class ArraySplit:
    """A part that is held in memory.

    Attributes:
        images: uint8, (n, height, width, channels).
        labels: int64, (n,), in 0..number of classes - 1.
        files: The path that each image was read from, as text, (n,); None where images
            are not files. Defaults to None.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    files: npt.NDArray[np.object_] | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        height, width, channels = self.images.shape[1:]
        return height, width, channels

    def __len__(self) -> int:
        """The number of images."""
        return len(self.labels)

    def resized(self, size: tuple[int, int]) -> ArraySplit:
        """Returns the part with every image resized to (height, width)."""
        if size == self.image_shape[:2]:
            return self
        flat = [resize(image.squeeze(), size) for image in self.images]
        shape = (len(self), *size, self.image_shape[2])
        return replace(self, images=np.reshape(flat, shape))

    def __getitem__(self, chosen: Any) -> ArraySplit:
        """Returns the part with the chosen images: a slice, a mask or indices."""
        files = None if self.files is None else self.files[chosen]
        return ArraySplit(self.images[chosen], self.labels[chosen], files)

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
            shuffle: Whether to draw a new order each epoch.
            seed: Fixes those orders.
            normalize: From pixels to the values of the batches. Defaults to scaling
                them to [0, 1].
        """
        import tensorflow as tf

        dataset = tf.data.Dataset.from_tensor_slices((self.images, self.labels))
        if shuffle:
            dataset = dataset.shuffle(len(self), seed=seed)
        return _batches(dataset, batch_size, normalize)

    def images_at(self, positions: Sequence[int]) -> npt.NDArray[np.uint8]:
        """Returns the images at some positions, uint8, in the order asked for."""
        return np.asarray(self.images[list(positions)])


@dataclass(frozen=True, eq=False)
class StreamedSplit:
    """A part that is read from disk each epoch, since it is too large for memory.

    Attributes:
        read: Returns a `tf.data.Dataset` of single (uint8 image, int64 label) pairs;
            called with whether to read the files in a new order each epoch, and with
            the seed of that order.
        size: The number of images.
        image_shape: (height, width, channels).
        cache: Where decoded images are kept after the first epoch: a path for a file,
            `""` for memory, None for not at all.
    """

    read: Callable[[bool, int | None], Any]
    size: int
    image_shape: tuple[int, int, int]
    cache: str | None = None

    def __len__(self) -> int:
        """The number of images."""
        return self.size

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
            shuffle: Whether to draw a new order each epoch: of the files, and of the
                images within a buffer of 10,000.
            seed: Fixes those orders.
            normalize: From pixels to the values of the batches. Defaults to scaling
                them to [0, 1].
        """
        import tensorflow as tf

        dataset = self.read(shuffle and self.cache is None, seed)
        if self.cache is not None:
            dataset = dataset.cache(self.cache)
        if shuffle:
            dataset = dataset.shuffle(min(self.size, _SHUFFLE_BUFFER), seed=seed)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(self.size))
        return _batches(dataset, batch_size, normalize)

    def images_at(self, positions: Sequence[int]) -> npt.NDArray[np.uint8]:
        """Returns the images at some positions, uint8, in the order asked for.

        It reads the stream up to the last of them.
        """
        wanted = set(positions)
        stream = self.read(False, None).take(max(wanted, default=-1) + 1)
        found = {
            position: image
            for position, (image, _) in enumerate(stream.as_numpy_iterator())
            if position in wanted
        }
        images = [found[position] for position in positions]
        return np.array(images, np.uint8).reshape(-1, *self.image_shape)


def _batches(dataset: Any, batch_size: int, normalize: Callable[[Any], Any]) -> Any:
    import tensorflow as tf

    batches = dataset.batch(batch_size, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.map(
        lambda images, labels: (normalize(images), labels), tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)
