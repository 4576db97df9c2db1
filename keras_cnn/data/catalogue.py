"""TensorFlow Datasets: MNIST and any other image-classification set, by name.

A set that is already prepared is read; else it is prepared from its original files in
the manual directory; else, if its server answers, TFDS downloads it.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._checks import InputError, did_you_mean, first_line
from .._files import sha256
from .dataset import ImageDataset, Provenance, check_classes_in_both
from .emnist import emnist_names, first_label
from .network import why_unreachable
from .split import ArraySplit, StreamedSplit

# Names the manual directory when no argument does.
MANUAL_DIR_VARIABLE = "KERAS_CNN_MANUAL_DIR"

# A set without a test split gives up this share of its training images for one.
_TEST_SHARE = 0.2


class DataUnavailable(InputError):
    """A data set is known, and can be had neither locally nor from the network."""


@dataclass(frozen=True)
class Location:
    """Where a TFDS set is looked for.

    Attributes:
        data_dir: TFDS's folder of prepared sets; None for TFDS's own default, which
            honours `TFDS_DATA_DIR`.
        manual_dir: The folder with original files; None for the one that
            `KERAS_CNN_MANUAL_DIR` names, if any.
    """

    data_dir: str | None = None
    manual_dir: str | None = None

    def manual_folder(self) -> Path | None:
        """Returns the manual directory, or None if there is none.

        Raises:
            InputError: If one is named that does not exist.
        """
        named = self.manual_dir or os.environ.get(MANUAL_DIR_VARIABLE)
        if not named:
            return None
        folder = Path(named).expanduser()
        if not folder.is_dir():
            raise InputError(
                f"The manual directory must exist. Received: manual_dir={named!r}."
            )
        return folder


def find_builder(name: str, location: Location) -> Any:
    """Returns the TFDS builder of an image-classification set.

    Raises:
        InputError: If TFDS has no such set, or it is no image classification.
    """
    tfds = _tfds()
    try:
        builder = tfds.builder(name, data_dir=location.data_dir)
    except tfds.core.registered.DatasetNotFoundError as error:
        names = [*tfds.list_builders(with_community_datasets=False), "digits", "auto"]
        is_folder = Path(name).is_dir()
        hint = f" Did you mean ./{name}?" if is_folder else did_you_mean(name, names)
        raise InputError(
            "A data set must be auto, digits, a name that TFDS knows, or the path of a "
            f"folder or .npz file. Received: {name!r}.{hint}"
        ) from error
    except (ValueError, AssertionError, OSError, ImportError) as error:
        raise InputError(
            f"A TFDS name must be NAME, NAME/CONFIG or NAME:VERSION of a set that "
            f"exists. Received: {name!r} ({first_line(error)})."
        ) from error
    if not (
        builder.info.supervised_keys
        and isinstance(_feature(builder, 0), tfds.features.Image)
        and isinstance(_feature(builder, 1), tfds.features.ClassLabel)
    ):
        raise InputError(
            "A TFDS set must be an image classification: images with one class label "
            f"each. Received: {name!r}."
        )
    return builder


def prepare(builder: Any, location: Location) -> None:
    """Makes a set ready to read: as found, from original files, or from the network.

    Raises:
        InputError: If original files are damaged or some of them are missing.
        DataUnavailable: If the set is nowhere locally and its server does not answer.
    """
    if builder.is_prepared():
        return
    manual = location.manual_folder()
    originals = _originals(builder, manual) if manual else None
    if originals is None:
        _check_network(builder, manual)
        if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
            originals = manual  # TFDS itself says what belongs there
    config = _tfds().download.DownloadConfig(manual_dir=originals)
    try:
        builder.download_and_prepare(download_config=config)
    # TFDS and the hundreds of builders in it document no errors of their own.
    except Exception as error:
        raise DataUnavailable(
            f"{builder.name} must be something that TFDS can prepare. "
            f"Received: {type(error).__name__}: {first_line(error)}."
        ) from error


def load_tfds(
    name: str,
    location: Location,
    *,
    validation_split: float = 0.0,
    image_size: tuple[int, int] | None = None,
    memory_limit: int,
    cache: str | None = None,
) -> ImageDataset:
    """Returns a TFDS set, in memory if its pixels take at most `memory_limit` bytes.

    A larger one is streamed, and cached in files that begin with `cache`, if given.

    Raises:
        InputError: If the name is unknown or the files are damaged.
        DataUnavailable: If the set can be had from nowhere.
    """
    builder = find_builder(name, location)
    prepare(builder, location)
    pixels = math.prod(_final_shape(builder, image_size))
    parts = _split_names(builder, validation_split)
    total = sum(builder.info.splits[names].num_examples for names in parts.values())
    splits: dict[str, Any] = {}
    for part, names in parts.items():
        if total * pixels <= memory_limit:
            splits[part] = _read(builder, names, image_size)
        else:
            kept = None if cache is None else f"{cache}-{part}"
            splits[part] = _stream(builder, names, image_size, kept)
    if parts["test"].startswith("train["):
        check_classes_in_both(splits["train"], splits["test"], builder.name)
    return ImageDataset(
        name=builder.info.full_name.rpartition("/")[0],
        address=":".join(builder.info.full_name.rsplit("/", 1)),
        class_names=class_names(builder),
        provenance=_provenance(builder),
        **splits,
    )


def state(builder: Any, location: Location) -> str:
    """Returns in words where a set would be had from, without asking the network."""
    if builder.is_prepared():
        return "prepared"
    manual = location.manual_folder()
    if manual and _originals(builder, manual):
        return "original files at hand"
    return "to be downloaded"


def image_shape(builder: Any) -> tuple[int | None, ...]:
    """Returns (height, width, channels) of a set's images; None where it varies."""
    return tuple(_feature(builder, 0).shape)


def class_names(builder: Any) -> tuple[str, ...]:
    """Returns the names of a set's classes."""
    emnist = builder.name == "emnist" and emnist_names(builder.builder_config.name)
    return emnist or tuple(_feature(builder, 1).names)


def _tfds() -> Any:
    """Imports TFDS, with its warnings of each attempt that fails turned down."""
    logging.getLogger("absl").setLevel(logging.ERROR)
    import tensorflow_datasets as tfds

    return tfds


def _feature(builder: Any, position: int) -> Any:
    """Returns the feature of the images (position 0) or of the labels (1)."""
    return builder.info.features[builder.info.supervised_keys[position]]


def _originals(builder: Any, manual: Path) -> Path | None:
    """Returns the folder with all of a set's original files, whole; None if none are.

    They lie in the manual directory, or in its sub-folder of the set's name: MNIST,
    Fashion-MNIST and KMNIST have files of the same names.

    Raises:
        InputError: If some are missing or damaged while others are there.
    """
    for folder in (manual / builder.name, manual):
        states = {
            info.filename: _why_not_original(folder / info.filename, info)
            for info in builder.url_infos.values()
        }
        wrong = {name: why for name, why in states.items() if why}
        if states and not wrong:
            return folder
        if len(wrong) < len(states):  # one is this set's: the others should be
            name, why = next(iter(wrong.items()))
            raise InputError(
                f"All original files of {builder.name} must be there and whole. "
                f"Received: {folder / name}, {why}."
            )
    return None


def _why_not_original(path: Path, info: Any) -> str:
    """Returns why a file is not the one that TFDS registers, or an empty string."""
    if not path.is_file():
        return "which is missing"
    size = path.stat().st_size
    if size != info.size:
        return (
            f"with {size:,} bytes instead of {int(info.size):,}: truncated, or another "
            "file"
        )
    if sha256(path) != info.checksum:
        return f"whose SHA-256 does not match the registered checksum {info.checksum}"
    return ""


def _check_network(builder: Any, manual: Path | None) -> None:
    url = next(iter(builder.url_infos), "https://storage.googleapis.com/")
    if why := why_unreachable(url):
        searched = f"{builder.data_path.parent.parent}"
        originals = f"none in {manual}" if manual else "no manual directory"
        raise DataUnavailable(
            f"{builder.name} must be prepared already, have its original files at hand "
            f"or be downloadable. Received: nothing under {searched}, {originals}, and "
            f"{url.split('/')[2]} cannot be reached ({why})."
        )


def _split_names(builder: Any, validation_split: float) -> dict[str, str]:
    """Returns the TFDS name of each split, such as `train[:54000]`.

    What is held out of the training images is their end: TFDS has stored them in a
    random order.
    """
    available = builder.info.splits
    if "train" not in available:
        raise InputError(
            f"A TFDS set must have a train split. Received: {builder.name} with "
            f"{', '.join(available)}."
        )
    end = available["train"].num_examples
    parts = {}
    if held_out := [name for name in ("test", "validation") if name in available]:
        parts["test"] = held_out[0]
    else:
        start = end - round(end * _TEST_SHARE)
        parts["test"], end = f"train[{start}:{end}]", start
    if validation_split:
        start = end - max(1, round(end * validation_split))
        parts["validation"], end = f"train[{start}:{end}]", start
    parts["train"] = f"train[:{end}]"
    return parts


def _final_shape(
    builder: Any, image_size: tuple[int, int] | None
) -> tuple[int, int, int]:
    """Returns the shape of the images as they will be used."""
    height, width, channels = image_shape(builder)
    if image_size:
        height, width = image_size
    if height is None or width is None:
        raise InputError(
            "Images must all have one size, unless an image size is given to resize "
            f"them to. Received: {builder.name}, whose images differ in size."
        )
    return height, width, channels or 3


def _dataset(builder: Any, names: str, image_size: Any, **read: Any) -> Any:
    """Returns a `tf.data.Dataset` of single (uint8 image, int64 label) pairs."""
    import tensorflow as tf

    dataset = builder.as_dataset(split=names, as_supervised=True, **read)
    if builder.name == "emnist":
        first = first_label(builder.builder_config.name)

        def upright(image: Any, label: Any) -> tuple[Any, Any]:
            return tf.transpose(image, (1, 0, 2)), label - first

        dataset = dataset.map(upright, tf.data.AUTOTUNE)
    if image_size is None:
        return dataset

    def resized(image: Any, label: Any) -> tuple[Any, Any]:
        image = tf.image.resize(image, image_size, antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(image), 0, 255), tf.uint8), label

    return dataset.map(resized, tf.data.AUTOTUNE)


def _read(builder: Any, names: str, image_size: tuple[int, int] | None) -> ArraySplit:
    import tensorflow as tf

    size = builder.info.splits[names].num_examples
    try:
        images, labels = next(
            iter(_dataset(builder, names, image_size).batch(size).as_numpy_iterator())
        )
    except tf.errors.OpError as error:
        raise InputError(
            f"A prepared data set must be whole. Received: {builder.data_path}, whose "
            f"split {names} cannot be read ({first_line(error)})."
        ) from error
    return ArraySplit(images, labels.astype(np.int64))


def _stream(
    builder: Any, names: str, image_size: tuple[int, int] | None, cache: str | None
) -> StreamedSplit:
    def read(shuffle: bool, seed: int | None) -> Any:
        config = _tfds().ReadConfig(shuffle_seed=seed, try_autocache=False)
        return _dataset(
            builder, names, image_size, shuffle_files=shuffle, read_config=config
        )

    return StreamedSplit(
        read=read,
        size=builder.info.splits[names].num_examples,
        image_shape=_final_shape(builder, image_size),
        cache=cache,
    )


def _provenance(builder: Any) -> Provenance:
    """Records the set's version and one checksum over those TFDS registers for it."""
    infos = sorted(info.checksum for info in builder.url_infos.values())
    digest = hashlib.sha256("\n".join(infos).encode()).hexdigest() if infos else ""
    return Provenance(
        source=f"tfds {_tfds().__version__}",
        version=str(builder.version),
        checksum=f"sha256:{digest}" if digest else "",
    )
