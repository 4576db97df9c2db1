"""Checkpoints of a training run: all that it takes to go on as if nothing had happened.

One file each, `checkpoint-<epoch>-<step>.npz`: the model's variables (weights, moving
means, random states), the optimizer's and the metrics', and where the run was in its
data. It is written to a temporary name, brought to the disk, and renamed, so that a
process killed at any moment leaves whole files only.
"""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import keras

from .._checks import InputError, check_count, first_line
from .._files import UNFINISHED
from .checkpoint_file import (
    Content,
    DamagedError,
    FitState,
    describe,
    read_checkpoint,
    read_values,
    restore_random_state,
    write_checkpoint,
)

_PATTERN = "checkpoint-*.npz"


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
        further: Callable[[], Iterable[Any]] = tuple,
    ) -> None:
        """Checks the arguments; nothing is written yet.

        Args:
            folder: Where the files are; made when the first is written.
            every: Steps between two, or time; None for one at the end of each epoch.
            kept: How many are kept, the newest ones.
            model: A compiled Keras model.
            broadcast: From this worker's number to the chief's.
            writes: Whether this process is the one that writes.
            further: Gives variables beside the model's.

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
        self._further = further
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

    def save(self, state: FitState) -> None:
        """Writes a checkpoint, and removes those that are older than the kept ones.

        One that cannot be written is said, and costs no more than itself. All workers
        call it, since reading a metric is something that they do together.
        """
        path = self.folder / f"checkpoint-{state.epoch:06d}-{state.step:09d}.npz"
        variables = self._variables()
        values = read_values(variables)
        self._last = time.monotonic()
        if not self._writes:
            return
        try:
            write_checkpoint(path, state, variables, values)
        except OSError as error:
            warnings.warn(
                f"The checkpoint {path} could not be written, and training goes on "
                f"without it ({first_line(error)}).",
                stacklevel=2,
            )
            return
        for old in self.paths[: -self._kept]:
            old.unlink(missing_ok=True)

    def restore(self, source: Any, settings: dict[str, str]) -> FitState | None:
        """Restores the newest whole checkpoint; None where there is none at all.

        A damaged one is named in a warning, and the one before it is taken. Nothing is
        changed before all of a checkpoint was read and found to fit.

        Args:
            source: The data, which go to where they were, too.
            settings: What `source.settings` gives, which reads all of the data.

        Raises:
            InputError: If all there are are damaged, or they are of another model or
                other data.
        """
        if self._writes:
            for unfinished in self.folder.glob(UNFINISHED):  # by a process now dead
                shutil.rmtree(unfinished, ignore_errors=True)
        damaged = False
        for path in reversed(self.paths):
            try:
                content = read_checkpoint(path)
            except DamagedError as error:
                damaged = True
                warnings.warn(
                    f"The checkpoint {path} is damaged and is passed over ({error}).",
                    stacklevel=2,
                )
                continue
            self._put_back(path, content, source, settings)
            return content.state
        if damaged:
            raise InputError(
                "A run must be resumed from a whole checkpoint. Received: "
                f"checkpoint_dir={str(self.folder)!r}, where every one is damaged."
            )
        return None

    def _variables(self) -> list[Any]:
        model = self._model
        # A user's class may have several optimizers, or one that is not of Keras.
        optimizers = [
            model.optimizer,
            *(
                value
                for value in vars(model).values()
                if isinstance(value, keras.optimizers.Optimizer)
            ),
        ]
        found = [
            *model.variables,
            *(
                variable
                for optimizer in optimizers
                for variable in getattr(optimizer, "variables", [])
            ),
            *(variable for metric in model.metrics for variable in metric.variables),
            *self._further(),
        ]
        return list({id(variable): variable for variable in found}.values())

    def _put_back(
        self, path: Path, content: Content, source: Any, settings: dict[str, str]
    ) -> None:
        variables = self._variables()
        here = [describe(variable) for variable in variables]
        if len(here) != len(content.variables) or any(
            ours[1:] != theirs[1:]
            for ours, theirs in zip(here, content.variables, strict=True)
        ):
            raise InputError(
                "A run must be resumed with the model, optimizer and metrics that it "
                f"was begun with. Received: {path} with {len(content.variables)} "
                f"variables, and a model with {len(here)}; the first that differs is "
                f"{_first_difference(here, content.variables)}."
            )
        if content.state.settings is None:
            warnings.warn(
                f"{path} is of an earlier version, which did not record the data: "
                "nothing tells whether they are still those of the run.",
                stacklevel=2,
            )
        else:
            _check_settings(path, content.state.settings, settings)
        source.restore(content.state.source)
        for variable, value in zip(variables, content.values, strict=True):
            variable.assign(value)
        restore_random_state(content.random)


def _check_settings(path: Path, then: dict[str, str], now: dict[str, str]) -> None:
    """Raises unless the data and their batches are those of the run.

    Raises:
        InputError: If they are not.
    """
    for name in now:
        if then.get(name) != now[name]:
            raise InputError(
                f"A run must be resumed with the data and batches that it was begun "
                f"with: {name} differs. Received: {now[name]}, and {then.get(name)} in "
                f"{path}."
            )


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


def _first_difference(here: list[Any], there: list[Any]) -> str:
    for ours, theirs in zip(here, there, strict=False):
        if ours[1:] != theirs[1:]:
            return f"{theirs} in the file and {ours} in the model"
    return "one that only one of them has"
