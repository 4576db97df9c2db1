"""`keras-cnn evaluate`: a saved model on the test images."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .._checks import InputError
from .console import out, print_warning, start_tensorflow
from .options import AsJson, DataDir, Limit, ManualDir, ModelPath, Trust
from .preparing import Pixels, prepared, warn_at_chance


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
    pixels: Pixels = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Test a saved model: its accuracy, and how often each class is recognized."""
    start_tensorflow()
    from .. import prediction
    from ..data import load
    from ..runs import evaluate_split
    from .datasets import noted_name, print_summary, quiet_tfds, reading_shown

    predictor = prepared(prediction.load(model, trust=trust), pixels=pixels)
    known = predictor.metadata
    quiet_tfds()
    name = dataset or noted_name(known.data)
    with reading_shown() as progress:
        images = load(
            name,
            data_dir=data_dir,
            manual_dir=manual_dir,
            image_size=predictor.image_shape[:2],
            hold_out=False,
            progress=progress,
        )
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
    by_class = {
        name: float((scores.predicted == label)[scores.labels == label].mean())
        for label, name in enumerate(images.class_names)
        if label in scores.labels
    }
    if as_json:
        content = {
            "dataset": images.name,
            "test_images": len(scores.labels),
            "test_accuracy": scores.accuracy,
            "recognised": by_class,
        }
        print(json.dumps(content, indent=2))
        return
    print_summary(images)
    width = max(map(len, by_class))
    for name, share in by_class.items():
        out.print(f"{name:>{width}}  {share:7.2%}  {'█' * round(share * 40)}")
    out.print(f"Test accuracy: {scores.accuracy:.4f}")
