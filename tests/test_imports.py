"""The house has floors: a module imports only from floors below its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import keras_cnn

PACKAGE = Path(__file__).parents[1] / "keras_cnn"

FLOORS = {
    "_centering": 0,
    "_chance": 0,
    "_checks": 0,
    "_decoding": 0,
    "_depth": 0,
    "_environment": 0,
    "_fans": 0,
    "_files": 0,
    "_html": 0,
    "_images": 0,
    "_kernels": 0,
    "_keras_names": 0,
    "_logits": 0,
    "_optional": 0,
    "_order": 0,
    "_patches": 0,
    "_preparation": 0,
    "activations": 1,
    "layers": 1,
    "losses": 1,
    "reference": 1,
    "saving": 1,
    "formats": 1,
    "prediction": 1,
    "data": 2,
    "models": 2,
    "training": 2,
    "comparison": 3,
    "doctor": 3,
    "explain": 3,
    "export": 3,
    "runs": 3,
    "claims": 4,
    "serving": 4,
    "cli": 5,
}

# Within a floor: everyone checks with the same checks, layers call the activation
# functions that they are named after, and loading a model registers all of them.
NEIGHBOURS = {
    ("_environment", "_kernels"),
    ("_files", "_checks"),
    ("_html", "_files"),
    ("_depth", "_checks"),
    ("_centering", "_checks"),
    ("_centering", "_images"),
    ("_decoding", "_checks"),
    ("_decoding", "_depth"),
    ("_decoding", "_files"),
    ("_decoding", "_images"),
    ("_decoding", "_optional"),
    ("_optional", "_checks"),
    ("_preparation", "_centering"),
    ("_preparation", "_checks"),
    ("_preparation", "_images"),
    ("layers", "activations"),
    ("saving", "activations"),
    ("saving", "layers"),
    ("saving", "losses"),
    ("formats", "saving"),
    ("prediction", "formats"),
    ("prediction", "saving"),
}


def imported_modules(code, path):
    """Yields the modules of the package that `code` imports, at any depth of code."""
    folders = path.relative_to(PACKAGE.parent).parts
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = folders[: -node.level] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == PACKAGE.name)


def source_files():
    return [path for path in sorted(PACKAGE.rglob("*.py")) if own_part(path) in FLOORS]


def own_part(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize(
    "path", source_files(), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_module_imports_only_from_floors_below(path):
    own = own_part(path)
    for module in imported_modules(path.read_text(), path):
        other = module.split(".")[1]
        if other in (own, "__version__"):
            continue
        allowed = FLOORS[other] < FLOORS[own] or (own, other) in NEIGHBOURS
        assert allowed, f"{own} (floor {FLOORS[own]}) imports {module}"


def test_every_part_of_the_package_has_a_floor():
    parts = {
        path.stem
        for path in PACKAGE.iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists())
        and not path.name.startswith("__")
    }
    assert parts <= set(FLOORS)


def test_imported_modules_sees_relative_absolute_and_nested_imports():
    code = (
        "import numpy\n"
        "from ..data import load\n"
        "def f():\n"
        "    import keras_cnn.cli.main\n"
        "    from .. import export\n"
        "    from . import article\n"
    )
    assert sorted(imported_modules(code, PACKAGE / "models" / "example.py")) == [
        "keras_cnn.cli.main",
        "keras_cnn.data.load",
        "keras_cnn.export",
        "keras_cnn.models.article",
    ]


def test_every_public_part_is_an_attribute_of_the_package():
    code = "import keras_cnn; print(keras_cnn.layers.ReLU, keras_cnn.article_cnn)"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "keras_cnn.layers.relu.ReLU" in out.stdout
    floors = [name for name in FLOORS if not name.startswith("_")]
    parts = {name for name in floors if (PACKAGE / name).is_dir()} - {"cli"}
    assert parts <= set(dir(keras_cnn))


def test_import_of_the_package_loads_neither_keras_nor_tensorflow():
    code = (
        "import sys, keras_cnn; keras_cnn.__version__; dir(keras_cnn)\n"
        "print([m for m in ('keras', 'tensorflow', 'numpy') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"
