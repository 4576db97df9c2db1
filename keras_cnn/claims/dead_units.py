"""Claim 5: ReLU's zero gradient makes dead units; what helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from matplotlib.figure import Figure

from .. import activations
from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .networks import dense_network
from .pictures import draw_arms
from .stateless_training import Kernels, State, StatelessTraining, batches, side_by_side
from .statistics import Comparison, comparisons, difference, estimate

# A unit whose derivative is below this at every image does not learn any more.
_NO_SLOPE = 1e-3

_HIDDEN = (128, 128)


@dataclass(frozen=True)
class Arm:
    """One way to train: an activation, initial weights, a rate."""

    activation: str = "relu"
    kernels: Kernels = "glorot_uniform"
    bias: float = 0.0
    share_of_rate: float = 1.0
    normalised: bool = False


_BASE = "ReLU"
_ARMS = {
    _BASE: Arm(),
    "rate / 10": Arm(share_of_rate=0.1),
    "rate / 100": Arm(share_of_rate=0.01),
    "biases at -1": Arm(bias=-1.0),
    "He's weights": Arm(kernels="he_normal"),
    "batch normalisation": Arm(normalised=True),
    "LeakyReLU": Arm("leaky_relu"),
    "ELU": Arm("elu"),
    "GELU": Arm("gelu"),
}


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Trains each arm and counts units without a slope, at half time and at the end."""
    splits = images()
    train, held = splits.train.first(settings["images"]), splits.test.first(2000)
    probe = train.x[:1000]
    kinds = {(arm.activation, arm.normalised) for arm in _ARMS.values()}
    trainings = {
        (name, normalised): StatelessTraining(
            dense_network(
                train.x.shape[1:],
                _HIDDEN,
                10,
                getattr(activations, name),
                normalised=normalised,
            ),
            sparse_categorical_crossentropy,
        )
        for name, normalised in sorted(kinds)
    }
    slopes = {key: slopes_of(training, key[0]) for key, training in trainings.items()}
    half = settings["steps"] // 2

    def trained(job: tuple[int, str]) -> dict[str, float]:
        seed, name = job
        arm = _ARMS[name]
        key = (arm.activation, arm.normalised)
        training, rate = trainings[key], settings["rate"] * arm.share_of_rate
        order = batches(seed, len(train), 2 * half, 32)
        state = training.start(seed, arm.kernels, arm.bias)
        state = training.run(state, train.x, train.y, order[:half], rate)
        early = slopes[key](state, probe) < _NO_SLOPE
        state = training.run(state, train.x, train.y, order[half:], rate)
        late = slopes[key](state, probe) < _NO_SLOPE
        again = early & ~late
        return {
            f"dead/{name}": late.mean(),
            f"revived/{name}": again.sum() / max(1, early.sum()),
            f"accuracy/{name}": training.accuracy(state, held.x, held.y),
        }

    jobs = [(seed, name) for seed in range(settings["seeds"]) for name in _ARMS]
    found = side_by_side(trained, jobs, progress)
    rows: list[dict[str, float]] = [{} for _ in range(settings["seeds"])]
    for (seed, _), values in zip(jobs, found, strict=True):
        rows[seed].update(values)
    return Measurements(arms_of(rows), data=splits.name)


def slopes_of(training: StatelessTraining, name: str) -> Callable[[State, Any], Any]:
    """Returns a function of (state, images): each hidden unit's largest derivative.

    It gives (units,), over all hidden layers: the largest absolute derivative of the
    activation that a unit has at any of the images.
    """
    model = training.model
    activation: Any = getattr(activations, name)
    # What enters the activations: the output of each layer before, computed anew.
    layers: list[Any] = [
        layer for layer in model.layers if not isinstance(layer, keras.layers.Flatten)
    ]

    @tf.function
    def largest(state_weights: Any, others: Any, x: Any) -> Any:
        found = []
        pairs = [*zip(model.trainable_variables, state_weights, strict=True)]
        pairs += zip(model.non_trainable_variables, others, strict=True)
        with keras.StatelessScope(state_mapping=pairs):
            signal = tf.reshape(x, [tf.shape(x)[0], -1])
            for layer in layers[:-1]:
                if not _applies(layer, activation):
                    signal = layer(signal, training=False)
                    continue
                if isinstance(layer, keras.layers.Dense):
                    signal = signal @ layer.kernel.value + layer.bias.value
                with tf.GradientTape() as tape:
                    tape.watch(signal)
                    after = activation(signal)
                slope = tf.abs(tape.gradient(after, signal))
                found.append(tf.reduce_max(slope, axis=0))
                signal = after
        return tf.concat(found, axis=0)

    return lambda state, x: largest(state.weights, state.others, x).numpy()


def _applies(layer: Any, activation: Any) -> bool:
    return getattr(layer, "activation", None) is activation


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares the share of dead units with and without the zero gradient."""
    dead = measured.group("dead")
    base = dead[_BASE]
    revived = estimate(measured[f"revived/{_BASE}"])
    return (
        Statement(
            "ReLU's zero gradient makes dead units, at a large rate.",
            "share of hidden units dead after training, ReLU less LeakyReLU",
            difference(base, dead["LeakyReLU"]),
            min_value=0.05,
            correction="Hardly a ReLU dies here.",
        ),
        Statement(
            "A dead unit never fires again.",
            "share of the units dead at half time that live at the end",
            revived,
            max_value=0.01,
            correction=f"Of the dead units {revived.value:.0%} come back, as the layer "
            "below moves.",
            refutes=False,
        ),
        Statement(
            "A hundredth of the rate leaves hardly any.",
            "share of hidden units dead after training, rate / 100",
            estimate(dead["rate / 100"]),
            max_value=0.05,
            correction="Units die at a hundredth of the rate, too.",
            refutes=False,
        ),
    )


def compare(measured: Measurements) -> list[Comparison]:
    """Compares each remedy's dead units with plain ReLU's."""
    return comparisons(measured.group("dead"), _BASE, "share of dead units")


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws the dead units and the accuracy of each arm."""
    left, right = figure.subplots(1, 2, sharey=True)
    draw_arms(left, measured.group("dead"), "share of hidden units that are dead")
    draw_arms(right, measured.group("accuracy"), "test accuracy")


CLAIM = Claim(
    id=5,
    title="Dead units",
    section="Activation functions: ReLU",
    statement="ReLU's gradient is zero for negative inputs, so units can die: they "
    "never fire again and stop learning.",
    refuted_by="No more dead units with ReLU than with LeakyReLU, whose gradient is "
    "never zero, at a rate at which ReLUs are said to die.",
    method="Two hidden layers of 128 with Adam at a large rate. A unit is dead if its "
    "activation's derivative is below 0.001 at each of 1,000 training images. Nine "
    "arms: smaller rates, negative biases, He's weights, batch normalisation, "
    "LeakyReLU, ELU, GELU; p-values against ReLU are Holm-corrected.",
    settings={"seeds": 10, "images": 20_000, "steps": 2000, "rate": 0.03},
    quick={"seeds": 5, "steps": 500},
    measure=measure,
    judge=judge,
    draw=draw,
    compare=compare,
)
