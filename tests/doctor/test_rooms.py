"""The doctor's rooms: imports among them lead downward alone."""

import ast
from pathlib import Path

import keras_cnn.doctor

PACKAGE = Path(keras_cnn.doctor.__file__).parent

ORDER = (
    ("thresholds", "findings", "clock"),
    ("program",),
    ("trials",),
    ("rules",),
    ("verdict", "stages"),
    ("search", "reading"),
    ("linting", "diagnosing", "repairing", "callback", "report", "datasets"),
)
FLOOR = {room: floor for floor, rooms in enumerate(ORDER) for room in rooms}


def imported_rooms(path):
    """Yields the rooms that a file imports from, at any depth of code."""
    inside = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == inside and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == inside:
            yield from (alias.name for alias in node.names)


def test_rooms_import_from_rooms_below():
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).with_suffix("").parts[0]
        for other in imported_rooms(path) if room != "__init__" else ():
            if other != room:
                assert FLOOR[other] < FLOOR[room], f"{path} imports {other}"
