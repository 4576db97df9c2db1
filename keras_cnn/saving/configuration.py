"""What the configuration in a `.keras` file may name: parts of a network alone.

Keras makes whatever class a configuration names, and calls it with arguments from the
file. Here a name must be in the table of what Keras has for networks, or registered by
the running program, and it must be found there in the one way that Keras looks it up.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from .keras_objects import CLASSES, FUNCTIONS

# The most values, at any depth, that a configuration may hold. The largest of Keras's
# applications have a tenth of it.
_MOST_VALUES = 1_000_000

# The largest of Keras's applications has 1,041 layers.
_LAYERS = "keras.layers"
_MOST_LAYERS = 3_000

# Arguments of metrics that say how much memory they take, or its square root.
_MOST = {"num_classes": 4_096, "num_thresholds": 10_000}

# Classes that run another program than a network of Keras's layers.
_PROGRAMS = {
    "__lambda__": "a pickled function, which runs code of its own",
    "Lambda": "a Lambda layer, which runs code of its own",
    "TFSMLayer": "a TFSMLayer, which loads a SavedModel, a program of its own",
    "TorchModuleWrapper": "a TorchModuleWrapper, which loads a pickle",
    "JaxLayer": "a JaxLayer, which runs code of its own",
    "FlaxLayer": "a FlaxLayer, which runs code of its own",
}

# Values that JSON does not have, as Keras writes them.
_VALUES = frozenset(
    """
    __bytes__ __ellipsis__ __keras_tensor__ __numpy__ __slice__ __tensor__
    """.split()
)
# An array of any other type could be of a gigabyte for each of its items.
_DTYPES = frozenset(
    """
    bool int8 int16 int32 int64 uint8 uint16 uint32 uint64
    float16 float32 float64 bfloat16 float8_e4m3fn float8_e5m2 string
    """.split()
)

# Where Keras looks up a function of which only the name was noted.
_BUILTINS = frozenset().union(*FUNCTIONS.values())


class Refused(Exception):
    """Why a file is not loaded, as the end of a sentence."""


def check_configuration(config: Any, registered: Callable[[str], Any]) -> None:
    """Raises unless every object that a configuration describes is part of a network.

    Args:
        config: A model's configuration, or part of it.
        registered: Gives the class or function that the running program has registered
            with Keras under a name such as `keras_cnn>Conv2D`; None without one.

    Raises:
        Refused: Says what it names.
    """
    layers = 0
    for described in objects(config):
        layers += "inbound_nodes" in described or described.get("module") == _LAYERS
        if layers > _MOST_LAYERS:
            raise Refused(f"it has more than {_MOST_LAYERS:,} layers")
        _check_object(described, registered)
        _check_calls(described)


def objects(config: Any) -> Iterator[dict[str, Any]]:
    """Yields every object that a configuration describes, at any depth.

    Raises:
        Refused: If it holds too many values.
    """
    waiting, values = [config], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            inside = list(value.values())
        elif isinstance(value, list):
            inside = value
        else:
            continue
        values += len(inside)
        if values > _MOST_VALUES:
            raise Refused(f"its configuration holds more than {_MOST_VALUES:,} values")
        waiting.extend(inside)


def _check_object(described: dict[str, Any], registered: Callable[[str], Any]) -> None:
    name = described["class_name"]
    if not isinstance(name, str):
        raise Refused("its configuration has a class name that is not text")
    if name in _PROGRAMS:
        raise Refused(f"it holds {_PROGRAMS[name]}")
    if name in _VALUES:
        _check_value(described.get("config"))
        return
    # An object without a module is looked up by older rules, which find functions.
    if "module" not in described or "config" not in described:
        raise Refused(f"it describes {name} without its module or configuration")
    if name == "function":
        _check_function(described, registered)
    else:
        _check_class(described, registered)


def _check_class(described: dict[str, Any], registered: Callable[[str], Any]) -> None:
    module, name = described["module"], described["class_name"]
    alias = described.get("registered_name", name)
    own = registered(alias) if isinstance(alias, str) else None
    if own is not None:
        if not inspect.isclass(own):
            raise Refused(f"it names {alias}, which is not a class")
        return
    if name not in CLASSES.get(str(module), ()) or alias not in (None, name):
        raise _not_part(module, name)
    config = described["config"]
    if isinstance(config, dict) and isinstance(config.get("vocabulary"), str):
        raise Refused(f"its {name} reads the file {config['vocabulary']!r}")
    for argument, most in _MOST.items() if module == "keras.metrics" else ():
        value = config.get(argument) if isinstance(config, dict) else None
        if value is not None and not (isinstance(value, int) and 0 < value <= most):
            raise Refused(f"its {name} has {argument}={value!r}, more than {most:,}")


def _check_function(
    described: dict[str, Any], registered: Callable[[str], Any]
) -> None:
    module, name = described["module"], described["config"]
    alias = described.get("registered_name")
    if not isinstance(name, str):
        raise Refused("its configuration has a function whose name is not text")
    own = registered(name)
    if own is not None:
        if inspect.isclass(own):
            raise Refused(f"it names {name}, which is not a function")
        return
    names = _BUILTINS if module == "builtins" else FUNCTIONS.get(str(module), ())
    if name not in names or alias not in (None, name):
        raise _not_part(module, name)


def _check_calls(described: dict[str, Any]) -> None:
    """Raises if a layer is called on no other's output: Keras would run it at once."""
    nodes = described.get("inbound_nodes")
    for node in nodes if isinstance(nodes, list) else ():
        if all(one["class_name"] != "__keras_tensor__" for one in objects(node)):
            raise Refused(f"it calls {described['class_name']} on no input")


def _check_value(config: Any) -> None:
    dtype = config.get("dtype", "float32") if isinstance(config, dict) else "float32"
    if dtype not in _DTYPES:
        raise Refused(f"its configuration has an array of type {dtype!r}")


def _not_part(module: Any, name: str) -> Refused:
    return Refused(f"it names {module}.{name}, which is not part of a network")
