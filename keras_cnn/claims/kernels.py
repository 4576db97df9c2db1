"""Claim 11: what a first convolution's kernels look like after training."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..losses.sparse_categorical_crossentropy import sparse_categorical_crossentropy
from ..models import article_cnn
from ..reference import layers
from .claim import Claim, Measurements, Progress, Settings, Statement, arms_of
from .images import images
from .stateless_training import StatelessTraining, batches, side_by_side
from .statistics import difference, estimate

_SIDE = 3
_ANGLES = 16

# The |cosine| from which a kernel is plainly an edge or a line.
_PLAIN = 0.8


def measure(settings: Settings, progress: Progress) -> Measurements:
    """Trains the article's network on true and on shuffled labels."""
    splits = images()
    train = splits.train
    training = StatelessTraining(article_cnn(), sparse_categorical_crossentropy)

    def trained(job: tuple[int, bool]) -> tuple[Any, Any]:
        seed, true = job
        order = batches(seed, len(train), settings["steps"], 32)
        labels = train.y
        if not true:
            labels = np.random.default_rng([seed, 7]).permutation(labels)
        start = training.start(seed)
        state = training.run(start, train.x, labels, order, settings["rate"])
        return start.weights[0].numpy(), state.weights[0].numpy()

    jobs = [(seed, true) for seed in range(settings["seeds"]) for true in (True, False)]
    found = dict(zip(jobs, side_by_side(trained, jobs, progress), strict=True))
    rows = []
    for seed in range(settings["seeds"]):
        initial, learned = found[seed, True]
        shuffled = found[seed, False][1]
        moved, moved_shuffled = learned - initial, shuffled - initial
        rows.append(
            {
                "likeness/random": likeness(initial),
                "likeness/trained": likeness(learned),
                "likeness/what training added": likeness(moved),
                "likeness/added, shuffled labels": likeness(moved_shuffled),
                "edges/random": edges(initial),
                "edges/trained": edges(learned),
                "change over initial": np.linalg.norm(moved) / np.linalg.norm(initial),
            }
        )
    initial, learned = found[0, True]
    maps = layers.conv2d(splits.test.x[:1].astype(float), learned)
    curves = {"kernels": learned, "added": learned - initial, "maps": maps[0]}
    return Measurements(
        arms_of(rows), {**curves, "image": splits.test.x[0, ..., 0]}, splits.name
    )


def oriented_filters() -> Any:
    """Returns edges and lines at each of 16 angles as unit vectors, (filters, 9).

    They are the first and second derivatives of a Gaussian along the angle, at the nine
    pixels of a kernel.
    """
    steps = np.arange(_SIDE) - (_SIDE - 1) / 2
    y, x = np.meshgrid(steps, steps, indexing="ij")
    bell = np.exp(-(x**2 + y**2) / 2)
    filters = []
    for angle in np.pi * np.arange(_ANGLES) / _ANGLES:
        along = x * np.cos(angle) + y * np.sin(angle)
        filters += [along * bell, (along**2 - 1) * bell]
    flat = np.reshape(filters, (len(filters), -1))
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def likeness(kernels: Any) -> float:
    """Returns the mean over kernels of |cosine| with the most alike oriented filter.

    Args:
        kernels: (3, 3, 1, kernels).
    """
    return float(_cosines(kernels).mean())


def edges(kernels: Any) -> float:
    """Returns the share of kernels that are plainly edges or lines: |cosine| > 0.8."""
    return float(np.mean(_cosines(kernels) > _PLAIN))


def _cosines(kernels: Any) -> Any:
    flat = kernels.reshape(_SIDE * _SIDE, -1).T
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return np.abs(flat @ oriented_filters().T).max(axis=1)


def judge(measured: Measurements) -> tuple[Statement, ...]:
    """Compares the likeness to oriented filters before and after training."""
    like = measured.group("likeness")
    plain = estimate(measured["edges/trained"])
    gain = difference(like["trained"], like["random"])
    return (
        Statement(
            "Training makes the kernels more like edges and lines.",
            "|cosine| with the nearest oriented filter, trained less random",
            gain,
            min_value=0.02,
            correction="The trained kernels are hardly more like edges than random "
            f"ones ({gain.value:+.3f}).",
        ),
        Statement(
            "Most trained kernels are plainly edges or lines.",
            "share of kernels with a |cosine| above 0.8",
            plain,
            min_value=0.5,
            correction=f"Of the 32 kernels {plain.value:.0%} are plainly edges or "
            f"lines, of random ones {measured['edges/random'].mean():.0%}; the others "
            "mix them with blobs.",
            refutes=False,
        ),
    )


def draw(measured: Measurements, figure: Figure) -> None:
    """Draws the kernels, what training added, and feature maps of one image."""
    axes = figure.subplots(1, 3)
    curves = measured.curves
    for place, name in zip(axes[:2], ("kernels", "added"), strict=True):
        values = curves[name][:, :, 0, :]
        limit = np.abs(values).max()
        place.imshow(_mosaic(values), cmap="coolwarm", vmin=-limit, vmax=limit)
        place.set_axis_off()
    axes[0].set_title("32 trained kernels")
    axes[1].set_title("what training added to them")
    axes[2].imshow(_mosaic(np.maximum(curves["maps"], 0)), cmap="gray")
    axes[2].set_axis_off()
    axes[2].set_title("their feature maps of one image")


def _mosaic(tiles: Any, across: int = 8) -> Any:
    """Lays (height, width, tiles) out in rows of `across`, with a gap between."""
    height, width, count = tiles.shape
    rows = -(-count // across)
    sheet = np.full((rows * (height + 1), across * (width + 1)), np.nan)
    for place in range(count):
        top, left = (
            place // across * (height + 1),
            place % across * (width + 1),
        )
        sheet[top : top + height, left : left + width] = tiles[:, :, place]
    return sheet


CLAIM = Claim(
    id=11,
    title="Kernels",
    section="Layers: convolution",
    statement="Convolution kernels learn local features such as edges, gradients and "
    "textures.",
    refuted_by="Trained first-layer kernels that are no more like oriented edges and "
    "lines than the random ones they started from.",
    method="The article's network is trained; each of its 32 first kernels is compared "
    "with the derivatives of a Gaussian at 16 angles, before and after. As a control, "
    "the same training on shuffled labels.",
    settings={"seeds": 8, "steps": 1500, "rate": 0.001},
    quick={"seeds": 5, "steps": 200, "rate": 0.003},
    measure=measure,
    judge=judge,
    draw=draw,
)
