"""`keras-cnn predict`: labels for image files."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from .._checks import InputError, one_line
from .._files import shown
from .options import AsJson, ModelPath, Trust
from .preparing import Pixels, Prepare, Raw, prepared

if TYPE_CHECKING:
    from ..prediction import Prediction

_STANDARD_INPUT = "-"

# What standard input may hold: more than any photograph.
_MAX_BYTES = 2**29

_COLUMNS = (
    "image",
    "label",
    "probability",
    "runner_up",
    "runner_up_probability",
)


def predict(
    model: ModelPath,
    images: Annotated[
        list[str],
        typer.Argument(
            help="PNG, JPEG or other image files of any size and color; folders, "
            "whose images are taken at any depth; patterns such as 'photos/*.jpg'; - "
            "for an image from standard input.",
            metavar="IMAGE...",
            show_default=False,
        ),
    ],
    prepare: Prepare = None,
    pixels: Pixels = None,
    raw: Raw = False,
    skip_damaged: Annotated[
        bool,
        typer.Option(
            "--skip-damaged",
            help="Exit with 0 though some images cannot be read. The others are "
            "classified in either case.",
        ),
    ] = False,
    trust: Trust = False,
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, for spreadsheets.")
    ] = False,
) -> None:
    """Classify images: the label, its probability, and the runner-up."""
    if as_json and as_csv:
        raise InputError("Either --json or --csv must be given. Received: both.")
    names, sources = _images(images)
    from .loading import load_model

    predictor = prepared(load_model(model, trust=trust), prepare, pixels, raw=raw)
    damaged: list[str] = []
    rows = _rows(names, predictor.predict_each(sources), damaged)
    write = _write_json if as_json else _write_csv if as_csv else _write_lines
    write(rows)
    if damaged:
        _say_damaged(damaged, len(names), skip_damaged=skip_damaged)


def _images(words: Sequence[str]) -> tuple[list[str], list[str | IO[bytes]]]:
    """Returns the name and the source of each image, whose bytes are not read yet.

    Raises:
        InputError: If there is no such file, or standard input is a terminal.
    """
    from ..data.image_paths import find_images
    from .console import print_note

    if words.count(_STANDARD_INPUT) > 1:
        raise InputError("Standard input must be named once. Received: - and -.")
    names: list[str] = []
    sources: list[str | IO[bytes]] = []
    found = find_images([word for word in words if word != _STANDARD_INPUT])
    files = list(map(str, found.files))
    names += files
    sources += files
    if _STANDARD_INPUT in words:
        # It stands where it was named, if only files were.
        place = words.index(_STANDARD_INPUT) if len(files) == len(words) - 1 else 0
        names.insert(place, _STANDARD_INPUT)
        sources.insert(place, _standard_input())
    if found.passed_over:
        kinds = found.passed_over.most_common()
        listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds)
        print_note(f"Files that are not images were passed over: {listed}.")
    return names, sources


def _standard_input() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError(
            "An image named - must come from a file or another program: "
            "`keras-cnn predict MODEL - < image.png`. Received: a terminal."
        )
    content = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if not 0 < len(content) <= _MAX_BYTES:
        raise InputError(
            f"Standard input must hold an image of at most {_MAX_BYTES:,} bytes. "
            f"Received: {'more' if content else 'nothing'}."
        )
    return io.BytesIO(content)


def _rows(
    names: Iterable[str],
    predictions: Iterable[Prediction | InputError],
    damaged: list[str],
) -> Iterator[dict[str, Any]]:
    """Yields what is printed of each image, and collects what is wrong with others."""
    for name, prediction in zip(names, predictions, strict=True):
        if isinstance(prediction, InputError):
            damaged.append(str(prediction))
        else:
            yield {"image": name, **prediction.to_dict()}


def _write_lines(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        line = (
            f"{shown(row['image'])}: {row['label']} ({row['probability']:.2%}), then "
            f"{row['runner_up']} ({row['runner_up_probability']:.2%})"
        )
        print(one_line(line))


def _write_json(rows: Iterable[dict[str, Any]]) -> None:
    """Prints an array, row by row as they come."""
    before = "["
    for row in rows:
        text = json.dumps(row, indent=2).replace("\n", "\n  ")
        print(before, f"  {text}", sep="\n", end="")
        before = ","
    print("[]" if before == "[" else "\n]")


def _write_csv(rows: Iterable[dict[str, Any]]) -> None:
    writer = csv.DictWriter(
        sys.stdout, _COLUMNS, extrasaction="ignore", lineterminator="\n"
    )
    writer.writeheader()
    for row in rows:
        safe = {
            name: one_line(shown(value)) if isinstance(value, str) else value
            for name, value in row.items()
        }
        writer.writerow(safe)


def _say_damaged(damaged: list[str], total: int, *, skip_damaged: bool) -> None:
    """Lists the images that were left out, and exits with 2 unless that was asked."""
    from .console import print_error, print_warning

    say = print_warning if skip_damaged else print_error
    for wrong in damaged:
        say(wrong)
    if total > 1:
        say(f"{len(damaged):,} of {total:,} images were left out.")
    if not skip_damaged:
        raise typer.Exit(2)
