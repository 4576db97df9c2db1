"""Checkpoints of a training run: all that it takes to go on as if nothing had happened.

One file each, `checkpoint-<epoch>-<step>.npz`: the model's variables (weights, moving
means, random states), the optimizer's and the metrics', and where the run was in its
data. It is written to a temporary name, brought to the disk, and renamed, so that a
process killed at any moment leaves whole files only; a damaged one is told by the sums
that the archive holds of its parts.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import keras
import numpy as np

from .._checks import InputError, check_count, first_line
from .._environment import versions
from .._files import UNFINISHED, replaced_file

_PATTERN = "checkpoint-*.npz"

# Raised by a part of the archive that is missing, cut off, or does not match its sum.
_DAMAGED = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error)


@dataclass
class FitState:
    """Where a run is.

    Attributes:
        epoch: The epoch under way, counted from 0.
        step: The steps done in it.
        total: The steps done in the whole run.
        source: What the source of the data says of itself.
        history: What the History callback holds: values by epoch.
        epochs: The epochs that they are of.
    """

    epoch: int
    step: int
    total: int
    source: dict[str, int]
    history: dict[str, list[float]]
    epochs: list[int]


class Checkpoints:
    """Saves the state of a model's training to a folder, and restores it."""

    def __init__(
        self,
        folder: Path,
        every: int | timedelta | None,
        kept: int,
        model: keras.Model,
        *,
        broadcast: Callable[[int], int] = lambda number: number,
        writes: bool = True,
    ) -> None:
        """Checks the arguments; nothing is written yet.

        Args:
            folder: Where the files are; made when the first is written.
            every: Steps between two, or time; None for one at the end of each epoch.
            kept: How many are kept, the newest ones.
            model: A compiled Keras model.
            broadcast: From this worker's number to the chief's.
            writes: Whether this process is the one that writes.

        Raises:
            InputError: If an argument breaks its rule.
        """
        _check_every(every)
        check_count("checkpoints_kept", kept)
        if folder.exists() and not folder.is_dir():
            raise InputError(
                "`checkpoint_dir` must name a folder. "
                f"Received: checkpoint_dir={str(folder)!r}, which is a file."
            )
        self.folder = folder
        self.every = every
        self._kept = kept
        self._model = model
        self._broadcast = broadcast
        self._writes = writes
        self._last = time.monotonic()

    @property
    def interval(self) -> int | None:
        """After how many steps one is due, where it goes by steps."""
        return self.every if isinstance(self.every, int) else None

    @property
    def paths(self) -> list[Path]:
        """The checkpoints there are, the oldest first."""
        return sorted(self.folder.glob(_PATTERN), key=_position)

    def check_unused(self) -> None:
        """Raises if there are checkpoints already: of another run, to be resumed.

        Raises:
            InputError: If there are.
        """
        if found := self.paths:
            raise InputError(
                "`checkpoint_dir` must be without checkpoints when a run begins; give "
                "`resume=True` to go on from them. Received: "
                f"checkpoint_dir={str(self.folder)!r} with {found[-1].name}."
            )

    def due(self, steps: int) -> bool:
        """Returns whether one is due after `steps` steps of the whole run."""
        if isinstance(self.every, timedelta):
            waited = time.monotonic() - self._last >= self.every.total_seconds()
            return bool(self._broadcast(int(waited)))
        return self.every is not None and steps % self.every == 0

    def save(self, progress: FitState) -> Path:
        """Writes a checkpoint, and removes those that are older than the kept ones.

        All workers call it, since reading a metric is something that they do together.
        """
        path = self.folder / f"checkpoint-{progress.epoch:06d}-{progress.step:09d}.npz"
        variables = self._variables()
        note = {
            "progress": asdict(progress),
            "variables": [_describe(variable) for variable in variables],
            "random": _random_state(),
            "versions": versions(),
        }
        arrays: dict[str, Any] = {
            f"{index:06d}": _as_bytes(variable)
            for index, variable in enumerate(variables)
        }
        arrays["note"] = np.frombuffer(json.dumps(note).encode(), np.uint8)
        self._last = time.monotonic()
        if not self._writes:
            return path
        with replaced_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        for old in self.paths[: -self._kept]:
            old.unlink(missing_ok=True)
        return path

    def restore(self) -> FitState | None:
        """Restores the newest whole checkpoint; None where there is none at all.

        A damaged one is named in a warning, and the one before it is taken.

        Raises:
            InputError: If all there are are damaged, or they are of another model.
        """
        if self._writes:
            for unfinished in self.folder.glob(UNFINISHED):  # by a process now dead
                shutil.rmtree(unfinished, ignore_errors=True)
        damaged = []
        for path in reversed(self.paths):
            try:
                note, arrays = _read(path)
            except _DAMAGED as error:
                damaged.append(path)
                warnings.warn(
                    f"The checkpoint {path} is damaged and is passed over "
                    f"({first_line(error)}).",
                    stacklevel=2,
                )
                continue
            self._put_back(path, note, arrays)
            return FitState(**note["progress"])
        if damaged:
            raise InputError(
                "A run must be resumed from a whole checkpoint. Received: "
                f"checkpoint_dir={str(self.folder)!r}, where every one is damaged."
            )
        return None

    def _variables(self) -> list[Any]:
        model = self._model
        metrics = [
            variable for metric in model.metrics for variable in metric.variables
        ]
        found = [*model.variables, *model.optimizer.variables, *metrics]
        return list({id(variable): variable for variable in found}.values())

    def _put_back(
        self, path: Path, note: dict[str, Any], arrays: list[np.ndarray[Any, Any]]
    ) -> None:
        variables = self._variables()
        here = [_describe(variable) for variable in variables]
        if len(here) != len(note["variables"]) or any(
            ours[1:] != theirs[1:]
            for ours, theirs in zip(here, note["variables"], strict=True)
        ):
            raise InputError(
                "A run must be resumed with the model, optimizer and metrics that it "
                f"was begun with. Received: {path} with {len(note['variables'])} "
                f"variables, and a model with {len(here)}; the first that differs is "
                f"{_first_difference(here, note['variables'])}."
            )
        for variable, array in zip(variables, arrays, strict=True):
            dtype = keras.backend.standardize_dtype(variable.dtype)
            variable.assign(_from_bytes(array, dtype, tuple(variable.shape)))
        _set_random_state(note["random"])


def _check_every(every: Any) -> None:
    """Raises unless `every` is a number of steps, a time, or None.

    Raises:
        InputError: If it is none of these, or not above 0.
    """
    if isinstance(every, timedelta):
        if every <= timedelta(0):
            raise InputError(
                "`checkpoint_every` must be above 0. "
                f"Received: checkpoint_every={every!r}."
            )
    elif every is not None:
        check_count("checkpoint_every", every)


def _position(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.stem.split("-")[1:] if part.isdigit())


def _describe(variable: Any) -> list[Any]:
    """The path (for messages; it may differ), dtype and shape of a variable."""
    dtype = keras.backend.standardize_dtype(variable.dtype)
    return [variable.path, dtype, list(variable.shape)]


def _first_difference(here: list[Any], there: list[Any]) -> str:
    for ours, theirs in zip(here, there, strict=False):
        if ours[1:] != theirs[1:]:
            return f"{theirs} in the file and {ours} in the model"
    return "one that only one of them has"


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


def _read(path: Path) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    """Reads a whole file: each part is checked against its sum when it is read."""
    # Opened here: NumPy leaves a file open that turns out to be no archive.
    with path.open("rb") as file, np.load(file) as archive:
        note = json.loads(archive["note"].tobytes())
        count = len(note["variables"])
        return note, [archive[f"{index:06d}"] for index in range(count)]


def _random_state() -> dict[str, Any]:
    """Python's and NumPy's generators, from which data or a callback may draw."""
    version, numbers, gauss = random.getstate()
    state: Any = np.random.get_state(legacy=True)
    name, keys, position, has_gauss, cached = state
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [name, keys.tolist(), position, has_gauss, cached],
    }


def _set_random_state(state: dict[str, Any]) -> None:
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, np.array(keys, np.uint32), position, has_gauss, cached))
