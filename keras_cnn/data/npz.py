"""A data set in arrays: one `.npz` file, or `.npy` files side by side."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from .._checks import InputError, first_line
from .._files import check_directory, check_file, sha256, shown
from .arrays import uint8_images
from .dataset import ImageDataset, Provenance, Reading, hold_out_test
from .labels import class_labels
from .split import ArraySplit
from .split_names import part_named

# A file that unpacks to more is refused before it does: what deflate makes of images is
# a fifth to a twentieth of them, and of zeros a thousandth.
UNPACKED_LIMIT = 4 * 2**30
_GROWTH_LIMIT = 50
_SMALL = 2**28
_MOST_MEMBERS = 10_000

_IMAGES = {"x", "image", "images", "img", "imgs", "data", "features", "pixels"}
_LABELS = {"y", "label", "labels", "target", "targets", "class", "classes"}
_NAMES = {"class_names", "label_names", "names", "classnames"}


def load_npz(path: Path, reading: Reading) -> ImageDataset[ArraySplit]:
    """Returns the data set in an `.npz` file.

    The file holds `x_train` and `y_train`, and may hold `x_test`, `y_test`, `x_val`
    and `y_val`, or `x` and `y` alone; `images` and `labels` are as good. Without a part
    to test on, a fifth of each class is held out. Classes are named by an optional
    array `class_names`, else by their labels.

    Args:
        path: The file.
        reading: How the images are read.

    Raises:
        InputError: If the file is missing, damaged, too large or lacks an array, or an
            array breaks a rule.
    """
    check_file(path, "An .npz data set")
    arrays = read_npz(path, _meaning)
    return _assembled(arrays, path, f"sha256:{sha256(path)}", reading)


def load_npy(path: Path, reading: Reading) -> ImageDataset[ArraySplit]:
    """Returns the data set in a folder of `.npy` files, named as arrays in an `.npz`.

    Args:
        path: The folder, or one of the files.
        reading: How the images are read.

    Raises:
        InputError: As `load_npz`.
    """
    if not path.is_dir():
        check_file(path, "An .npy array")
    files = npy_files(path if path.is_dir() else path.parent)
    size = sum(file.stat().st_size for file in files)
    if size > UNPACKED_LIMIT:
        raise _too_large(path, size, UNPACKED_LIMIT, size)
    arrays, digest = {}, hashlib.sha256()
    for file in files:
        check_file(file, "An .npy array")
        digest.update(sha256(file).encode())
        with file.open("rb") as opened:
            arrays[file.stem] = _array(opened, file, file.stat().st_size)
    return _assembled(arrays, path, f"sha256:{digest.hexdigest()}", reading)


def npy_files(folder: Path) -> list[Path]:
    """Returns the `.npy` files of a folder, sorted."""
    return sorted(file for file in folder.iterdir() if file.suffix.lower() == ".npy")


def read_npz(
    path: Path, is_wanted: Callable[[str], Any] = lambda name: True
) -> dict[str, Any]:
    """Reads the arrays of an `.npz` file; their sizes are checked first.

    Args:
        path: The file.
        is_wanted: Whether to read the array of a name. Defaults to all.

    Raises:
        InputError: If the file is damaged or too large, or holds pickled objects.
    """
    packed = path.stat().st_size
    limit = min(max(_SMALL, _GROWTH_LIMIT * packed), UNPACKED_LIMIT)
    try:
        with path.open("rb") as file:
            check_directory(file, _MOST_MEMBERS)
        with zipfile.ZipFile(path) as archive:
            members = [
                member
                for member in archive.infolist()
                if is_wanted(member.filename.removesuffix(".npy"))
            ]
            size = sum(member.file_size for member in members)
            if size > limit:
                raise _too_large(path, size, limit, packed)
            arrays = {}
            for member in members:
                with archive.open(member) as file:
                    name = member.filename.removesuffix(".npy")
                    arrays[name] = _array(file, path, member.file_size)
    except InputError:
        raise
    # What a damaged archive makes NumPy, zipfile and zlib raise is not documented.
    except Exception as error:
        raise InputError(
            "An .npz data set must be a whole NumPy archive without pickled objects. "
            f"Received: {shown(path)} ({first_line(error)})."
        ) from error
    return arrays


def _array(file: IO[bytes], path: Path, size: int) -> Any:
    """Reads an array after its header was found to promise no more than there is."""
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise InputError(
            "Arrays must be without pickled objects: text as "
            f"np.array(labels, dtype=str). Received: {shown(path)}."
        )
    count = int(np.prod(shape, dtype=object))
    if count * dtype.itemsize > size:
        raise InputError(
            f"An array must be whole. Received: {shown(path)} with {size:,} bytes for "
            f"an array of shape {shape}."
        )
    content = file.read()
    array = np.frombuffer(content, dtype, count)
    return array.reshape(shape, order="F" if fortran else "C")


def _too_large(path: Path, size: int, limit: int, packed: int) -> InputError:
    return InputError(
        f"Arrays of {packed:,} bytes must unpack to at most {limit / 2**30:,.2f} GiB. "
        f"Received: {shown(path)} with {size / 2**30:,.1f} GiB."
    )


def _meaning(name: str) -> tuple[str, str] | None:
    """Returns the part and whether `x`, `y` or `class_names`, by an array's name.

    Example:
        >>> _meaning("val_images"), _meaning("y"), _meaning("mean")
        (('validation', 'x'), ('train', 'y'), None)
    """
    if name.lower() in _NAMES:
        return "train", "class_names"
    part = part_named(name, loosely=True)
    words = [word for word in re.split(r"[\W_\d]+", name.lower()) if word]
    kinds = {"x": _IMAGES, "y": _LABELS}
    meant = [kind for kind, known in kinds.items() if known.intersection(words)]
    if len(meant) != 1 or (part is None and len(words) > 1):
        return None
    return part or "train", meant[0]


def _assembled(
    arrays: dict[str, Any], path: Path, checksum: str, reading: Reading
) -> ImageDataset[ArraySplit]:
    parts: dict[str, dict[str, tuple[str, Any]]] = {"train": {}}
    for name, array in arrays.items():
        if (meaning := _meaning(name)) is None:
            continue
        part, kind = meaning
        if kind in parts.setdefault(part, {}):
            raise InputError(
                "Each part must have its images and labels once. "
                f"Received: {shown(path)} with {parts[part][kind][0]} and {name}."
            )
        parts[part][kind] = (name, array)
    if not parts["train"].keys() & {"x", "y"} and len(parts) == 2:
        (alone,) = parts.keys() - {"train"}  # part of another set: all there is
        parts["train"] |= parts.pop(alone)
    missing = [
        f"{kind}_{part}"
        for part, pair in parts.items()
        for kind in ("x", "y")
        if kind not in pair
    ]
    if missing:
        raise InputError(
            "Arrays of a data set must be x_train and y_train, and perhaps x_test, "
            "y_test, x_val and y_val, or x and y. "
            f"Received: {shown(path)} without {', '.join(missing)}."
        )
    origins = {
        part: {kind: f"{pair[kind][0]} in {shown(path)}" for kind in ("x", "y")}
        for part, pair in parts.items()
    }
    images, notes = uint8_images(
        {origins[part]["x"]: pair["x"][1] for part, pair in parts.items()},
        reading.white,
    )
    names = parts["train"].get("class_names", ("", None))[1]
    labels, class_names, said = class_labels(
        {origins[part]["y"]: pair["y"][1] for part, pair in parts.items()}, names
    )
    splits = {}
    for part, origin in origins.items():
        x, y = images[origin["x"]], labels[origin["y"]]
        if len(x) != len(y):
            raise InputError(
                f"There must be one label for each of the {len(x):,} images. "
                f"Received: {origin['y']} with {len(y):,}."
            )
        splits[part] = ArraySplit(x, y)
    return hold_out_test(
        splits,
        reading,
        name=path.stem,
        address=str(path.resolve()),
        class_names=class_names,
        provenance=Provenance(
            source=path.name, checksum=checksum, note=" ".join([*notes, *said])
        ),
    )
