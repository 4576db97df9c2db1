"""`keras-cnn predict`: what a saved model sees in image files."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .console import out, start_tensorflow
from .options import AsJson, ModelPath, Trust


def predict(
    model: ModelPath,
    images: Annotated[
        list[str],
        typer.Argument(
            help="PNG, JPEG or other image files of any size and colour.",
            metavar="IMAGE...",
            show_default=False,
        ),
    ],
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Only resize, where images are in the model's form already. Otherwise "
            "gray images are inverted if dark on light, cropped and centred as MNIST's "
            "were.",
        ),
    ] = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Classify images: the label, its probability, and the runner-up."""
    start_tensorflow()
    from .models import open_model

    predictor = open_model(model, trust=trust).predictor
    predictions = predictor.predict(predictor.read(images, raw=raw))
    if as_json:
        rows = [
            {"image": path, **prediction.to_dict()}
            for path, prediction in zip(images, predictions, strict=True)
        ]
        print(json.dumps(rows, indent=2))
        return
    for path, seen in zip(images, predictions, strict=True):
        out.print(
            f"{path}: {seen.label} ({seen.probability:.2%}), "
            f"then {seen.runner_up} ({seen.runner_up_probability:.2%})"
        )
