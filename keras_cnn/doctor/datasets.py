"""What a saved model is diagnosed on: arrays from a file, or a data set of images."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from .._checks import InputError
from .._images import scale
from ..data import ArraySplit, load
from ..data.file_split import file_errors
from ..data.npz import read_npz
from ..saving.input_pixels import likely_preparation
from .program.outputs import loss_kind

# What is drawn of a data set too large for memory: as much as a diagnosis gets through.
STREAMED = 10_000


@dataclass(frozen=True, eq=False)
class DiagnosisData:
    """What a model is diagnosed on.

    Attributes:
        x: Inputs, as `diagnose` takes them.
        y: Targets, likewise.
        validation: Inputs and targets that are not trained on; None without.
    """

    x: Any
    y: Any
    validation: tuple[Any, Any] | None = None


def read_arrays(path: Path, model: keras.Model) -> DiagnosisData:
    """Reads arrays from an `.npz` file, never running what it may hold.

    Args:
        path: A file with `x` and `y`, or `x_train` and `y_train` and perhaps `x_test`
            and `y_test`, or an array for each input and output of the model.
        model: The model.

    Raises:
        InputError: If it is not such a file.
    """
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise InputError(f"`data` must be an .npz file. Received: data={str(path)!r}.")
    arrays = read_npz(path)
    for x, y in (("x_train", "y_train"), ("x", "y")):
        if x in arrays and y in arrays:
            held_out = "x_test" in arrays and "y_test" in arrays
            validation = (arrays["x_test"], arrays["y_test"]) if held_out else None
            return DiagnosisData(arrays[x], arrays[y], validation)
    inputs = [tensor.name for tensor in getattr(model, "inputs", None) or []]
    outputs = list(getattr(model, "output_names", None) or [])
    if inputs and outputs and {*inputs, *outputs} <= arrays.keys():
        return DiagnosisData(
            [arrays[name] for name in inputs], [arrays[name] for name in outputs]
        )
    raise InputError(
        "`data` must hold x and y, or x_train and y_train, or one array for each of "
        f"the model's inputs and outputs ({', '.join((*inputs, *outputs))}). "
        f"Received: data={str(path)!r} with {', '.join(sorted(arrays)) or 'nothing'}."
    )


def read_images(
    name: str,
    model: keras.Model,
    *,
    data_dir: str | None = None,
    manual_dir: str | None = None,
    limit: int | None = None,
) -> DiagnosisData:
    """Loads images as `keras-cnn train` feeds them, with labels as the loss takes them.

    Args:
        name: A data set, as `keras_cnn.data.load` takes it.
        model: The model; images are resized to its input.
        data_dir: As `load` takes it. Defaults to `None`.
        manual_dir: As `load` takes it. Defaults to `None`.
        limit: How many images of each split to use. Defaults to `None`, for all, or
            10,000 of a set too large for memory.
    """
    shape: Any = getattr(model, "input_shape", ())
    size = shape[1:3] if len(shape) == 4 and None not in shape[1:3] else None
    images = load(name, data_dir=data_dir, manual_dir=manual_dir, image_size=size)
    if limit is None and not isinstance(images.train, ArraySplit):
        limit = STREAMED
    images = images.limited(limit)
    classes = len(images.class_names)
    kind, _ = loss_kind(getattr(model, "loss", None))
    one_hot = kind != "sparse" and model.output_shape[-1] > 1

    # A model that scales pixels itself is given pixels.
    normalize = likely_preparation(model).normalize if size else scale

    def arrays(split: Any) -> tuple[Any, Any]:
        if isinstance(split, ArraySplit):
            pixels, labels = normalize(split.images), split.labels
        else:
            batches = split.batches(256, normalize=normalize).as_numpy_iterator()
            with file_errors():
                pixels, labels = map(np.concatenate, zip(*batches, strict=True))
        rows = np.eye(classes, dtype="float32")[labels]
        return pixels, rows if one_hot else labels

    return DiagnosisData(*arrays(images.train), validation=arrays(images.test))
