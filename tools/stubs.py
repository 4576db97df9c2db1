"""Writes the stubs of the parts that stand in for Keras's modules.

    python tools/stubs.py

Keras's names fall through at run time; a type checker needs each of them in a stub, or
it could not tell `layers.BatchNormalization` from a misspelling. Run this after a
change of an `__init__.py` beside a stub, and with a new release of Keras.
`tests/conformance/test_keras_names.py` fails where a stub differs.
"""

import ast
import importlib
from pathlib import Path

import keras

PACKAGE = Path(__file__).parents[1] / "keras_cnn"
PARTS = ("activations", "layers", "losses")


def path(part):
    """Returns where the stub of a part lies."""
    return PACKAGE / part / "__init__.pyi"


def head():
    """Returns the first line of each stub, which says what wrote it."""
    return f"# Made from Keras {keras.__version__} by tools/stubs.py, which says why."


def written(part):
    """Returns the stub of a part: Keras's names, ours, Keras's aliases of ours."""
    ours, theirs = importlib.import_module(f"keras_cnn.{part}"), getattr(keras, part)
    others = [name for name in dir(ours) if name not in ours.__all__]
    aliases = {
        name: next(own for own in ours.__all__ if getattr(ours, own) is found)
        for name in others
        if (found := getattr(ours, name)) is not getattr(theirs, name)
    }
    kept = [f"    {name} as {name}," for name in others if name not in aliases]
    return "\n".join(
        [
            head(),
            "# ruff: noqa: E501, I001",
            *([f"from keras.{part} import (", *kept, ")", ""] if kept else []),
            *_own_imports(part),
            "",
            *(f"{name} = {own}" for name, own in aliases.items()),
            *([""] if aliases else []),
            "__all__ = [",
            *(f'    "{name}",' for name in ours.__all__),
            "]",
            "",
        ]
    )


def _own_imports(part):
    """Returns the lines of `__init__.py` that import what is written by hand."""
    code = path(part).with_suffix(".py").read_text()
    for node in ast.parse(code).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield ast.get_source_segment(code, node)


if __name__ == "__main__":
    for part in PARTS:
        path(part).write_text(written(part))
