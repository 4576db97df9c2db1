"""What lets `from keras_cnn import layers` stand in for `from keras import layers`.

A `part` is "activations", "layers" or "losses": the package of that name here, and
Keras's module. A name that is written by hand here means ours, under Keras's aliases
too; every other public name means Keras's own. Configs are read in the same way.
"""

import functools
import importlib
from collections.abc import Callable
from typing import Any

import keras


def fall_through(part: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Returns the `__getattr__` and the `__dir__` of a part's package.

    Private names and names that Keras does not have raise the AttributeError that any
    module raises.
    """
    theirs = getattr(keras, part)

    def get_attribute(name: str) -> Any:
        if name.startswith("_") or not hasattr(theirs, name):
            raise AttributeError(f"module 'keras_cnn.{part}' has no attribute {name!r}")
        found = getattr(theirs, name)
        return _replacements(part).get(found, found)

    def list_names() -> list[str]:
        own = importlib.import_module(f"keras_cnn.{part}").__all__
        return sorted({*own, *(n for n in dir(theirs) if not n.startswith("_"))})

    return get_attribute, list_names


def get(part: str, identifier: Any) -> Any:
    """Returns what Keras's `get` returns for `identifier`, ours where it is ours.

    A callable or an object stays what it is.
    """
    theirs = getattr(keras, part).get(_with_ours(part, identifier, None))
    is_name = identifier is None or isinstance(identifier, str)
    return _replaced(part, theirs) if is_name else theirs


def deserialize(part: str, config: Any, custom_objects: Any) -> Any:
    """Returns what Keras's `deserialize` makes of `config`, ours where it is ours."""
    config_of_ours = _with_ours(part, config, custom_objects)
    theirs = getattr(keras, part).deserialize(config_of_ours, custom_objects)
    return _replaced(part, theirs) if isinstance(config, str) else theirs


@functools.cache
def _replacements(part: str) -> dict[Any, Any]:
    """Returns what is ours by what it replaces of Keras's."""
    ours, theirs = importlib.import_module(f"keras_cnn.{part}"), getattr(keras, part)
    return {
        getattr(theirs, name): getattr(ours, name)
        for name in ours.__all__
        if hasattr(theirs, name)
    }


def _replaced(part: str, theirs: Any) -> Any:
    """Returns ours for what Keras made of a name: a function, or a class's object."""
    if isinstance(theirs, keras.losses.Loss):
        cls = _replacements(part).get(type(theirs))
        return theirs if cls is None else cls()
    return _replacements(part).get(theirs, theirs)


def _with_ours(part: str, config: Any, custom_objects: Any) -> Any:
    """Returns a copy of `config` that names ours wherever it names Keras's.

    Where the caller has registered an object of that name, it names the caller's.
    """
    if type(config) in (list, tuple):
        return type(config)(_with_ours(part, c, custom_objects) for c in config)
    if not isinstance(config, dict):
        return config
    copy = {k: _with_ours(part, v, custom_objects) for k, v in config.items()}
    match config:
        case {"class_name": "function", "config": str(name)}:
            key = "config"
        case {"class_name": str(name), "config": _}:
            key = "registered_name"
        case _:
            return copy
    theirs = getattr(getattr(keras, part), name, None)
    if (
        theirs in _replacements(part)
        and config.get("module") in (f"keras.{part}", "builtins", None)
        and config.get("registered_name") in (None, name, "function")
        and keras.saving.get_registered_object(name, custom_objects) is None
    ):
        copy[key] = keras.saving.get_registered_name(_replacements(part)[theirs])
    return copy
