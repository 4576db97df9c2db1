"""Writes keras_cnn/saving/keras_objects.py: what a `.keras` file may name of Keras.

    python tools/keras_objects.py

The names come from Keras's own registry of its public API, and from the modules of the
operations, which have no public names. This file says which of them are parts of a
network; a class or function that Keras gains is refused until it is judged here.
"""

from __future__ import annotations

import importlib
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path

import keras
from keras.src import api_export

TABLE = Path(__file__).parents[1] / "keras_cnn" / "saving" / "keras_objects.py"

# Public modules whose classes are parts of a network, and what there is not.
CLASSES = {
    "keras": (),  # see MODELS
    "keras.constraints": ("Constraint",),
    "keras.dtype_policies": (),
    "keras.initializers": (),
    "keras.layers": (
        # These run, load or call what they are told to.
        *("FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper"),
        "Wrapper",  # a base class
    ),
    "keras.losses": (),
    "keras.metrics": (),
    "keras.optimizers": (),
    "keras.optimizers.schedules": ("LearningRateSchedule",),
    # Those of GPTQ and AWQ hold a data set and a tokenizer.
    "keras.quantizers": ("AWQConfig", "GPTQConfig", "QuantizationConfig"),
    "keras.random": (),
    "keras.regularizers": (),
}
MODELS = ("DTypePolicy", "FloatDTypePolicy", "Model", "Sequential")

# Public modules whose functions compute one tensor from others, and do nothing else.
FUNCTIONS = ("keras.activations", "keras.losses", "keras.metrics")
# But these make or describe other objects.
MAKERS = ("deserialize", "get", "serialize")

# Classes that Keras writes into files under the names of its own modules.
INTERNAL = {
    "keras.src.activations.activations": ("Mish", "ReLU"),
    "keras.src.applications.convnext": ("LayerScale", "StochasticDepth"),
    "keras.src.applications.inception_resnet_v2": ("CustomScaleLayer",),
    "keras.src.losses.losses": ("LossFunctionWrapper",),
    "keras.src.models.functional": ("Functional",),
}
OPERATIONS = tuple(
    f"keras.src.ops.{module}"
    for module in ("core", "einops", "image", "linalg", "math", "nn", "numpy")
)
# Operations that call functions which they are given.
CALLERS = {
    *("AssociativeScan", "Cond", "ForiLoop", "JVP", "Map", "Scan", "Switch"),
    *("VectorizedMap", "WhileLoop"),
}


def classes() -> dict[str, list[str]]:
    """Returns the names of the classes that are parts of a network, by module."""
    names = {
        module: [
            name
            for name, symbol in public(module)
            if isinstance(symbol, type) and name not in refused
        ]
        for module, refused in CLASSES.items()
    }
    names["keras"] = list(MODELS)
    names |= {module: list(inside) for module, inside in INTERNAL.items()}
    for module in OPERATIONS:
        names[module] = [
            name
            for name, symbol in vars(importlib.import_module(module)).items()
            if isinstance(symbol, type)
            and issubclass(symbol, keras.Operation)
            and symbol.__module__ == module
            and name not in CALLERS
        ]
    return names


def functions() -> dict[str, list[str]]:
    """Returns the names of the functions that only compute, by module."""
    return {
        module: [
            name
            for name, symbol in public(module)
            if isinstance(symbol, types.FunctionType) and name not in MAKERS
        ]
        for module in FUNCTIONS
    }


def public(module: str) -> Iterator[tuple[str, object]]:
    """Yields what Keras registers right below a public module."""
    for path, symbol in api_export.REGISTERED_NAMES_TO_OBJS.items():
        folder, _, name = path.rpartition(".")
        if folder == module:
            yield name, symbol


def written() -> str:
    """Returns the table as a module."""
    lines = [
        '"""The classes and functions of Keras that a `.keras` file may name.',
        "",
        "Made by tools/keras_objects.py, which says how.",
        '"""',
        "",
        f'MADE_FROM = "{keras.version()}"  # the release of Keras',
    ]
    for title, table in (("CLASSES", classes()), ("FUNCTIONS", functions())):
        lines += ["", f"{title}: dict[str, frozenset[str]] = {{"]
        for module, names in sorted(table.items()):
            words = textwrap.wrap(" ".join(sorted(names)), 80)
            lines += [f'    "{module}": frozenset(', '        """']
            lines += [f"        {line}" for line in words]
            lines += ['        """.split()', "    ),"]
        lines += ["}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(written())
