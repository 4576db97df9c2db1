"""`keras-cnn evaluate`: a saved model on the test images."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .._checks import InputError
from .console import out, start_tensorflow
from .options import AsJson, DataDir, Limit, ManualDir, ModelPath, Trust


def evaluate(
    model: ModelPath,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="The data set whose test images to use. Defaults to the one noted "
            "beside the model, else auto.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    manual_dir: ManualDir = None,
    limit: Limit = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Test a saved model: its accuracy, and how often each class is recognised."""
    start_tensorflow()
    from ..data import load
    from ..runs import score
    from .datasets import noted_name, print_summary, quiet_tfds
    from .models import open_model

    opened = open_model(model, trust=trust)
    predictor = opened.predictor
    quiet_tfds()
    name = dataset or noted_name(opened.data)
    images = load(
        name,
        data_dir=data_dir,
        manual_dir=manual_dir,
        image_size=predictor.image_shape[:2],
    ).limited(limit)
    if images.image_shape != predictor.image_shape:
        raise InputError(
            f"The images must have the model's shape, {predictor.image_shape}. "
            f"Received: {images.name} with {images.image_shape}."
        )
    if len(images.class_names) != len(predictor.class_names):
        raise InputError(
            f"The data set must have the model's {len(predictor.class_names)} classes. "
            f"Received: {images.name} with {len(images.class_names)}."
        )
    if opened.class_names and opened.class_names != images.class_names:
        raise InputError(
            "The data set must have the model's classes, "
            f"{', '.join(opened.class_names)}. Received: {images.name} with "
            f"{', '.join(images.class_names)}."
        )
    scores = score(predictor.probabilities, images.test)
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
