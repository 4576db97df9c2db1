"""One way to a data set, whatever it is called and wherever it lies."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias, overload

from .._checks import (
    InputError,
    check_choice,
    check_count,
    check_fraction,
    check_positive,
)
from .._files import check_file, shown
from .catalogue import DataUnavailable, Location, find_builder, load_tfds
from .catalogue import prepare as prepare_tfds
from .dataset import ImageDataset, LocalSplit, Reading, carve
from .digits import load_digits
from .folder import load_folder
from .image_files import Progress
from .npz import load_npy, load_npz, npy_files
from .split import ArraySplit
from .table import SUFFIXES as TABLES
from .table import load_table

__all__ = ["DataUnavailable", "load", "prepare"]

# Above this many bytes of pixels a TFDS set is streamed: as float32 it would take four
# times as much, and a laptop has 8 GB.
MEMORY_LIMIT = 2**30

# A name that ends so is a file's.
_FILES = (".npz", ".npy", *TABLES)

# What stands in for "yes" and "no" as a limit.
_NOTHING, _EVERYTHING = 0, sys.maxsize

_Stream: TypeAlias = Literal["auto", "yes", "no"]

# Names of well-known sets that are smaller than that at any rate.
_Small: TypeAlias = Literal[
    "auto", "digits", "mnist", "fashion_mnist", "kmnist", "cifar10", "cifar100"
]


@overload
def load(
    name_or_path: _Small = "auto",
    *,
    data_dir: str | None = None,
    manual_dir: str | None = None,
    validation_split: float = 0.0,
    white: float | None = None,
    skip_damaged: bool = False,
    hold_out: bool = True,
) -> ImageDataset[ArraySplit]: ...


@overload
def load(
    name_or_path: os.PathLike[str],
    *,
    data_dir: str | None = None,
    manual_dir: str | None = None,
    validation_split: float = 0.0,
    image_size: tuple[int, int] | None = None,
    memory_limit: int | None = None,
    cache: str | None = None,
    white: float | None = None,
    skip_damaged: bool = False,
    hold_out: bool = True,
    stream: _Stream = "auto",
    progress: Progress | None = None,
) -> ImageDataset[LocalSplit]: ...


@overload
def load(
    name_or_path: str | os.PathLike[str] = "auto",
    *,
    data_dir: str | None = None,
    manual_dir: str | None = None,
    validation_split: float = 0.0,
    image_size: tuple[int, int] | None = None,
    memory_limit: int | None = None,
    cache: str | None = None,
    white: float | None = None,
    skip_damaged: bool = False,
    hold_out: bool = True,
    stream: _Stream = "auto",
    progress: Progress | None = None,
) -> ImageDataset: ...


def load(
    name_or_path: str | os.PathLike[str] = "auto",
    *,
    data_dir: str | None = None,
    manual_dir: str | None = None,
    validation_split: float = 0.0,
    image_size: tuple[int, int] | None = None,
    memory_limit: int | None = None,
    cache: str | None = None,
    white: float | None = None,
    skip_damaged: bool = False,
    hold_out: bool = True,
    stream: _Stream = "auto",
    progress: Progress | None = None,
) -> ImageDataset:
    """Loads an image data set.

    A TFDS name is looked for in this order: already prepared under `data_dir`; its
    original files in the manual directory; the network, if its server answers within
    five seconds.

    Args:
        name_or_path: `digits` (bundled with scikit-learn), the name of any TFDS set
            of images with one label each (`mnist`, `fashion_mnist`, `cifar10`, ...),
            a folder with one sub-folder a class, or an `.npz` file or folder of
            `.npy` files with `x_train`, `y_train`, `x_test` and `y_test` (see
            docs/data.md for what else is read). `auto` is `mnist`, or `digits` where
            MNIST cannot be had; the provenance's note then says so. A bare word is a
            name; a folder is given with a separator, as `./flowers`.
        data_dir: Where TFDS keeps prepared sets. Defaults to TFDS's own folder, which
            honours `TFDS_DATA_DIR`.
        manual_dir: A folder with a set's original files. Defaults to the one that
            `KERAS_CNN_MANUAL_DIR` names.
        validation_split: The share of the training images, in [0, 1), to carve off for
            validation. Defaults to `0.0`: none, as in the article.
        image_size: (height, width) to resize to: needed where images differ in size.
        memory_limit: Bytes of pixels above which a set is streamed from the disk.
            Defaults to None: 2**30 for a TFDS set; for image files as many as fill,
            with the numbers that a network computes with, an eighth of the memory.
        cache: Where a streamed set keeps its decoded images after the first epoch, a
            path to which each split's name is added. Defaults to None: nowhere.
        white: What number white has in your own images: 255 for 8 bits, 4095 for 12,
            16 for numbers up to 16. Defaults to None: decided by all of them together.
        skip_damaged: Whether to go on without image files that cannot be read; the
            provenance's note then counts them. Defaults to False.
        hold_out: Whether images of your own that have no part to test on give up a
            fifth of each class for it, always the same one. Defaults to True.
            False puts all images into both `train` and `test`, to test a model on.
        stream: Whether images are read from the disk in each epoch. Defaults to
            "auto": by `memory_limit`; "yes" and "no" replace that.
        progress: Is told how many image files were looked at, and of how many.
            Defaults to None.

    Returns:
        The data set: uint8 images and int64 labels.

    Raises:
        InputError: If the name is unknown, or the data break a rule.
        DataUnavailable: If a known set can be had neither locally nor from the network.

    Example:
        >>> digits = load("digits")
        >>> digits.train.images.shape, digits.class_names[3]
        ((1437, 28, 28, 1), '3')
    """
    check_fraction("validation_split", validation_split)
    check_choice("stream", stream, ("auto", "yes", "no"))
    limits = {"auto": memory_limit, "yes": _NOTHING, "no": _EVERYTHING}
    limit = limits[stream]
    if white is not None:
        check_positive("white", white)
    if image_size is not None:
        for side in image_size:
            check_count("image_size", side)
    name = os.fspath(name_or_path)
    location = Location(data_dir, manual_dir)

    def from_tfds(name: str) -> ImageDataset:
        return load_tfds(
            name,
            location,
            validation_split=validation_split,
            image_size=image_size,
            memory_limit=MEMORY_LIMIT if limit is None else limit,
            cache=cache,
        )

    dataset: ImageDataset
    if name == "auto":
        try:
            return from_tfds("mnist")
        except DataUnavailable as error:
            note = f"The bundled digits stand in for MNIST: {error}"
        dataset = load_digits()
        dataset = replace(dataset, provenance=replace(dataset.provenance, note=note))
    elif name == "digits":
        dataset = load_digits()
    elif is_path(name_or_path):
        reading = Reading(image_size, white, skip_damaged, hold_out, limit, progress)
        dataset = _load_path(Path(name).expanduser(), reading)
    else:
        return from_tfds(name)
    if stream == "yes" and isinstance(dataset.train, ArraySplit):
        raise InputError(
            "`stream` must be auto or no for arrays: only image files and TFDS sets "
            f"can be streamed. Received: stream='yes' with {dataset.name}."
        )
    if image_size is not None:
        dataset = _resized(dataset, image_size)
    return with_validation(dataset, validation_split)


def _load_path(path: Path, reading: Reading) -> ImageDataset[LocalSplit]:
    """Reads your own images by what the path is."""
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return load_npz(path, reading)
    if suffix == ".npy" or (path.is_dir() and npy_files(path)):
        return load_npy(path, reading)
    if suffix in TABLES:
        return load_table(path, reading)
    if not path.is_dir():
        check_file(path, "A data set")  # says what there is instead
        raise InputError(
            "A data set must be a folder, or a file that ends in "
            f"{', '.join(_FILES)}. Received: {shown(path)}."
        )
    return load_folder(path, reading)


def prepare(
    name: str, *, data_dir: str | None = None, manual_dir: str | None = None
) -> None:
    """Makes a TFDS set ready to be read; other sets are read once, as a check.

    Args:
        name: As `load` takes it, but for `auto`.
        data_dir: As `load` takes it.
        manual_dir: As `load` takes it.

    Raises:
        InputError: If there is no such set, or its files break a rule.
        DataUnavailable: If it can be had neither locally nor from the network.
    """
    if name == "digits" or is_path(name):
        load(name)
        return
    location = Location(data_dir, manual_dir)
    prepare_tfds(find_builder(name, location), location)


def is_path(name: str | os.PathLike[str]) -> bool:
    """Whether a data set is named by a path rather than by a TFDS name.

    Example:
        >>> [is_path(name) for name in ("mnist", "./mnist", "my.npz", "emnist/letters")]
        [False, True, True, False]
    """
    if not isinstance(name, str):
        return True
    looks_like_one = name.startswith((".", "~", os.sep)) or name.lower().endswith(
        _FILES
    )
    return looks_like_one or (os.sep in name and Path(name).is_dir())


def _resized(dataset: ImageDataset, size: tuple[int, int]) -> ImageDataset:
    parts = {
        name: part.resized(size)
        for name, part in dataset.splits.items()
        if isinstance(part, ArraySplit)
    }
    return replace(dataset, **parts)  # type: ignore[arg-type]


def with_validation(dataset: ImageDataset, fraction: float) -> ImageDataset:
    """Returns a set with a share of its training images to validate on.

    Args:
        dataset: A set without a validation split of its own.
        fraction: The share, in [0, 1); 0 changes nothing.

    Raises:
        InputError: If the set has a validation split, or cannot be split.
    """
    if not fraction:
        return dataset
    if dataset.validation is not None:
        raise InputError(
            "A data set with a validation split of its own must be used without "
            f"`validation_split`. Received: validation_split={fraction!r}."
        )
    if not isinstance(dataset.train, LocalSplit):
        raise InputError("Only a data set in memory can be split by class.")
    train, validation = carve(dataset.train, fraction)
    return replace(dataset, train=train, validation=validation)
