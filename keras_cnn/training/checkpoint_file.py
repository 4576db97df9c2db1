"""One checkpoint: a file that holds all that a run needs to go on.

An archive of NumPy's: each variable as bytes, and a note that says what they are and
where the run was. The archive holds a sum of each of its parts, which tells a damaged
one; what is read is checked as a whole before any of it is used.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np

from .._checks import first_line
from .._environment import versions
from .._files import replaced_file

# Files of the first format do not name it, and lack `settings`.
_FORMAT = 2


@dataclass
class FitState:
    """Where a run is.

    Attributes:
        epoch: The epoch under way, counted from 0.
        step: The steps done in it.
        total: The steps done in the whole run.
        source: What the source of the data says of itself.
        settings: What the data and their batches must be in a run that goes on; None
            where the file does not say, being of the first format.
        history: What the History callback holds: values by epoch.
        epochs: The epochs that they are of.
    """

    epoch: int
    step: int
    total: int
    source: dict[str, Any]
    settings: dict[str, str] | None
    history: dict[str, list[float]]
    epochs: list[int]


@dataclass
class Content:
    """What a checkpoint holds.

    Attributes:
        state: Where the run was.
        variables: Path, dtype and shape of each variable.
        values: Their values, in the same order.
        random: The states of Python's and NumPy's generators.
    """

    state: FitState
    variables: list[list[Any]]
    values: list[Any]
    random: dict[str, Any]


class DamagedError(Exception):
    """A file that does not hold a whole checkpoint; the message says why."""


def describe(variable: Any) -> list[Any]:
    """Returns the path (for messages; it may differ), dtype and shape of a variable."""
    dtype = keras.backend.standardize_dtype(variable.dtype)
    return [variable.path, dtype, list(variable.shape)]


def read_values(variables: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
    """Returns the values of variables, each as bytes.

    Workers read together: the value of a metric is the sum over all of them.
    """
    return [_as_bytes(variable) for variable in variables]


def write_checkpoint(
    path: Path,
    state: FitState,
    variables: Sequence[Any],
    values: Sequence[np.ndarray[Any, Any]],
) -> None:
    """Writes a file whole or not at all, and brings it to the disk.

    Args:
        path: The file.
        state: Where the run is.
        variables: What is kept.
        values: What `read_values` gave of them.

    Raises:
        OSError: If it cannot be written: the disk may be full.
    """
    note = {
        "format": _FORMAT,
        "progress": asdict(state),
        "variables": [describe(variable) for variable in variables],
        "random": _random_state(),
        "versions": versions(),
    }
    arrays: dict[str, Any] = {
        f"{index:06d}": value for index, value in enumerate(values)
    }
    arrays["note"] = np.frombuffer(json.dumps(note).encode(), np.uint8)
    with replaced_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())


def read_checkpoint(path: Path) -> Content:
    """Reads a whole file.

    Raises:
        DamagedError: If a part is missing, of another form, or does not match its sum.
    """
    try:
        # Opened here: NumPy leaves a file open that turns out to be no archive.
        with path.open("rb") as file, np.load(file) as archive:
            note = json.loads(archive["note"].tobytes())
            described = note["variables"]
            values = [
                _from_bytes(archive[f"{index:06d}"], dtype, tuple(shape))
                for index, (_, dtype, shape) in enumerate(described)
            ]
        _set_random_state(note["random"], random.Random(), np.random.RandomState())
        state = _state(note["progress"], note.get("format", 1))
        return Content(state, described, values, note["random"])
    except Exception as error:
        # Whatever damage makes the readers of archives, JSON and arrays raise.
        raise DamagedError(first_line(error)) from error


def restore_random_state(state: dict[str, Any]) -> None:
    """Puts Python's and NumPy's generators to where they were."""
    _set_random_state(state, random, np.random)


def _state(progress: dict[str, Any], version: int) -> FitState:
    kinds: dict[str, type] = {"epoch": int, "step": int, "total": int, "epochs": list}
    if version == 1:
        progress = {**progress, "settings": None}
        kinds["settings"] = type(None)
    for field in fields(FitState):
        value = progress[field.name]
        if not isinstance(value, kinds.get(field.name, dict)):
            raise ValueError(f"{field.name} is {value!r}")
    return FitState(**progress)


def _as_bytes(variable: Any) -> np.ndarray[Any, Any]:
    # As bytes: NumPy's file format does not know bfloat16.
    value = np.ascontiguousarray(variable.numpy())
    return np.frombuffer(value.tobytes(), np.uint8)


def _from_bytes(
    array: np.ndarray[Any, Any], dtype: str, shape: tuple[int, ...]
) -> np.ndarray[Any, Any]:
    import tensorflow as tf

    return np.frombuffer(array.tobytes(), tf.as_dtype(dtype).as_numpy_dtype).reshape(
        shape
    )


def _random_state() -> dict[str, Any]:
    """Python's and NumPy's generators, from which data or a callback may draw."""
    version, numbers, gauss = random.getstate()
    state: Any = np.random.get_state(legacy=True)
    name, keys, position, has_gauss, cached = state
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [name, keys.tolist(), position, has_gauss, cached],
    }


def _set_random_state(state: dict[str, Any], python: Any, numpy: Any) -> None:
    version, numbers, gauss = state["python"]
    python.setstate((version, tuple(numbers), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    numpy.set_state((name, np.array(keys, np.uint32), position, has_gauss, cached))
