"""`keras-cnn predict`: labels for image files."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .._checks import one_line
from .console import out, start_tensorflow
from .options import AsJson, ModelPath, Trust
from .preparing import Pixels, Prepare, Raw, prepared


def predict(
    model: ModelPath,
    images: Annotated[
        list[str],
        typer.Argument(
            help="PNG, JPEG or other image files of any size and color.",
            metavar="IMAGE...",
            show_default=False,
        ),
    ],
    prepare: Prepare = None,
    pixels: Pixels = None,
    raw: Raw = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Classify images: the label, its probability, and the runner-up."""
    start_tensorflow()
    from ..prediction import load

    predictor = prepared(load(model, trust=trust), prepare, pixels, raw=raw)
    predictions = predictor.predict(predictor.read(images))
    if as_json:
        rows = [
            {"image": path, **prediction.to_dict()}
            for path, prediction in zip(images, predictions, strict=True)
        ]
        print(json.dumps(rows, indent=2))
        return
    for path, prediction in zip(images, predictions, strict=True):
        out.print(
            one_line(
                f"{path}: {prediction.label} ({prediction.probability:.2%}), then "
                f"{prediction.runner_up} ({prediction.runner_up_probability:.2%})"
            )
        )
