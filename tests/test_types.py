"""What a type checker makes of programs that use the package, in strict mode."""

import inspect
import re

import pytest

from tests.test_docs import CHINESE, PAGES, blocks

api = pytest.importorskip("mypy.api", reason="the extra dev is not installed")


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Returns what mypy reports of programs, by name; only the first call is slow."""
    cache = tmp_path_factory.mktemp("cache")
    options = (
        *("--strict", "--ignore-missing-imports", "--allow-subclassing-any"),
        *("--follow-imports=silent", "--config-file", "", "--cache-dir", str(cache)),
    )

    def report(programs):
        folder = tmp_path_factory.mktemp("programs")
        for name, code in programs.items():
            (folder / name).write_text(code)
        paths = [str(folder / name) for name in programs]
        out, err, _ = api.run([*options, *paths])
        assert not err
        return out.replace(f"{folder}/", "")

    return report


def shown():
    """Returns the programs of the pages; remedies of the doctor are parts of such."""
    programs = {}
    for page in PAGES:
        if page in CHINESE or page.parent.name == "doctor":
            continue
        code = blocks(page, "python")
        # The README's blocks stand alone; those of another page are one program.
        joined = code if page.name == "README.md" else ["\n".join(code)]
        for number, block in enumerate(filter(None, joined)):
            programs[f"{page.stem}_{number}.py"] = block
    return programs


def test_code_of_the_pages_passes(check):
    """As it would in the strict project of whoever pastes it."""
    programs = shown()
    assert len(programs) >= 10
    assert check(programs).startswith("Success"), check(programs)


def test_type_checker_knows_the_names_and_refuses_others(check):
    code = """
    from keras_cnn import activations, layers, losses
    from keras_cnn.layers import Input, MaxPool2D

    layers.BatchNormalization()
    layers.Dense(2, activation=activations.get("relu"))
    MaxPool2D(2)
    losses.Huber(delta=2.0), losses.get("mse"), losses.Loss
    layers.Dens(2)
    losses.Hubert()
    activations.rellu
    losses.Huber(delta="2")
    layers.MaxPool2D(pool_size="2")
    """
    out = check({"program.py": inspect.cleandoc(code)})
    lines = [int(n) for n in re.findall(r"program.py:(\d+): error", out)]
    assert lines == [8, 9, 10, 11, 12], out
