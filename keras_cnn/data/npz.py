"""A data set in one `.npz` file, as `keras.datasets` and NumPy users keep them."""

from pathlib import Path

import numpy as np

from .._checks import InputError
from .._files import sha256
from .dataset import ImageDataset, Provenance
from .split import ArraySplit, checked_images, checked_labels

_NEEDED = ("x_train", "y_train", "x_test", "y_test")


def load_npz(path: Path) -> ImageDataset[ArraySplit]:
    """Returns the data set in an `.npz` file.

    The file holds `x_train`, `y_train`, `x_test` and `y_test`; classes are named by
    an optional array `class_names`, else `0`, `1`, and so on.

    Raises:
        InputError: If the file is missing, damaged, lacks an array, or an array breaks
            a rule.
    """
    arrays = _read(path)
    missing = [name for name in _NEEDED if name not in arrays]
    if missing:
        raise InputError(
            f"An .npz data set must hold {', '.join(_NEEDED)}. "
            f"Received: {path} without {', '.join(missing)}."
        )
    train = _split(arrays, "train", path)
    test = _split(arrays, "test", path)
    if "class_names" in arrays:
        class_names = tuple(str(name) for name in arrays["class_names"].ravel())
    else:
        class_names = tuple(str(label) for label in range(_class_count(train, path)))
    return ImageDataset(
        name=path.stem,
        address=str(path.resolve()),
        class_names=class_names,
        train=train,
        test=test,
        provenance=Provenance(source=path.name, checksum=f"sha256:{sha256(path)}"),
    )


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise InputError(f"An .npz data set must exist. Received: {path}.")
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            arrays = {name: archive[name] for name in getattr(archive, "files", ())}
    # What a damaged archive makes NumPy, zipfile and zlib raise is not documented.
    except Exception as error:
        raise InputError(
            "An .npz data set must be a whole NumPy archive without pickled objects. "
            f"Received: {path} ({error})."
        ) from error
    return arrays


def _split(arrays: dict[str, np.ndarray], part: str, path: Path) -> ArraySplit:
    images = checked_images(arrays[f"x_{part}"], f"x_{part} in {path}")
    labels = checked_labels(arrays[f"y_{part}"], len(images), f"y_{part} in {path}")
    return ArraySplit(images, labels)


def _class_count(train: ArraySplit, path: Path) -> int:
    """Returns how many classes there are, given that each has an image to train on."""
    present = np.unique(train.labels)
    absent = np.setdiff1d(np.arange(present[-1]), present)
    if absent.size:
        raise InputError(
            "Labels must be 0..n-1 with each class among the training images, unless "
            f"`class_names` is given. Received: {path} with a label {present[-1]} and "
            f"none {absent[0]}."
        )
    return len(present)
