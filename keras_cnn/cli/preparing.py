"""How images are prepared: the options that override it, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Annotated

import typer

from .._checks import InputError, check_choice
from .._preparation import FITS, PIXELS
from .console import print_note, print_warning

if TYPE_CHECKING:
    from ..data import ImageDataset
    from ..prediction import Predictor


def _one_of(name: str, words: Collection[str]) -> Callable[[str | None], str | None]:
    """Returns a check of an option's value, made before any work starts."""

    def check(value: str | None) -> str | None:
        if value is not None:
            check_choice(name, value, tuple(words))
        return value

    return check


Prepare = Annotated[
    str | None,
    typer.Option(
        "--prepare",
        help="What becomes of an image of another size: "
        + "; ".join(f"{name}, {meaning}" for name, meaning in FITS.items())
        + ". Defaults to what was recorded when the model was trained or exported, "
        "else resize.",
        metavar="|".join(FITS),
        callback=_one_of("prepare", FITS),
        show_default=False,
    ),
]
Pixels = Annotated[
    str | None,
    typer.Option(
        "--pixels",
        help="What values the model takes; caffe and torch are those of "
        "keras.applications. Defaults to what was recorded, else to 0..255 for a model "
        "that scales them itself, and to 0..1 for others.",
        metavar="|".join(PIXELS),
        callback=_one_of("pixels", PIXELS),
        show_default=False,
    ),
]
# Spelt so until 0.1; accepted for one release.
Raw = Annotated[bool, typer.Option("--raw", hidden=True)]


def prepared(
    predictor: Predictor,
    prepare: str | None = None,
    pixels: str | None = None,
    *,
    raw: bool = False,
) -> Predictor:
    """Returns a classifier with images prepared as the options say.

    Raises:
        InputError: If an option has another value, or is not for the model's images.
    """
    if raw and prepare not in (None, "resize"):
        raise InputError(
            f"`raw` means --prepare resize. Received: --raw --prepare {prepare}."
        )
    chosen = predictor.prepared("resize" if raw else prepare, pixels)
    say_prepared(chosen)
    return chosen


def say_prepared(predictor: Predictor) -> None:
    """Says on stderr how images are prepared, unless it is as was recorded."""
    recorded = predictor.metadata.preparation
    if recorded is None:
        print_note(
            "How images were prepared in training is not recorded. Taken: "
            f"{predictor.preparation} (--prepare and --pixels change that)."
        )
    elif predictor.preparation != recorded:
        print_note(f"Instead of {recorded}, images are {predictor.preparation}.")


def warn_if_only_resized(predictor: Predictor, dataset: ImageDataset) -> None:
    """Says that images of a folder or table were not prepared as by `predict`.

    They are resized, as for training.
    """
    fitting = predictor.preparation.fitting
    of_files = dataset.provenance.source.startswith(("folder ", "table "))
    if of_files and fitting != "resize":
        print_warning(
            f"The images of {dataset.name} are resized, and the model's are prepared "
            f"otherwise ({fitting}: {FITS[fitting]}). `keras-cnn predict` prepares "
            "them so, and may classify them better."
        )


def warn_at_chance(accuracy: float) -> None:
    """Says loudly that a model does no better than one that ignores its images."""
    print_warning(
        f"An accuracy of {accuracy:.2%} is no better than always naming the most "
        "frequent class. If the model was better in training, its images were prepared "
        "otherwise there: try --pixels 0..255 or another of its values."
    )
