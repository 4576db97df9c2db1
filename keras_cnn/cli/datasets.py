"""What is said of a data set, and which one a model was trained on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.text import Text

from .._checks import InputError
from .console import err, out

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
    """Returns the name of the data set that a model was trained on, or `auto`."""
    source = data.get("source", "")
    if source and not source.startswith(("tfds", "scikit-learn")):
        raise InputError(
            "A data set of your own must be named with --dataset. "
            f"Received: a model that was trained on {source}."
        )
    return str(data.get("name", "auto"))
