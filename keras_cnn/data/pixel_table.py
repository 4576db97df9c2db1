"""CSV files that hold pixels: Kaggle's `label,pixel0,...`, with or without header."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np

from .._checks import InputError, first_line
from .._files import sha256, shown
from .arrays import uint8_images
from .dataset import ImageDataset, Provenance, Reading, hold_out_test
from .labels import class_labels
from .split import ArraySplit

# A row with more columns than this holds pixels.
_MANY = 16

# What the column of labels is called, and columns that are neither label nor pixel.
_LABELS = ("label", "labels", "class", "target", "y", "digit", "letter", "emotion")
_OTHERS = ("", "id", "index", "unnamed: 0")


def delimiter(line: str) -> str:
    """Returns what stands between the columns of a line."""
    return max(",;\t", key=line.count)


def is_pixel_table(path: Path) -> bool:
    """Whether a table's second row is numbers, many of them."""
    _, row, _ = _top(path)
    return len(row) > _MANY and sum(map(_is_number, row)) >= len(row) - 2


def load_pixel_table(path: Path, reading: Reading) -> ImageDataset[ArraySplit]:
    """Returns the gray images in a CSV file with a label and a pixel a column.

    The label's column is called `label` or the like, else it is the first. The images
    are squares. A fifth of each class is held out.

    Args:
        path: The file.
        reading: How the images are read.

    Raises:
        InputError: If the pixels make up no square, or rows break a rule.
    """
    header, row, comma = _top(path)
    has_header = not all(map(_is_number, header[1:]))
    names = [name.strip().lower() for name in header] if has_header else []
    labels = [place for place, name in enumerate(names) if name in _LABELS] or [0]
    if has_header and labels == [0] and names[0] in (*_OTHERS, "pixel0", "pixel1"):
        raise InputError(
            "A table of pixels must have a column `label`. "
            f"Received: {shown(path)} with {', '.join(header[:3])}, ..."
        )
    pixels = [
        place
        for place in range(len(row))
        if place != labels[0] and (not names or names[place] not in _OTHERS)
    ]
    if math.isqrt(len(pixels)) ** 2 != len(pixels):
        raise InputError(
            "A table of pixels must have square gray images. Received: "
            f"{shown(path)} with {len(pixels):,} pixels a row."
        )
    read: dict[str, Any] = {
        "delimiter": comma,
        "skiprows": int(has_header),
        "encoding": "utf-8-sig",
        "quotechar": '"',
        "ndmin": 2,
    }
    try:
        values = np.loadtxt(path, np.float32, usecols=pixels, **read)
        texts = np.loadtxt(path, str, usecols=labels[:1], **read)
    except (ValueError, IndexError) as error:
        raise InputError(
            "A table of pixels must have the same numbers of columns in all rows. "
            f"Received: {shown(path)} ({first_line(error)})."
        ) from error
    name = shown(path)
    images, notes = uint8_images({name: values}, reading.white)
    numbers, classes, _ = class_labels({name: texts}, named=True)
    return hold_out_test(
        {"train": ArraySplit(images[name], numbers[name])},
        reading,
        name=path.stem,
        address=str(path.resolve()),
        class_names=classes,
        provenance=Provenance(
            source=f"table {shown(path.name)}",
            checksum=f"sha256:{sha256(path)}",
            note=" ".join(notes),
        ),
    )


def _top(path: Path) -> tuple[list[str], list[str], str]:
    """Returns the first two rows and what stands between columns."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline()
        comma = delimiter(first)
        rows = csv.reader([first, file.readline()], delimiter=comma)
        header, row = [*rows, [], []][:2]
    return header, row, comma


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
