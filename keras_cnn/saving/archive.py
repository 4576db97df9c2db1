"""What a `.keras` file must be before Keras may see it: an archive of a model alone.

Keras's safe mode refuses pickled functions. What is refused here besides: archives
that unpack to far more than their size, that name places outside themselves, whose
weights lie elsewhere or are declared larger than they are, and configurations that
name anything but parts of a network.
"""

from __future__ import annotations

import io
import json
import math
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .._checks import InputError, first_line
from .._files import check_directory, check_file
from .configuration import Refused, check_configuration

# Keras stores members as they are. Recompressed ones may unpack to four times the
# file's size, and small files to this much.
_MOST_GROWTH = 4
_SMALL = 2**26
MOST_BYTES = 2**32
_MOST_CONFIG = 2**24
_MOST_FILE = 2**31
_MOST_MEMBERS = 10_000
# The largest of Keras's applications has 8,000 groups and tensors with its optimizer's.
_MOST_OBJECTS = 16_000
_MOST_PACKED = 50

_CONFIG = "config.json"
_WEIGHTS = "model.weights.h5"
_FILES = (_CONFIG, "metadata.json", _WEIGHTS)

_NOT_KERAS = {
    (".h5", ".hdf5"): "Keras's loader of HDF5 models has no safe mode that holds",
    (".pkl", ".pickle", ".joblib", ".pt", ".pth"): "a pickle runs what it holds",
}


def check_suffix(path: Path) -> None:
    """Raises if a file's name says that it is a program which cannot be judged.

    Raises:
        InputError: For HDF5 files and pickles.
    """
    for suffixes, reason in _NOT_KERAS.items():
        if path.suffix.lower() in suffixes:
            raise InputError(
                f"A model file must be a .keras file and no {path.suffix} file, since "
                f"{reason}. Received: {str(path)!r}."
            )


def read_limited(path: Path) -> bytes:
    """Returns the bytes of a model file.

    Raises:
        InputError: If it has more than 2 GiB, the most that LiteRT and ONNX can hold.
    """
    check_file(path, "A model file")
    size = path.stat().st_size
    if size > _MOST_FILE:
        raise InputError(
            f"A model file must have at most {_MOST_FILE:,} bytes. "
            f"Received: {str(path)!r} with {size:,}."
        )
    return path.read_bytes()


def check_archive(
    path: Path, registered: Callable[[str], Any], *, compile: bool
) -> tuple[Any, int]:
    """Raises unless a `.keras` file holds a model, and nothing else.

    Nothing is unpacked, imported or run for it; memory is bounded by the size of the
    file, or 64 MiB.

    Args:
        path: A `.keras` file.
        registered: Gives the class or function that the running program has registered
            with Keras under a name such as `keras_cnn>Conv2D`; None without one.
        compile: Whether optimizer, loss and metrics will be made, too.

    Returns:
        Its configuration, and how many numbers its weights hold.

    Raises:
        InputError: Says in one sentence what is wrong.
    """
    check_file(path, "A model file")
    check_suffix(path)
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise InputError(
            "A model file must be a whole .keras file, as `model.save` writes it. "
            f"Received: {str(path)!r}."
        )
    try:
        with path.open("rb") as file:
            check_directory(file, _MOST_MEMBERS)
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path.stat().st_size)
            config = _check_config(archive, registered, compile)
            return config, _check_weights(archive)
    except Refused as refused:
        reason = str(refused)
    # What a damaged archive makes the readers of ZIP, JSON and HDF5 raise is not
    # documented.
    except Exception as error:
        reason = f"it is damaged: {first_line(error)}"
    raise InputError(
        f"A model file must hold a model of Keras's layers and nothing else; {reason}. "
        f"Received: {str(path)!r}."
    )


def _most_bytes(size: int) -> int:
    return min(max(_SMALL, _MOST_GROWTH * size), MOST_BYTES)


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(names) > _MOST_MEMBERS:
        raise Refused(f"it has {len(names):,} members")
    if len(set(names)) < len(names):
        raise Refused("it has two members of one name")
    for member in members:
        _check_place(member)
    missing = [name for name in (_CONFIG, _WEIGHTS) if name not in names]
    if missing:
        raise Refused(f"it has no {missing[0]}")
    unpacked = sum(member.file_size for member in members)
    if unpacked > _most_bytes(size):
        raise Refused(
            f"it unpacks to {unpacked:,} bytes, and a file of {size:,} may unpack to "
            f"{_most_bytes(size):,}"
        )


def _check_place(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    parts = name.replace("\\", "/").split("/")
    inside = name in _FILES or parts[0] == "assets"
    if not inside or ".." in parts or "\\" in name or ":" in name or "\0" in name:
        raise Refused(f"it has a member {name!r}, which is not part of a model")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Refused(f"its member {name!r} is a link to another place")


def _check_config(
    archive: zipfile.ZipFile, registered: Callable[[str], Any], compile: bool
) -> Any:
    if archive.getinfo(_CONFIG).file_size > _MOST_CONFIG:
        raise Refused(f"its configuration has more than {_MOST_CONFIG:,} bytes")
    config = json.loads(archive.read(_CONFIG))
    if not compile and isinstance(config, dict):
        config["compile_config"] = None  # Keras does not read it, either
    check_configuration(config, registered)
    return config


def _check_weights(archive: zipfile.ZipFile) -> int:
    import h5py

    size = archive.getinfo(_WEIGHTS).file_size
    numbers, declared, seen = 0, 0, set()
    # In memory: where it is compressed, each step back would unpack it from its start.
    with h5py.File(io.BytesIO(archive.read(_WEIGHTS)), "r") as file:
        groups = [file]
        while groups:
            group = groups.pop()
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise Refused(f"its weights link to another place at {name!r}")
                item = group[name]
                address = h5py.h5o.get_info(item.id).addr
                if address in seen:
                    continue
                seen.add(address)
                if len(seen) > _MOST_OBJECTS:
                    raise Refused(f"its weights have more than {_MOST_OBJECTS:,} parts")
                if isinstance(item, h5py.Group):
                    groups.append(item)
                elif isinstance(item, h5py.Dataset):
                    count = _declared_numbers(item)
                    numbers += count
                    declared += count * int(item.dtype.itemsize)
                if declared > _most_bytes(size):
                    raise Refused(
                        f"its weights declare {declared:,} bytes of tensors in a file "
                        f"of {size:,}"
                    )
                if isinstance(item, h5py.Dataset):
                    _check_stored(item)
    return numbers


def _check_stored(tensor: Any) -> None:
    """Raises if a tensor's values are not in the file, which HDF5 fills in."""
    declared = tensor.size * tensor.dtype.itemsize if tensor.size else 0
    growth = _MOST_PACKED if tensor.compression else 1
    if declared > growth * tensor.id.get_storage_size():
        raise Refused(f"its weights lack values at {tensor.name!r}")


def _declared_numbers(tensor: Any) -> int:
    if tensor.is_virtual or tensor.external:
        raise Refused(f"its weights lie in another file at {tensor.name!r}")
    # Python's integers do not overflow, as a product by NumPy would.
    return math.prod(map(int, tensor.shape or ()))
