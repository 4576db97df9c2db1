"""Each example runs by itself, in a process of its own, and shows what it is about."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def printed_by(name, folder):
    """Runs an example elsewhere than in the checkout; returns what it prints."""
    command = [sys.executable, EXAMPLES / f"{name}.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(pattern, text):
    """Returns the numbers that a pattern's groups match in a text."""
    return [float(number) for number in re.search(pattern, text).groups()]


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem
)
def test_an_example_is_short(path):
    assert len(path.read_text().splitlines()) < 80


def test_mse_hardly_pulls_at_a_confident_mistake(tmp_path):
    said = printed_by("mse_vs_crossentropy", tmp_path)
    crossentropy, mse = numbers(r"-8 +(-[\d.]+) +(-[\d.]+)", said)
    # By hand, of a sigmoid s at the logit -8 and label 1: s - 1, 2 (s - 1) s (1 - s).
    assert crossentropy == pytest.approx(-0.99966, abs=1e-4)
    assert mse == pytest.approx(-0.00067, abs=1e-4)
    assert min(numbers(r"entropy: ([\d.]+).*\n+MSE: +([\d.]+)", said)) > 0.85


def test_huber_keeps_the_line_that_outliers_turn_for_mse(tmp_path):
    said = printed_by("huber_outliers", tmp_path)
    slope = dict(re.findall(r"(truth|MSE|Huber, delta 0.3|MAE) +y = ([\d.]+) x", said))
    slope = {name: float(value) for name, value in slope.items()}
    assert abs(slope["Huber, delta 0.3"] - slope["truth"]) < 0.3
    assert abs(slope["MAE"] - slope["truth"]) < 0.3
    assert abs(slope["MSE"] - slope["truth"]) > 1


def test_a_large_rate_kills_relus_and_no_leaky_ones(tmp_path):
    said = printed_by("dead_relus", tmp_path)
    (dead,) = numbers(r"relu +rate +0.1: +(\d+)%", said)
    (leaky,) = numbers(r"leaky_relu +rate +0.1: +(\d+)%", said)
    assert dead > 60 and leaky < 5
    assert "lr-too-high" in said


def test_our_parts_answer_as_the_ones_that_they_replace(tmp_path):
    said = printed_by("drop_in_parts", tmp_path)
    assert numbers(r"difference of their answers: (\S+)", said)[0] < 1e-5
    assert numbers(r"Test accuracy: (\S+)", said)[0] > 0.85
    assert "keras_cnn.layers.conv2d" in said
