"""Claim 3: depth multiplies the vanishing of gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..reference import activations
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .stateless_training import Kernels, draw_kernel
from .statistics import estimate

_ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu")
_KERNELS: tuple[Kernels, ...] = ("glorot_uniform", "he_normal")
_DEPTHS = (2, 5, 8, 11, 14, 17, 20)


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Computes the norm of each layer's gradient before any training, in float64."""
    splits = images()
    seeds = settings["seeds"]
    rows: list[dict[str, Any]] = []
    shown: dict[str, list[Any]] = {}
    for seed in range(seeds):
        chosen = np.random.default_rng([seed, 2]).permutation(len(splits.train))
        chosen = chosen[: settings["images"]]
        x = splits.train.x[chosen].reshape(len(chosen), -1).astype(np.float64)
        labels = splits.train.y[chosen]
        row = {}
        for kernels in _KERNELS:
            for name in _ACTIVATIONS:
                norms = [
                    gradient_norms(
                        x, labels, name, kernels, depth, settings["units"], seed
                    )
                    for depth in _DEPTHS
                ]
                logs = np.log([by_layer[0] for by_layer in norms])
                row[f"factor/{name}, {kernels}"] = np.exp(
                    np.polyfit(_DEPTHS, logs, 1)[0]
                )
                straight = np.corrcoef(_DEPTHS, logs)[0, 1] ** 2
                row[f"straight/{name}, {kernels}"] = straight
                shown.setdefault(f"{name}, {kernels}", []).append(norms[-1])
        rows.append(row)
        progress((seed + 1) / seeds)
    curves = {name: np.array(norms) for name, norms in shown.items()}
    return Measurements(arms_of(rows), curves, splits.name)


def gradient_norms(
    x: Any, labels: Any, name: str, kernels: Kernels, depth: int, units: int, seed: int
) -> Any:
    """Returns the norm of the gradient of each hidden layer's kernel, (depth,).

    The network is Dense(units, name) `depth` times, then a softmax over ten with
    cross-entropy, initialised and not trained.
    """
    function = getattr(activations, name)
    derivative = getattr(activations, f"{name}_derivative")
    rng = np.random.default_rng(seed)
    widths = [x.shape[1], *[units] * depth, 10]
    weights = [
        draw_kernel(rng, shape, kernels).astype(np.float64)
        for shape in zip(widths[:-1], widths[1:], strict=True)
    ]
    inputs, before = [x], []
    for kernel in weights[:-1]:
        before.append(inputs[-1] @ kernel)
        inputs.append(function(before[-1]))
    answer = activations.softmax(inputs[-1] @ weights[-1])
    answer[np.arange(len(x)), labels] -= 1
    upstream = answer / len(x) @ weights[-1].T
    norms = []
    for layer in reversed(range(depth)):
        upstream = upstream * derivative(before[layer])
        norms.append(np.linalg.norm(inputs[layer].T @ upstream))
        upstream = upstream @ weights[layer].T
    return np.array(norms[::-1])


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Looks at the factor by which one more layer changes the first one's gradient."""
    factors = measured.group("factor")
    found = {name: estimate(values) for name, values in factors.items()}
    sigmoid, tanh = found["sigmoid, glorot_uniform"], found["tanh, glorot_uniform"]
    relu, he = found["relu, glorot_uniform"], found["relu, he_normal"]
    return (
        Statement(
            "Each sigmoid layer more divides the gradient of the first.",
            "factor a layer, sigmoid, Glorot's weights",
            sigmoid,
            max_value=0.5,
            correction="Sigmoid layers do not make the gradient vanish.",
        ),
        Statement(
            "It does so by the same factor each time.",
            "R^2 of a straight line through log(gradient) by depth, sigmoid",
            estimate(measured["straight/sigmoid, glorot_uniform"]),
            min_value=0.9,
            correction="The gradient does not fall by the same factor a layer.",
        ),
        Statement(
            "So does each tanh layer, with Keras's own initial weights.",
            "factor a layer, tanh, Glorot's weights",
            tanh,
            max_value=0.5,
            correction=f"Tanh with Glorot's weights keeps {tanh.value:.2f} of the "
            f"gradient a layer (the sigmoid {sigmoid.value:.2f}), so it is the "
            "sigmoid's small slope and its weights together that make it vanish.",
            refutes=False,
        ),
        Statement(
            "ReLU with He's weights keeps the gradient.",
            "factor a layer, ReLU, He's weights",
            he,
            min_value=0.8,
            max_value=1.25,
            correction=f"ReLU with He's weights changes it by {he.value:.2f} a layer.",
            refutes=False,
        ),
        Statement(
            "ReLU with Glorot's weights loses some.",
            "factor a layer, ReLU, Glorot's weights",
            relu,
            max_value=0.9,
            correction="ReLU with Glorot's weights keeps the gradient, too.",
            refutes=False,
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws the norms by layer of the deepest network, and the factors."""
    first, second, last = figure.subplots(1, 3, width_ratios=[3, 3, 4])
    for axes, kernels in ((first, _KERNELS[0]), (second, _KERNELS[1])):
        for name in _ACTIVATIONS:
            norms = measured.curves[f"{name}, {kernels}"].mean(axis=0)
            axes.semilogy(np.arange(1, len(norms) + 1), norms, label=name)
        axes.set(xlabel="layer of 20", title=kernels)
    first.set_ylabel("norm of the gradient")
    first.legend(fontsize=6)
    names = [name for name in measured.group("factor")]
    means = [measured[f"factor/{name}"].mean() for name in names]
    last.barh(range(len(names)), means, color="tab:blue")
    last.axvline(1, color="0.5", linewidth=0.8)
    last.set_yticks(range(len(names)), names, fontsize=6)
    last.invert_yaxis()
    last.set_xlabel("factor a layer")


CLAIM = Claim(
    id=3,
    title="Depth",
    section="Activation functions: vanishing gradients",
    statement="Depth multiplies the vanishing: each layer of sigmoid or tanh makes the "
    "first layer's gradient smaller by a factor, and ReLU does not.",
    refuted_by="A sigmoid network whose first layer's gradient does not fall by half "
    "and more with each layer, or does not fall by the same factor.",
    method="Networks of 2 to 20 dense layers on images, not trained: norms of the "
    "gradient by each layer's kernel, computed from our formulas in float64, with "
    "Glorot's and He's initial weights. The factor is that of a straight line through "
    "the logarithm of the first layer's norm by depth.",
    settings={"seeds": 10, "images": 256, "units": 64},
    quick={"seeds": 5, "images": 128},
    measure=measure,
    judge=judge,
    draw=draw,
)
