"""Whoever holds a public result can import the type of whatever is in it."""

import ast
import dataclasses
import importlib
import inspect
import sys
import types
import typing

import pytest

import keras_cnn

PARTS = [
    importlib.import_module(f"keras_cnn.{name}")
    for name in keras_cnn.__all__
    if isinstance(getattr(keras_cnn, name), types.ModuleType)
]
PUBLIC = {
    f"{part.__name__}.{name}": getattr(part, name)
    for part in PARTS
    for name in getattr(part, "__all__", dir(part))
}
EXPORTED = {
    *(id(value) for value in PUBLIC.values()),
    *(id(getattr(keras_cnn, name)) for name in keras_cnn.__all__),
}


def named_in(annotation, module):
    """Yields what the names in an annotation stand for, imported for types or not."""
    if not isinstance(annotation, str):
        yield annotation
        if typing.get_origin(annotation) is not typing.Literal:
            for argument in typing.get_args(annotation):
                yield from named_in(argument, module)
        return
    for node in ast.walk(ast.parse(annotation, mode="eval")):
        if isinstance(node, ast.Name):
            yield getattr(module, node.id, None) or imported_for_types(node.id, module)


def imported_for_types(name, module):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and node.level:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    base = module.__package__.split(".")
                    base = base[: len(base) - node.level + 1]
                    source = ".".join([*base, *filter(None, [node.module])])
                    return getattr(importlib.import_module(source), alias.name)
    return None


def annotations_of(value):
    """Yields (what, annotation) of a class's fields, properties and methods' results.

    Of a function it is the result.
    """
    if not inspect.isclass(value):
        yield "result", value.__annotations__.get("return")
        return
    if dataclasses.is_dataclass(value):
        yield from ((field.name, field.type) for field in dataclasses.fields(value))
    for name, member in vars(value).items():
        function = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and inspect.isfunction(function):
            yield name, function.__annotations__.get("return")


@pytest.mark.parametrize("path", PUBLIC)
def test_types_in_what_is_public_are_exported(path):
    value = PUBLIC[path]
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return
    module = sys.modules[value.__module__]
    for what, annotation in annotations_of(inspect.unwrap(value)):
        if annotation is None:
            continue
        for found in named_in(annotation, module):
            home = getattr(found, "__module__", None) or ""
            if inspect.isclass(found) and home.startswith("keras_cnn."):
                assert id(found) in EXPORTED, f"{path}: {what} is {annotation}"
