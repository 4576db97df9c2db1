"""Tables: image files with their labels, or pixels themselves, in CSV or JSON."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

from .._checks import InputError, first_line
from .._files import check_file, shown
from .dataset import ImageDataset, LocalSplit, Reading
from .folder import dataset_of_files
from .labels import class_labels
from .layout import walk
from .pixel_table import delimiter, is_pixel_table, load_pixel_table
from .split_names import part_named

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl")

# What columns of labels are called, the readable ones first.
_LABELS = (
    "class_name label_name label labels class category target y breed species "
    "diagnosis type name id"
).split()

# What columns of parts are called.
_PARTS = ("split", "set", "subset", "partition", "usage")

Row = dict[str, str]


def load_table(path: Path, reading: Reading) -> ImageDataset[LocalSplit]:
    """Returns the images that a table lists, or whose pixels it holds.

    The file's column is the one whose values name image files in the table's folder or
    below, with or without suffix; the label's is called `label` or the like, or is the
    only other one. A column `split` says which part an image belongs to.

    Args:
        path: A `.csv` or `.tsv` file with a header, `.jsonl`, or `.json` with a list of
            objects or one object of files and labels; or Kaggle's `label,pixel0,...`.
        reading: How the images are read.

    Raises:
        InputError: If columns cannot be told apart, files are missing, or images or
            labels break a rule.
    """
    check_file(path, "A table of images")
    if path.suffix.lower() in (".csv", ".tsv") and is_pixel_table(path):
        return load_pixel_table(path, reading)
    rows = _rows(path)
    index = _Files(path)
    column = _file_column(rows, index, path)
    part_column = _part_column(rows)
    texts = _labels(rows, {column, part_column}, path)
    files = [index.find(row[column]) or path.parent / row[column] for row in rows]
    _check_one_label(files, texts)
    parts = [
        part_named(row[part_column], loosely=True) or "train"
        if part_column
        else "train"
        for row in rows
    ]
    labels, classes, _ = class_labels({f"{shown(path)}": texts}, named=True)
    numbers = next(iter(labels.values())).tolist()
    notes = []
    if beside := len(index) - len(set(files)):
        notes.append(f"{beside:,} images beside the table are not in it.")
    listed = list(zip(parts, numbers, files, strict=True))
    return dataset_of_files(path, listed, classes, reading, notes)


class _Files:
    """The image files below a table's folder, by name and by name without suffix."""

    def __init__(self, table: Path) -> None:
        files, _ = walk(table.parent)
        self._root, self._part = table.parent, part_named(table.stem, loosely=True)
        self._files = len(files)
        self._named: dict[str, list[Path]] = defaultdict(list)
        for file in sorted(files):
            self._named[file.name].append(file)
            self._named[file.stem].append(file)

    def __len__(self) -> int:
        return self._files

    def knows(self, value: str) -> bool:
        """Whether a value names a file, or several."""
        return PurePosixPath(value.replace("\\", "/")).name in self._named

    def find(self, value: str) -> Path | None:
        """Returns the file that a value names; None if there is none.

        Of several, those in the folder called after the table's part are meant, as
        `train/1.jpg` by `train.csv`.

        Raises:
            InputError: If it names several.
        """
        named = PurePosixPath(value.replace("\\", "/"))
        direct = [
            file for file in self._named.get(named.name, ()) if _ends(file, named)
        ]
        found = direct or self._named.get(named.name, [])
        exact = [file for file in found if file == self._root / named]
        mine = [
            file
            for file in found
            if self._part
            and self._part in map(part_named, file.relative_to(self._root).parts[:-1])
        ]
        found = exact or (mine if len(found) > 1 and mine else found)
        if len(found) > 1:
            raise InputError(
                f"A file in a table must be one. Received: {value!r}, which may be "
                f"{shown(found[0])} or {shown(found[1])}."
            )
        return found[0] if found else None


def _ends(file: Path, named: PurePosixPath) -> bool:
    """Whether a file's path ends as a table has it, its suffix aside if it has none."""
    parts = file.parts[-len(named.parts) :]
    return parts[:-1] == named.parts[:-1] and parts[-1].startswith(named.name)


def _rows(path: Path) -> list[Row]:
    """Returns the rows as text by column."""
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix.lower() == ".json":
            rows = _from_json(json.loads(text))
        elif path.suffix.lower() == ".jsonl":
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            comma = delimiter(text.partition("\n")[0])
            rows = list(csv.DictReader(text.splitlines(), delimiter=comma))
        return [{str(k): _text(v) for k, v in row.items()} for row in rows]
    except (ValueError, AttributeError, TypeError, csv.Error) as error:
        raise InputError(
            "A table must be CSV with a header, JSON lines, or JSON with a list of "
            f"objects or an object of files and labels. Received: {shown(path)} "
            f"({first_line(error)})."
        ) from error


def _from_json(content: Any) -> list[dict[str, Any]]:
    """Returns rows of a list of objects, of columns, or of files with their labels."""
    if isinstance(content, list):
        return content
    values = list(content.values())
    if values and all(isinstance(value, list) for value in values):
        return [
            dict(zip(content, row, strict=True)) for row in zip(*values, strict=True)
        ]
    return [{"file": file, "label": label} for file, label in content.items()]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise TypeError("a value must be text or a number")
    return str(value).strip()


def _file_column(rows: list[Row], index: _Files, path: Path) -> str:
    """Returns the column whose values name files, and different ones in each row."""
    columns = list(rows[0]) if rows else []
    named = {
        column: (sum(map(index.knows, values)), len(set(values)))
        for column in columns
        for values in [[row[column] for row in rows]]
    }
    best = max(named.values(), default=(0, 0))
    found = [column for column in columns if named[column] == best and best[0]]
    if len(found) != 1:
        raise InputError(
            "A table of images must have one column that names files beside it. "
            f"Received: {shown(path)} with {', '.join(columns) or 'no rows'}, of which "
            f"{' and '.join(found) or 'none'} does."
        )
    return found[0]


def _part_column(rows: list[Row]) -> str | None:
    for column in rows[0]:
        if column.lower() in _PARTS and all(
            part_named(row[column], loosely=True) for row in rows
        ):
            return column
    return None


def _labels(rows: list[Row], taken: set[str | None], path: Path) -> list[str]:
    """Returns the label of each row: a column's text, or that of the only 1 in it."""
    columns = [column for column in rows[0] if column not in taken]
    named = sorted(
        (column for column in columns if column.lower() in _LABELS),
        key=lambda column: _LABELS.index(column.lower()),
    )
    if len(columns) == 1 or named:
        column = (named or columns)[0]
        texts = [row[column] for row in rows]
    elif columns and all(_one_hot(row, columns) for row in rows):
        texts = [max(columns, key=lambda column: float(row[column])) for row in rows]
    else:
        raise InputError(
            "A table of images must have a column `label`, or a column for each class "
            f"with a single 1. Received: {shown(path)} with {', '.join(rows[0])}."
        )
    if not all(texts):
        raise InputError(
            f"Each image in a table must have a label. Received: {shown(path)} with "
            f"{texts.count(''):,} rows without."
        )
    return texts


def _one_hot(row: Row, columns: list[str]) -> bool:
    try:
        values = [float(row[column]) for column in columns]
    except ValueError:
        return False
    return set(values) == {0, 1} and sum(values) == 1


def _check_one_label(files: list[Path], texts: list[str]) -> None:
    labels: dict[Path, str] = {}
    for file, text in zip(files, texts, strict=True):
        if labels.setdefault(file, text) != text:
            raise InputError(
                "An image in a table must have one label. Received: "
                f"{shown(file)} with {labels[file]!r} and {text!r}."
            )
