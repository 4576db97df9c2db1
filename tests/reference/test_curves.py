import numpy as np
import pytest
from matplotlib.figure import Figure

from keras_cnn._checks import InputError
from keras_cnn.reference.activations import ELEMENTWISE
from keras_cnn.reference.curves import (
    LOSSES,
    draw_activations,
    draw_losses,
)


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws, and gives the lines of each small picture by its title."""
    figures = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure,
        "savefig",
        lambda *args, **k: (figures.append(args[0]), save(*args, **k)),
    )

    def draw(function, names):
        function(names, tmp_path / "curves.png")
        assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
        return [axes for axes in figures[-1].axes if axes.lines]

    return draw


def value_at(line, x):
    position = np.abs(line.get_xdata() - x).argmin()
    assert line.get_xdata()[position] == pytest.approx(x, abs=0.03)
    return line.get_ydata()[position]


def test_all_activations_are_drawn_by_default(drawn):
    assert [axes.get_title() for axes in drawn(draw_activations, ())] == [*ELEMENTWISE]


def test_an_activation_is_drawn_with_its_derivative(drawn):
    (axes,) = drawn(draw_activations, ["sigmoid"])
    function, derivative = axes.lines[-2:]
    assert value_at(function, 0) == pytest.approx(0.5)
    assert value_at(derivative, 0) == pytest.approx(0.25)
    assert value_at(function, 2) == pytest.approx(1 / (1 + np.exp(-2)))


def test_a_jump_of_a_derivative_is_no_line(drawn):
    (axes,) = drawn(draw_activations, ["relu"])
    derivative = axes.lines[-1]
    assert (value_at(derivative, -1), value_at(derivative, 1)) == (0, 1)
    assert np.isnan(derivative.get_ydata()).sum() == 1


def test_all_losses_are_drawn_by_default(drawn):
    grid = drawn(draw_losses, ())
    assert {line.get_label() for line in grid[0].lines + grid[3].lines} == {*LOSSES}


def test_losses_show_what_an_outlier_does(drawn):
    by_error, derivative, by_outlier = drawn(
        draw_losses, ["mean_squared_error", "huber"]
    )
    squared, robust = by_outlier.lines
    # nine errors of 0.5 and one of 10: (9 / 4 + 100) / 10 and (9 / 8 + 9.5) / 10
    assert value_at(squared, 10) == pytest.approx(10.225)
    assert value_at(robust, 10) == pytest.approx(1.0625)
    assert value_at(by_error.lines[0], -2) == pytest.approx(4)
    assert value_at(derivative.lines[0], -2) == pytest.approx(-4)
    assert value_at(derivative.lines[1], -2) == pytest.approx(-1)


def test_two_class_losses_are_drawn_by_the_logit(drawn):
    by_logit, derivative, _ = drawn(draw_losses, ["binary_crossentropy"])
    # -log(sigmoid(0)) and sigmoid(0) - 1
    assert value_at(by_logit.lines[0], 0) == pytest.approx(np.log(2))
    assert value_at(derivative.lines[0], 0) == pytest.approx(-0.5)


@pytest.mark.parametrize("draw", [draw_activations, draw_losses])
def test_an_unknown_name_raises_and_writes_nothing(draw, tmp_path):
    with pytest.raises(InputError, match="Received: .*'rleu'"):
        draw(["rleu"], tmp_path / "curves.png")
    assert not list(tmp_path.iterdir())
