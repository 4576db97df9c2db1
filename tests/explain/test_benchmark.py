"""A small run of benchmarks/explanations.py: its figures are those of its parts."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from keras_cnn.explain import METHODS, deletion_and_insertion, gradient_x_input

PATH = Path(__file__).parents[2] / "benchmarks" / "explanations.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("explanations", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_method_is_measured_beside_a_random_map(benchmark, reader):
    names = list(benchmark.ways(reader, 0))
    assert names[: len(METHODS)] == list(METHODS) and names[-1] == "random"


def test_a_small_run_gives_areas_intervals_and_a_table(
    benchmark, reader, unseen, monkeypatch
):
    monkeypatch.setattr(benchmark, "METHODS", {"gradient_x_input": gradient_x_input})
    monkeypatch.setattr(benchmark, "RANDOMISED", 1)
    images = unseen[:12]
    classes = np.asarray(reader(images)).argmax(axis=1)
    rows = benchmark.measured(reader, images, classes, sample=6, seed=0)
    row = rows["gradient_x_input"]
    maps = gradient_x_input(reader, images, classes).maps
    areas = deletion_and_insertion(reader, images, maps, classes).deletion_area
    mean, low, high = row["deletion"]
    assert mean == pytest.approx(areas.mean(), abs=1e-6) and low < mean < high
    # resampled means spread by about the standard error
    assert (high - low) / 3.92 == pytest.approx(areas.std() / 12**0.5, rel=0.2)
    chance = rows["random"]["deletion"][0]
    assert row["deletion gain"][0] == pytest.approx(chance - mean, abs=1e-6)
    lines = benchmark.table({"rows": rows}).splitlines()
    assert len(lines) == 2 + len(rows)
    assert lines[2].startswith(f"| `gradient_x_input` | {mean:.3f} ({low:.3f}-")


def test_similarity_is_spearmans_over_ink_raw_and_less_the_mean(benchmark):
    ink = np.ones((2, 1, 4, 1))
    own = np.array([[[1.0, 2, 3, 4]], [[4, 3, 2, 1]]])
    assert benchmark.similarity(own, own, ink) == pytest.approx([1, 1])
    assert benchmark.similarity(own, -own, ink) == pytest.approx([-1, -1])
    # a part that both have in every image is gone with the mean
    raw, rest = benchmark.similarity(
        own + 99 * np.arange(4), 99 * np.arange(4) - own, ink
    )
    assert raw == pytest.approx(1) and rest == pytest.approx(-1)
