"""The model of a run that is not the article's: where it comes from."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np

from .._checks import InputError, did_you_mean, first_line
from .._files import sha256
from ..models.copying import hand_over
from ..saving.classifier import image_shape
from ..saving.loading import load_model
from .choices import APPLICATION, ARTICLE
from .config import RunConfig
from .folder import INITIAL, read_origin

Shape: TypeAlias = tuple[int, int, int]

# What a user may give in Python: a model, or a function of (image_shape, num_classes).
OwnModel: TypeAlias = keras.Model | Callable[[Shape, int], keras.Model]


@dataclass(frozen=True, eq=False)
class ModelSource:
    """Where the model of a run comes from.

    Attributes:
        name: What messages call it.
        make: From image shape and number of classes to a model.
        image_shape: Of the images that it takes; None where it is made for any.
        origin: What the run's record says of it.
    """

    name: str
    make: Callable[[Shape, int], Any]
    image_shape: Shape | None = None
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def image_size(self) -> tuple[int, int] | None:
        """(height, width) of the images that it takes; None where it takes any."""
        return self.image_shape[:2] if self.image_shape else None

    def built(self, shape: Shape, num_classes: int) -> keras.Model:
        """Returns the model, built for images of a shape.

        Raises:
            InputError: If it cannot be made, or is made for other images.
        """
        try:
            model = self.make(shape, num_classes)
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                "A function for `model` must return a Keras model of an image shape "
                f"and a number of classes. Received: {self.name}, which raised "
                f"{type(error).__name__} ({first_line(error)})."
            ) from error
        if not isinstance(model, keras.Model):
            raise InputError(
                "A function for `model` must return a Keras model. "
                f"Received: {self.name}, which returned {type(model).__name__}."
            )
        if not model.built:
            _build(model, shape, self.name)
        taken = image_shape(model)
        if taken != shape:
            height, width, channels = taken
            colors = "gray" if channels == 1 else "RGB"
            fix = (
                f" Give --image-size {height}x{width}."
                if taken[2] == shape[2]
                else f" Bring the images to {colors}, or the model to theirs."
            )
            raise InputError(
                f"The images must have the shape that the model takes, {taken}. "
                f"Received: {self.name}, and images of shape {shape}.{fix}"
            )
        return model


def find_source(config: RunConfig, given: OwnModel | None = None) -> ModelSource | None:
    """Returns where a run's model comes from; None for the article's.

    A file is read and a function imported here, before any data are.

    Args:
        config: What the run is asked to do.
        given: A model or a function in place of `config.model`. Defaults to `None`.

    Raises:
        InputError: If there is no such file or function, or the file cannot be loaded.
    """
    if isinstance(given, keras.Model):
        shape = image_shape(given) if given.built else None
        return ModelSource(
            given.name,
            lambda *_: with_new_weights(given) if config.fresh else given,
            shape,
            {"model": "given in Python"},
        )
    if given is not None:
        name = f"{given.__module__}:{getattr(given, '__qualname__', given)}"
        return ModelSource(name, given, None, {"function": name})
    if config.model == ARTICLE:
        return None
    if config.model.endswith(".keras"):
        return _from_file(Path(config.model).expanduser(), fresh=config.fresh)
    if config.model.startswith(APPLICATION):
        return _from_application(config.model)
    return _from_function(config.model)


def resumed_source(
    folder: Path,
    config: RunConfig,
    given: OwnModel | None = None,
    *,
    note: Callable[[str], None],
) -> ModelSource | None:
    """Returns where the model of a run that is resumed comes from.

    It is the one that the run's folder holds. A class of one's own, which no file
    holds, is made by the function of the run once more.

    Args:
        folder: The run's folder.
        config: What it was asked to do.
        given: As `find_source` takes it. Defaults to `None`.
        note: Is called with a sentence where that function has changed.

    Raises:
        InputError: If it can be had neither way.
    """
    if given is not None or config.model == ARTICLE:
        return find_source(config, given)
    try:
        return _from_file(folder / INITIAL, fresh=False)
    except InputError as error:
        if ":" not in config.model:
            raise InputError(
                "A run whose model cannot be loaded from its folder must be resumed "
                f"from Python, with `model`. Received: {error}"
            ) from error
    source = find_source(config)
    if source and source.origin.get("sha256") != read_origin(folder).get("sha256"):
        note(f"The source of {config.model} has changed since the run began.")
    return source


def with_new_weights(model: keras.Model) -> keras.Model:
    """Returns a model of the same configuration with weights drawn anew.

    What a layer has measured on data, such as the mean of a `Normalization`, is kept.

    Raises:
        InputError: If the model has no configuration to make it from.
    """
    try:
        fresh: keras.Model = type(model).from_config(model.get_config())
    except Exception as error:
        raise InputError(
            "A model for new weights must be one that Keras can make from its "
            f"configuration. Received: {model.name} ({first_line(error)})."
        ) from error
    for old, new in zip(model._flatten_layers(), fresh._flatten_layers(), strict=True):
        hand_over(old, new)
    return fresh


def _from_file(path: Path, *, fresh: bool) -> ModelSource:
    model = load_model(path, compile=False)
    return ModelSource(
        str(path),
        lambda *_: with_new_weights(model) if fresh else model,
        image_shape(model),
        {"file": str(path.resolve()), "sha256": sha256(path), "fresh": fresh},
    )


def _from_application(words: str) -> ModelSource:
    name = words.removeprefix(APPLICATION)
    known = {
        each: application
        for each, application in vars(keras.applications).items()
        if each[0].isupper()
    }
    if name not in known:
        raise InputError(
            "`model` must name one of keras.applications after `keras:`. "
            f"Received: model={words!r}.{did_you_mean(name, known)}"
        )

    def make(shape: Shape, num_classes: int) -> Any:
        # Weights come from `init`: those of ImageNet would have to be fetched.
        return known[name](input_shape=shape, weights=None, classes=num_classes)

    return ModelSource(words, make, None, {"application": name})


def _from_function(words: str) -> ModelSource:
    module_name, _, name = words.partition(":")
    rule = "`model` must name a function that can be imported from the current folder"
    with current_folder_importable():
        try:
            module = importlib.import_module(module_name)
        except Exception as error:
            raise InputError(
                f"{rule}. Received: model={words!r} ({type(error).__name__}: "
                f"{first_line(error)})."
            ) from error
    function = getattr(module, name, None)
    if not callable(function):
        known = [each for each, value in vars(module).items() if callable(value)]
        raise InputError(
            f"{rule}. Received: model={words!r}, and {module_name} has no such "
            f"function.{did_you_mean(name, known)}"
        )

    def make(shape: Shape, num_classes: int) -> Any:
        with current_folder_importable():
            return function(shape, num_classes)

    origin = {"function": words}
    source = getattr(module, "__file__", None)
    if source:
        origin |= {"source": source, "sha256": sha256(Path(source))}
    return ModelSource(words, make, None, origin)


@contextmanager
def current_folder_importable() -> Iterator[None]:
    """Lets modules of the current folder be imported, as `python -m` does."""
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)


def _build(model: keras.Model, shape: Shape, name: str) -> None:
    try:
        model(np.zeros((1, *shape), np.float32), training=False)
    except Exception as error:
        raise InputError(
            f"A model must take images of shape {shape}. "
            f"Received: {name} ({type(error).__name__}: {first_line(error)})."
        ) from error
