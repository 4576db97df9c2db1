"""Labels of any kind as numbers from 0, with a name for each class."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import InputError


def class_labels(
    columns: dict[str, Any], names: Any = None, *, named: bool = False
) -> tuple[dict[str, npt.NDArray[np.int64]], tuple[str, ...], list[str]]:
    """Returns the labels of each part as int64 in 0..n-1, and the names of the classes.

    Rule: text is the class's name, and so are numbers if `named`; classes are then
    sorted, numbers by their value. A row with a single 1 is one-hot. Other numbers
    are classes 0..n-1, or 1..n, and each has an image to train on unless `names` is
    given.

    Args:
        columns: The labels of each part, by what messages call them, those to train on
            first.
        names: The classes' names, in the order of the labels. Defaults to None: the
            labels themselves.
        named: Whether whole numbers are names, as in a table.

    Returns:
        The labels, the names, and what a reader should know.

    Raises:
        InputError: Names the labels and the rule that they break.
    """
    given = {name: _flat(column, name) for name, column in columns.items()}
    first, train = next(iter(given.items()))
    given_names = None if names is None else readable(names)
    if any(column.dtype.kind == "U" for column in given.values()) or named:
        texts = {name: _whole(column.astype(str)) for name, column in given.items()}
        return (*_by_name(texts, given_names), [])
    lowest = min(int(column.min()) for column in given.values())
    if lowest < 0:
        worst = next(name for name in given if given[name].min() == lowest)
        raise InputError(
            f"Labels must be >= 0. Received: {worst} with a label {lowest}."
        )
    present = np.unique(train)
    if lowest == 1 and len(present) == present[-1] == len(given_names or present):
        notes = [
            f"The labels begin at 1 ({first}): class 1 is output 0, as if 1 had been "
            "subtracted."
        ]
        shifted = {name: column - 1 for name, column in given.items()}
        return shifted, given_names or tuple(map(str, present.tolist())), notes
    if given_names is None:
        if len(present) != present[-1] + 1:
            absent = next(i for i, label in enumerate(present) if i != label)
            raise InputError(
                "Labels must be 0..n-1, or 1..n, with each class among the training "
                "images, unless `class_names` is given. "
                f"Received: {first} with a label {present[-1]} and none {absent}."
            )
        given_names = tuple(map(str, range(len(present))))
    return given, given_names, []


def readable(names: Any) -> tuple[str, ...]:
    r"""Returns names as text: bytes are UTF-8, as TensorFlow and HDF5 keep text.

    Example:
        >>> readable(np.array([b"caf\xc3\xa9", b"tea"]))
        ('café', 'tea')
    """
    return tuple(
        name.decode("utf-8", "backslashreplace")
        if isinstance(name, bytes)
        else str(name)
        for name in np.asarray(names).ravel().tolist()
    )


def _flat(given: Any, origin: str) -> npt.NDArray[Any]:
    """Returns one label an image: whole numbers, or text."""
    labels: npt.NDArray[Any] = np.asarray(given)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "biuf":
        labels = _from_one_hot(labels, origin)
    if labels.ndim != 1:
        raise InputError(
            "There must be one label for each image, or a row with a single 1. "
            f"Received: {origin} of shape {labels.shape}."
        )
    if labels.dtype.kind in "SU":
        return np.array(readable(labels), dtype=str)
    if labels.dtype.kind == "f" and (labels == np.rint(labels)).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "biu":
        raise InputError(
            "Labels must be integers, text or one-hot rows. "
            f"Received: {origin} of dtype {labels.dtype}."
        )
    return labels.astype(np.int64)


def _whole(texts: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Writes 3 for 3.0 where all are whole numbers: a spreadsheet made them floats."""
    if all(re.fullmatch(r"\d+\.0+", text) for text in texts.tolist()):
        return np.array([text.partition(".")[0] for text in texts.tolist()])
    return texts


def _from_one_hot(rows: npt.NDArray[Any], origin: str) -> npt.NDArray[Any]:
    one_hot = ((rows == 0) | (rows == 1)).all(axis=1) & (rows.sum(axis=1) == 1)
    if not one_hot.all():
        wrong = int(np.flatnonzero(~one_hot)[0])
        raise InputError(
            "Labels in rows must have a single 1, the rest 0. Received: "
            f"{origin}, whose row {wrong} is {rows[wrong].tolist()}."
        )
    return np.asarray(rows.argmax(axis=1))


def _by_name(
    columns: dict[str, npt.NDArray[Any]], names: tuple[str, ...] | None
) -> tuple[dict[str, npt.NDArray[np.int64]], tuple[str, ...]]:
    if names is None:
        names = tuple(sorted(set(next(iter(columns.values())).tolist()), key=_natural))
    numbers = {name: number for number, name in enumerate(names)}
    labels = {}
    for origin, column in columns.items():
        strange = sorted(set(column.tolist()) - numbers.keys())
        if strange:
            raise InputError(
                "Labels must be among the classes of the training images. "
                f"Received: {origin} with {strange[0]!r}, and the classes "
                f"{', '.join(names)}."
            )
        labels[origin] = np.array([numbers[name] for name in column], np.int64)
    return labels, names


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sorts 2 before 10, and numbers before words."""
    pieces = re.split(r"(\d+)", name)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces if p]
