"""Weights to begin with, from another run or file: all that fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import keras
import numpy as np

from .._checks import InputError, first_line
from .._files import check_file
from ..saving.loading import load_model
from ..saving.metadata import MODEL

WEIGHTS = ".weights.h5"


@dataclass(frozen=True)
class Taken:
    """Which layers of a model have begun with weights from elsewhere.

    Attributes:
        layers: The names of those that have.
        left: Those that have not, with the shapes of their weights.
    """

    layers: tuple[str, ...]
    left: tuple[str, ...]


def find_weights(path: str) -> Path:
    """Returns the file of weights that a path means, before anything is read.

    Raises:
        InputError: If there is none.
    """
    file = Path(path).expanduser()
    if file.is_dir():
        kept = [file / MODEL, file / f"model{WEIGHTS}"]
        file = next((each for each in kept if each.is_file()), kept[0])
    check_file(file, "The weights to begin with")
    if not file.name.endswith((".keras", WEIGHTS)):
        raise InputError(
            "`init` must be a run's folder, a .keras file, or a .weights.h5 file. "
            f"Received: init={path!r}."
        )
    return file


def take_weights(model: keras.Model, file: Path) -> Taken:
    """Gives a model the weights of another, layer by layer, wherever they fit.

    Layers are paired in their order, if they are of one class and their weights of one
    shape: names differ from program to program. A `.weights.h5` file has no layers to
    be compared, and Keras pairs by class and number.

    Args:
        model: The built model, changed in place.
        file: What `find_weights` returned.

    Raises:
        InputError: If no layer's weights fit, or the file cannot be read.
    """
    layers = _layers_with_weights(model)
    if file.suffix == ".keras":
        taken = _from_model(layers, load_model(file, compile=False))
    else:
        taken = _from_weights(model, layers, file)
    left = tuple(
        f"{layer.name} ({', '.join(str(tuple(each.shape)) for each in layer.weights)})"
        for layer in layers
        if layer.name not in taken
    )
    if not taken:
        raise InputError(
            "`init` must have weights for at least one layer of the model. Received: "
            f"init={str(file)!r}, where none fits {', '.join(left)}."
        )
    return Taken(tuple(taken), left)


def _from_model(layers: Sequence[keras.layers.Layer], other: keras.Model) -> list[str]:
    others = _layers_with_weights(other)
    matcher = SequenceMatcher(
        None, list(map(_form, others)), list(map(_form, layers)), autojunk=False
    )
    taken = []
    for begin, here, count in matcher.get_matching_blocks():
        for offset in range(count):
            layer = layers[here + offset]
            layer.set_weights(others[begin + offset].get_weights())
            taken.append(layer.name)
    return taken


def _from_weights(
    model: keras.Model, layers: Sequence[keras.layers.Layer], file: Path
) -> list[str]:
    before = [layer.get_weights() for layer in layers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what does not fit, which is listed
            model.load_weights(file, skip_mismatch=True)
    except Exception as error:
        raise InputError(
            "`init` must be a file of weights that Keras can read. "
            f"Received: init={str(file)!r} ({first_line(error)})."
        ) from error
    return [
        layer.name
        for layer, weights in zip(layers, before, strict=True)
        if not all(map(np.array_equal, layer.get_weights(), weights))
    ]


def _layers_with_weights(model: keras.Model) -> list[keras.layers.Layer]:
    """Returns the layers in their order, those of nested models in their place."""
    found: list[keras.layers.Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += _layers_with_weights(layer)
        elif layer.weights:
            found.append(layer)
    return found


def _form(layer: keras.layers.Layer) -> tuple[object, ...]:
    shapes = tuple(tuple(weight.shape) for weight in layer.weights)
    return (type(layer).__name__, shapes)
