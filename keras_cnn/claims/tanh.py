"""Claim 2: tanh, its range, against the sigmoid, and its vanishing gradient."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from .. import activations
from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .networks import dense_network
from .pictures import draw_band
from .sigmoid import value_and_slope
from .stateless_training import StatelessTraining, batches, side_by_side
from .statistics import difference, estimate, ratio

_WIDEST = 12.0
_ARMS = ("tanh", "sigmoid")
_MOMENTS = 10


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Takes tanh's gradient, and trains one network with tanh and with sigmoid."""
    splits = images()
    train, held = splits.train.first(settings["images"]), splits.test.first(2000)
    hidden = [settings["units"]] * settings["layers"]
    trainings = {
        name: StatelessTraining(
            dense_network(train.x.shape[1:], hidden, 10, getattr(activations, name)),
            sparse_categorical_crossentropy,
            "sgd",
        )
        for name in _ARMS
    }
    each = max(1, settings["steps"] // _MOMENTS)

    def accuracies(job: tuple[int, str]) -> list[float]:
        seed, name = job
        training = trainings[name]
        state = training.start(seed)
        order = batches(seed, len(train), each * _MOMENTS, 32)
        found = []
        for moment in range(_MOMENTS):
            batch_rows = order[moment * each : (moment + 1) * each]
            state = training.run(state, train.x, train.y, batch_rows, settings["rate"])
            found.append(training.accuracy(state, held.x, held.y))
        return found

    jobs = [(seed, name) for seed in range(settings["seeds"]) for name in _ARMS]
    curves = np.array(side_by_side(accuracies, jobs, progress))
    curves = curves.reshape(settings["seeds"], len(_ARMS), _MOMENTS)
    rows = []
    for seed in range(settings["seeds"]):
        x = np.random.default_rng(seed).uniform(-_WIDEST, _WIDEST, 20_000)
        value, slope = value_and_slope(activations.tanh, x)
        rows.append(
            {
                "largest |value|": np.abs(value).max(),
                "largest gradient": slope.max(),
                "gradient where |x| > 3": slope[np.abs(x) > 3].mean(),
                "accuracy/tanh": curves[seed, 0, -1],
                "accuracy/sigmoid": curves[seed, 1, -1],
            }
        )
    steps = each * np.arange(1, _MOMENTS + 1)
    shown = dict(zip(_ARMS, curves.transpose(1, 0, 2), strict=True))
    return Measurements(arms_of(rows), {"steps": steps, **shown}, splits.name)


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares the accuracies of the two, and the gradient with its maximum."""
    return (
        Statement(
            "Tanh can serve better than the sigmoid.",
            "test accuracy after as many steps, tanh less sigmoid",
            difference(measured["accuracy/tanh"], measured["accuracy/sigmoid"]),
            min_value=0.01,
            correction="Here tanh does not serve better than the sigmoid.",
        ),
        Statement(
            "Tanh maps to (-1, 1).",
            "largest |tanh(x)| for |x| < 12, less 1",
            estimate(measured["largest |value|"] - 1),
            max_value=-1e-12,
            correction="Tanh leaves (-1, 1).",
        ),
        Statement(
            "Its gradient vanishes, too.",
            "mean gradient where |x| > 3, over the largest",
            ratio(measured["gradient where |x| > 3"], measured["largest gradient"]),
            max_value=0.05,
            correction="Tanh's gradient does not vanish.",
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws both functions with their gradients, and both trainings."""
    left, right = figure.subplots(1, 2)
    x = np.linspace(-6, 6, 401)
    for name, color in zip(_ARMS, ("tab:blue", "tab:orange"), strict=True):
        value, slope = value_and_slope(getattr(activations, name), x)
        left.plot(x, value, color=color, label=name)
        left.plot(x, slope, "--", color=color, label=f"{name}'s gradient")
        draw_band(right, measured.curves["steps"], measured.curves[name], name)
    left.set_xlabel("input")
    left.legend(fontsize=8)
    right.set(xlabel="steps", ylabel="test accuracy")
    right.legend()


CLAIM = Claim(
    id=2,
    title="Tanh",
    section="Activation functions: tanh",
    statement="Tanh maps to (-1, 1), can serve better than the sigmoid, and its "
    "gradient vanishes too.",
    refuted_by="Values outside (-1, 1), a gradient that vanishes nowhere, or a network "
    "that does not gain a point of accuracy by tanh.",
    method="Three hidden layers and plain gradient descent at one rate, once with tanh "
    "and once with the sigmoid, from the same initial weights on the same batches; "
    "accuracy on test images after each tenth of the steps.",
    settings={
        "seeds": 10,
        "images": 20_000,
        "layers": 3,
        "units": 64,
        "steps": 3000,
        "rate": 0.1,
    },
    quick={"seeds": 5, "steps": 800},
    measure=measure,
    judge=judge,
    draw=draw,
)
