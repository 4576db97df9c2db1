"""The images of the training benchmark: MNIST, where `keras_cnn.data` finds it.

    python benchmarks/trainer_data.py FOLDER

writes them to a folder once. Contenders read that with NumPy alone, so that their peak
memory is that of training and none needs keras_cnn for its data.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]

# A record of the file that is streamed: an image and its label, a byte each.
RECORD = 28 * 28 + 1


def mnist_like(folder: Path, count: int) -> Arrays:
    """Returns images (count, 28, 28, 1), float32 in [0, 1], and integer labels.

    Beyond the 60,000 that exist they begin again.
    """
    records = np.load(folder / "images.npy", mmap_mode="r")
    records = records[np.arange(count) % len(records)]
    images = np.multiply(records[:, :-1], np.float32(1 / 255), dtype=np.float32)
    return images.reshape(-1, 28, 28, 1), records[:, -1].astype(np.int64)


def cifar_like(folder: Path, count: int) -> Arrays:
    """Returns random images (count, 32, 32, 3) and labels; `folder` is not needed."""
    rng = np.random.default_rng(0)
    return rng.random((count, 32, 32, 3), "float32"), rng.integers(0, 10, count)


def streamed(folder: Path, count: int, batch: int) -> Any:
    """Returns a `tf.data.Dataset` of batches that reads and shuffles a file.

    Args:
        folder: Where `write_stream` has been.
        count: Samples of one pass, a multiple of `batch`.
        batch: Samples a batch.
    """
    import tensorflow as tf

    def decode(records: Any) -> Any:
        values = tf.reshape(tf.io.decode_raw(records, tf.uint8), (batch, RECORD))
        images = tf.cast(values[:, :-1], tf.float32) / 255
        return tf.reshape(images, (batch, 28, 28, 1)), tf.cast(values[:, -1], tf.int64)

    records = tf.data.FixedLengthRecordDataset(str(folder / f"{count}.bin"), RECORD)
    batches = records.shuffle(10_000, seed=0).batch(batch, drop_remainder=True)
    return batches.map(decode, num_parallel_calls=2).prefetch(4)


def write_stream(folder: Path, count: int) -> None:
    """Writes a file of `count` samples, unless it is there."""
    records = np.load(folder / "images.npy")
    path = folder / f"{count}.bin"
    if path.exists():
        return
    with path.open("wb") as file:
        for begin in range(0, count, len(records)):
            file.write(records[: count - begin].tobytes())


def beside_the_checkout() -> str | None:
    """Returns the folder with MNIST's files that the Makefile looks for, too."""
    folder = Path(__file__).parents[2] / "shared" / "mnist"
    named = "KERAS_CNN_MANUAL_DIR" in os.environ
    return str(folder) if folder.is_dir() and not named else None


def main(folder: Path) -> None:
    """Writes images.npy, and what they are to source.txt."""
    from keras_cnn.data import DataUnavailable, load

    try:
        split = load("mnist", manual_dir=beside_the_checkout()).train
        pixels, labels, source = split.images, split.labels, "MNIST"
    except DataUnavailable:
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (60_000, 28, 28, 1), np.uint8)
        labels = rng.integers(0, 10, 60_000)
        source = "random images of MNIST's shape, since MNIST could not be had"
    pixels = pixels.reshape(len(pixels), -1)
    records = np.concatenate([pixels, labels[:, None].astype(np.uint8)], axis=1)
    np.save(folder / "images.npy", records)
    (folder / "source.txt").write_text(source)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
