"""`keras-cnn evaluate`: a saved model on the test images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .._checks import InputError, one_line
from .._files import check_writable, shown
from ..runs.config import OPTIONS
from .console import out, print_warning, start_tensorflow
from .loading import load_model
from .options import AsJson, DataDir, Limit, ManualDir, ModelPath, Trust
from .preparing import Pixels, prepared, warn_at_chance, warn_if_only_resized

if TYPE_CHECKING:
    from ..runs.evaluation import Evaluation

# How many of the worst mistakes are printed.
_MISTAKES_SHOWN = 5


def evaluate(
    model: ModelPath,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="The data set whose test images to use. Defaults to the one that "
            "the model was trained on, else auto.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    manual_dir: ManualDir = None,
    limit: Limit = None,
    white: Annotated[
        float | None,
        typer.Option(help=OPTIONS["white"].help_text, show_default=False),
    ] = None,
    skip_damaged: Annotated[
        bool,
        typer.Option("--skip-damaged", help=OPTIONS["skip_damaged"].help),
    ] = False,
    pixels: Pixels = None,
    trust: Trust = False,
    out_folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="A folder to write evaluation.json to, with pictures of the "
            "confusion, of the worst mistakes, and of how reliable probabilities are.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Test a saved model: its accuracy, each class, calibration, worst mistakes."""
    if out_folder is not None:
        check_writable("out", out_folder)
    start_tensorflow()
    from ..data import load
    from ..runs import evaluate_split
    from ..runs.evaluation import evaluation_of
    from ..runs.evaluation_folder import write_evaluation
    from .datasets import (
        noted_name,
        print_summary,
        quiet_tfds,
        reading_shown,
        warn_if_changed,
    )

    predictor = prepared(load_model(model, trust=trust), pixels=pixels)
    known = predictor.metadata
    quiet_tfds()
    name = dataset or noted_name(known.data)
    with reading_shown() as progress:
        images = load(
            name,
            data_dir=data_dir,
            manual_dir=manual_dir,
            image_size=predictor.image_shape[:2],
            white=white,
            skip_damaged=skip_damaged,
            hold_out=False,
            progress=progress,
        )
    if dataset is None:
        warn_if_changed(known.data, images)
    warn_if_only_resized(predictor, images)
    is_whole = images.test is images.train
    if is_whole and images.provenance.checksum == known.data.get("checksum"):
        images = images.held_out()  # the rest it was trained on
    if images.provenance.note:
        print_warning(images.provenance.note)
    images = images.limited(limit)
    if images.image_shape != predictor.image_shape:
        raise InputError(
            f"The images must have the model's shape, {predictor.image_shape}. "
            f"Received: {images.name} with {images.image_shape}."
        )
    if len(images.class_names) != len(predictor.labels):
        raise InputError(
            f"The data set must have the model's {len(predictor.labels)} classes. "
            f"Received: {images.name} with {len(images.class_names)}."
        )
    if known.class_names and known.class_names != images.class_names:
        raise InputError(
            "The data set must have the model's classes, "
            f"{', '.join(known.class_names)}. Received: {images.name} with "
            f"{', '.join(images.class_names)}."
        )
    normalize = predictor.preparation.normalize
    scores = evaluate_split(predictor.probabilities, images.test, normalize)
    if scores.is_at_chance:
        warn_at_chance(scores.accuracy)
    evaluation = evaluation_of(
        scores, images.class_names, getattr(images.test, "files", None)
    )
    content = {"dataset": images.name, **evaluation.to_dict()}
    if out_folder is not None:
        write_evaluation(content, evaluation, scores, images, out_folder)
    if as_json:
        print(json.dumps(content, indent=2))
        return
    print_summary(images)
    _print_classes(evaluation)
    _print_mistakes(evaluation)
    low, high = evaluation.interval
    out.print(f"Calibration error: {evaluation.calibration_error:.4f}")
    out.print(f"95% interval of the accuracy: {low:.4f} to {high:.4f}")
    out.print(f"Test accuracy: {evaluation.accuracy:.4f}")


def _print_classes(evaluation: Evaluation) -> None:
    """Prints a line for each class of which there are images."""
    width = max(5, *(len(scores.name) for scores in evaluation.classes))
    out.print(f"{'class':>{width}}   recall  precision      F1  images")
    for scores in evaluation.classes:
        if scores.images:
            out.print(
                f"{scores.name:>{width}}  {scores.recall:7.2%}  "
                f"{scores.precision:9.2%}  {scores.f1:6.4f}  {scores.images:6,}"
            )


def _print_mistakes(evaluation: Evaluation) -> None:
    for mistake in evaluation.mistakes[:_MISTAKES_SHOWN]:
        image = (
            f"Image {mistake.position:,}"
            if mistake.file is None
            else shown(mistake.file)
        )
        line = (
            f"{image} of class {mistake.label} was taken for {mistake.predicted} "
            f"({mistake.probability:.2%})"
        )
        out.print(one_line(line))
