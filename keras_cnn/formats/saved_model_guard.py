"""What a SavedModel from elsewhere must be before TensorFlow may see it.

Its graph is read as a message, from which nothing is made. Loading it runs it, so it
may hold no operation that does more than compute.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._checks import InputError, first_line
from .._files import sha256
from ..saving.metadata import MANIFEST, read_json
from .tensorflow_operations import CHECKPOINT, PURE

MAIN_FILE = "saved_model.pb"

# The largest of Keras's applications has a graph of 5 MB and 20,000 operations.
_MOST_GRAPH = 2**26
_MOST_OPERATIONS = 200_000
# What a constant or a variable may have beyond the bytes that are stored for it.
_SMALL = 2**22
_MOST_FOLDER = 2**32

# What objects of a SavedModel may be: no asset is read, no table or registered class
# made.
_KINDS = frozenset(
    """
    user_object variable function bare_concrete_function constant captured_tensor
    """.split()
)
_CONTAINERS = frozenset(
    """
    _generic_user_object signature_map trackable_dict_wrapper trackable_list_wrapper
    trackable_tuple_wrapper
    """.split()
)
_REGISTERED = ("", "tf.TrackableConstant")
_ITEMS = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 9: 8, 10: 1, 14: 2, 19: 2, 22: 4, 23: 8}


class Refused(Exception):
    """Why a SavedModel is not loaded, as the end of a sentence."""


def check_saved_model(folder: Path) -> None:
    """Raises unless a SavedModel is listed in its manifest and only computes.

    Args:
        folder: The folder with a `saved_model.pb`.

    Raises:
        InputError: Says in one sentence what is wrong.
    """
    check_listed(folder)
    with _explained(folder):
        check_program((folder / MAIN_FILE).read_bytes(), _stored(folder))


def check_listed(folder: Path) -> None:
    """Raises unless a folder's manifest lists its files; it needs no TensorFlow.

    Raises:
        InputError: Says in one sentence what is wrong.
    """
    with _explained(folder):
        _check_files(folder)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise InputError(
            "A SavedModel is a program: it is loaded only if its manifest lists its "
            "files with their sums and its operations do nothing but compute, or with "
            "--trust (trust=True), which runs whatever it holds. "
            f"Received: {str(folder)!r} ({refused})."
        ) from None


def _check_files(folder: Path) -> None:
    listed = read_json(folder / MANIFEST).get("files")
    if not isinstance(listed, dict):
        raise Refused(f"it has no {MANIFEST} that lists files")
    there = set()
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            shown = path.relative_to(folder).as_posix()
            if path.is_symlink():
                raise Refused(f"{shown} is a link")
            if name in files and shown != MANIFEST:
                there.add(shown)
    if sum((folder / name).lstat().st_size for name in there) > _MOST_FOLDER:
        raise Refused(f"its files have more than {_MOST_FOLDER:,} bytes")
    for name in sorted(there | set(listed)):
        if name not in there:
            raise Refused(f"{name} is missing")
        if name not in listed:
            raise Refused(f"{name} is not listed")
        entry, path = listed[name], folder / name
        if not path.is_file():
            raise Refused(f"{name} is a pipe or a device")
        if not isinstance(entry, dict) or entry.get("bytes") != path.stat().st_size:
            raise Refused(f"{name} has another size than is listed")
        if entry.get("sha256") != sha256(path):
            raise Refused(f"{name} has another SHA-256 than is listed")
    for name in ("saved_model.pbtxt", "saved_model.cpb"):
        if name in there:
            raise Refused(f"it has a second graph, {name}")
    if (folder / MAIN_FILE).stat().st_size > _MOST_GRAPH:
        raise Refused(f"its graph has more than {_MOST_GRAPH:,} bytes")


def _stored(folder: Path) -> int:
    """Returns how many bytes of values are stored beside the graph."""
    return sum(path.stat().st_size for path in (folder / "variables").glob("*"))


def check_program(content: bytes, stored: int) -> None:
    """Raises unless a graph does nothing but compute, from values that are stored.

    Args:
        content: The bytes of a `saved_model.pb`.
        stored: How many bytes the values of its variables take.

    Raises:
        Refused: Says what it does besides.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    try:
        model = saved_model_pb2.SavedModel.FromString(content)
    except DecodeError as error:
        raise Refused(f"{MAIN_FILE} is damaged: {first_line(error)}") from None
    if len(model.meta_graphs) != 1:
        raise Refused(f"it has {len(model.meta_graphs)} graphs instead of one")
    (graph,) = model.meta_graphs
    if graph.asset_file_def:
        raise Refused("it reads files of its own")
    _check_objects(graph.object_graph_def, stored)
    functions = {one.signature.name: one for one in graph.graph_def.library.function}
    _check_operations(graph.graph_def, functions)
    _check_reach(graph, functions)


def _check_objects(objects: Any, stored: int) -> None:
    if not objects.nodes:
        raise Refused("it is of TensorFlow 1")
    declared = 0
    for node in objects.nodes:
        kind = node.WhichOneof("kind")
        if kind not in _KINDS:
            raise Refused(f"it makes an object of the kind {kind}")
        if kind == "user_object" and node.user_object.identifier not in _CONTAINERS:
            raise Refused(f"it makes a {node.user_object.identifier}")
        if node.registered_name not in _REGISTERED or node.registered_saver:
            raise Refused(f"it makes a {node.registered_name or node.registered_saver}")
        if kind == "variable":
            declared += _numbers(node.variable.shape) * _item(node.variable.dtype)
    if declared > 2 * stored + _SMALL:
        raise Refused(
            f"its variables have {declared:,} bytes, and {stored:,} are stored"
        )


def _check_operations(graph: Any, functions: dict[str, Any]) -> None:
    count = 0
    for node in (*graph.node, *(n for one in functions.values() for n in one.node_def)):
        count += 1
        if count > _MOST_OPERATIONS:
            raise Refused(f"it has more than {_MOST_OPERATIONS:,} operations")
        if node.op not in PURE | CHECKPOINT and node.op not in functions:
            raise Refused(f"it has the operation {node.op}")
        for attribute in node.attr.values():
            for tensor in (attribute.tensor, *attribute.list.tensor):
                _check_constant(tensor)
    if len(functions) < len(graph.library.function):
        raise Refused("it has two functions of one name")


def _check_constant(tensor: Any) -> None:
    """Raises if a constant is larger than what is stored for it: one value fills it."""
    declared = _numbers(tensor.tensor_shape) * _item(tensor.dtype)
    if declared > max(_SMALL, 2 * tensor.ByteSize()):
        raise Refused(f"a constant of {declared:,} bytes is filled with one value")


def _numbers(shape: Any) -> int:
    return math.prod(max(0, side.size) for side in shape.dim)


def _item(number: int) -> int:
    """Returns the bytes of a number of a type of `DataType`; 16 of any other."""
    known = {
        1: 4,
        2: 8,
        3: 4,
        4: 1,
        5: 2,
        6: 1,
        9: 8,
        10: 1,
        14: 2,
        19: 2,
        22: 4,
        23: 8,
    }
    return known.get(number % 100, 16)


def _check_reach(graph: Any, functions: dict[str, Any]) -> None:
    """Raises if anything except the saver itself reaches what saves and restores."""
    nodes = {node.name: node for node in graph.graph_def.node}
    saver = {
        name.split(":")[0]
        for name in (
            graph.saver_def.save_tensor_name,
            graph.saver_def.restore_op_name,
        )
    } - {""}
    # Whoever asks for a signature's outputs, or loads the model, runs these.
    outputs = {
        tensor.name.split(":")[0].lstrip("^")
        for signature in graph.signature_def.values()
        for tensor in (*signature.outputs.values(), *signature.inputs.values())
    }
    for collection in graph.collection_def.values():
        outputs |= {
            value.split(":")[0].lstrip("^") for value in collection.node_list.value
        }
    asked, waiting = set(), list(outputs | (nodes.keys() - saver))
    while waiting:
        name = waiting.pop()
        if name in asked or name not in nodes:
            continue
        asked.add(name)
        waiting += [one.split(":")[0].lstrip("^") for one in nodes[name].input]
    if asked & saver:
        raise Refused("a signature saves or restores")
    for name in asked:
        if nodes[name].op in CHECKPOINT:
            raise Refused(f"its graph has the operation {nodes[name].op}")
    roots = set(graph.object_graph_def.concrete_functions)
    for node in graph.object_graph_def.nodes:
        roots.update(node.function.concrete_functions)
        roots.add(node.bare_concrete_function.concrete_function_name)
    for name in asked:
        roots.update(_called([nodes[name]]))
    library = graph.graph_def.library
    for gradient in library.gradient:
        roots.add(gradient.gradient_func)
    for name in _reached(roots, functions):
        for node in functions[name].node_def:
            if node.op in CHECKPOINT:
                raise Refused(f"{name}, which is no saver, has the operation {node.op}")


def _reached(names: Iterable[str], functions: dict[str, Any]) -> set[str]:
    reached: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in reached or name not in functions:
            continue
        reached.add(name)
        waiting += _called(functions[name].node_def)
    return reached


def _called(nodes: Iterable[Any]) -> Iterator[str]:
    """Yields the functions that operations call, by whatever way."""
    for node in nodes:
        yield node.op
        for attribute in node.attr.values():
            yield attribute.func.name
            yield from (function.name for function in attribute.list.func)
