"""Options that several subcommands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .._checks import InputError
from .._files import check_writable
from ..formats import FORMATS

_FILES = ", ".join(format.suffix for format in FORMATS.values() if format.suffix)

DataDir = Annotated[
    str | None,
    typer.Option(
        help="TFDS's folder of prepared data sets. Defaults to TFDS_DATA_DIR, else to "
        "TFDS's own folder.",
        show_default=False,
    ),
]
ManualDir = Annotated[
    str | None,
    typer.Option(
        help="Folder with the original files of a data set. Defaults to "
        "KERAS_CNN_MANUAL_DIR.",
        show_default=False,
    ),
]
ModelPath = Annotated[
    Path,
    typer.Argument(
        help=f"A model's file ({_FILES}), or the folder of a run or of an export.",
        metavar="MODEL",
        show_default=False,
    ),
]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        help=f"{', '.join(FORMATS)}, or several of them with commas between.",
    ),
]
Verify = Annotated[
    bool,
    typer.Option(
        help="Run each exported file in a process without Keras, and compare it with "
        "the model.",
    ),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Load a SavedModel, .onnx or .tflite file unchecked: you trust whoever "
        "made it with this computer. A SavedModel can read, write and send files.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Limit = Annotated[
    int | None,
    typer.Option(
        help="Use at most this many images of each split, drawn at random.",
        show_default=False,
    ),
]


def check_picture(path: Path) -> None:
    """Raises unless `path`, of `--out`, is a PNG file that can be written.

    Raises:
        InputError: If it has another ending, or its folder cannot be written to.
    """
    if path.suffix.lower() != ".png":
        raise InputError(f"`out` must be a .png file. Received: out={str(path)!r}.")
    check_writable("out", path.parent)
