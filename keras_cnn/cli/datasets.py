"""What is said of a data set, and which one a model was trained on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from .._checks import InputError
from .console import err, out, print_warning

if TYPE_CHECKING:
    from ..data import ImageDataset


def print_summary(dataset: ImageDataset) -> None:
    """Prints a data set's name, origin, sizes and shape in one line."""
    splits = dataset.splits
    if dataset.train is dataset.test:
        del splits["train"]
    parts = ", ".join(f"{len(part):,} {name}" for name, part in splits.items())
    shape = "x".join(map(str, dataset.image_shape))
    origin = " ".join(
        word for word in (dataset.provenance.source, dataset.provenance.version) if word
    )
    out.print(
        f"{dataset.name} ({origin}): {parts}; {shape}, "
        f"{len(dataset.class_names)} classes"
    )


@contextmanager
def reading_shown() -> Iterator[Callable[[int, int], None]]:
    """Yields what shows, in a terminal, how many image files were looked at."""
    with err.status(Text("Reading ...")) as status:
        yield lambda done, total: status.update(
            Text(f"Reading image files: {done:,} of {total:,} ...")
        )


def quiet_tfds() -> None:
    """Leaves TFDS's progress bars to terminals: elsewhere they are pages of noise."""
    import tensorflow_datasets as tfds

    if not sys.stderr.isatty():
        tfds.disable_progress_bar()


def noted_name(data: Mapping[str, Any]) -> str:
    """Returns the name or path of the data set that a model was trained on, or `auto`.

    Raises:
        InputError: If it is one of your own, and is gone, or was not noted.
    """
    source, address = str(data.get("source", "")), str(data.get("address", ""))
    if not is_own(data):
        return str(data.get("name", "auto"))
    if not address:
        raise InputError(
            "A data set of your own must be named with --dataset. "
            f"Received: a model that was trained on {source}."
        )
    if not Path(address).exists():
        raise InputError(
            "The data set that a model was trained on must be where it was, or another "
            f"be named with --dataset. Received: {source}, which is gone from "
            f"{address!r}."
        )
    return address


def warn_if_changed(data: Mapping[str, Any], dataset: ImageDataset) -> None:
    """Says that a data set of your own is not what the model was trained on."""
    noted, found = data.get("checksum"), dataset.provenance.checksum
    if is_own(data) and noted and noted != found:
        print_warning(
            f"{dataset.name} has changed since the model was trained: its files have "
            "another checksum. Some of these images may be ones that it was trained on."
        )


def is_own(data: Mapping[str, Any]) -> bool:
    """Whether what a model notes of its data set says that it is one of your own."""
    source = str(data.get("source", ""))
    return bool(source) and not source.startswith(("tfds", "scikit-learn"))
