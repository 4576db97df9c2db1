"""Options that several subcommands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .._checks import InputError
from .._files import check_writable

DataDir = Annotated[
    str | None,
    typer.Option(
        help="TFDS's folder of prepared sets. Defaults to TFDS_DATA_DIR, else TFDS's "
        "own.",
        show_default=False,
    ),
]
ManualDir = Annotated[
    str | None,
    typer.Option(
        help="Folder with a set's original files. Defaults to KERAS_CNN_MANUAL_DIR.",
        show_default=False,
    ),
]
ModelPath = Annotated[
    Path,
    typer.Argument(
        help="A .keras, .tflite or .onnx file, a run's folder, or the folder of an "
        "exported model.",
        metavar="MODEL",
        show_default=False,
    ),
]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        help="saved_model, litert, onnx, keras, or some of them with commas between.",
    ),
]
Verify = Annotated[
    bool,
    typer.Option(
        help="Run what is exported in a process without Keras, and compare.",
    ),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Load a SavedModel, which is a program, although its manifest is missing "
        "or does not match.",
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
