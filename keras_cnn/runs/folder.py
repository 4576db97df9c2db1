"""The folder of a run: what lies in it, and what can be read from it without Keras."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .._checks import InputError
from ..saving.metadata import CONFIG, read_json
from .config import OPTIONS, RunConfig

CHECKPOINTS = "checkpoints"
HISTORY = "history"
TENSORBOARD = "tensorboard"
INTERRUPTED = "interrupted.keras"
# A model of one's own as it was before the first step.
INITIAL = "initial.keras"


def new_run_folder(runs: Path, name: str) -> Path:
    """Creates and returns `runs/<UTC time>-<name>`, which no other run has."""
    stem = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{name}"
    candidates = [stem, *(f"{stem}-{count}" for count in range(2, 1000))]
    for candidate in candidates:
        try:
            (runs / candidate).mkdir(parents=True)
        except FileExistsError:
            continue
        return runs / candidate
    raise FileExistsError(f"{runs / stem} and a thousand more exist already.")


def read_config(folder: Path) -> RunConfig:
    """Returns what a run was asked to do, whichever version began it.

    Raises:
        InputError: If the folder is not that of a run, or its configuration is not one
            that this version can repeat.
    """
    record = read_json(folder / CONFIG)
    content = record.get("config")
    if not isinstance(content, dict):
        raise InputError(
            f"The folder of a run must hold its configuration, {CONFIG}. "
            f"Received: {str(folder)!r}."
        )
    # A field that a later version has added was at its default, whatever the recipe.
    defaults = {name: option.default for name, option in OPTIONS.items()}
    try:
        return RunConfig.from_dict(content, missing=defaults)
    except InputError as error:
        versions = record.get("versions")
        version = versions.get("keras_cnn") if isinstance(versions, dict) else None
        raise InputError(
            f"{error} This is in {folder / CONFIG}, written by version "
            f"{version or 'unknown'}: correct it there, or go on with that version."
        ) from error


def read_origin(folder: Path) -> dict[str, Any]:
    """Returns what a run notes of where its model came from; {} of the article's."""
    origin = read_json(folder / CONFIG).get("model")
    return origin if isinstance(origin, dict) else {}


def read_unfinished(folder: Path) -> RunConfig:
    """Returns what a run was asked to do that can be gone on with.

    Raises:
        InputError: If the folder is not that of a run with checkpoints.
    """
    config = read_config(folder)
    if not list((folder / CHECKPOINTS).glob("*.npz")):
        raise InputError(
            "A run to resume must have left checkpoints: it was started with "
            f"--checkpoint-every and is not finished. Received: {str(folder)!r}."
        )
    return config
