"""What a run leaves to look at: curves, the confusion matrix, the worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from .._files import replaced_file
from .evaluation import Evaluation
from .scoring import Scores

# How many mistakes are shown, and in how many columns.
MISTAKES_SHOWN = 25
_COLUMNS = 5

# With more classes than this a cell's number could not be read.
_MOST_NUMBERED = 20


def draw_curves(
    history: dict[str, list[float]], test_accuracy: float | None, path: Path
) -> None:
    """Draws loss and accuracy by epoch, with the test accuracy as a line.

    Args:
        history: `loss`, `accuracy` and perhaps `val_...`, one value an epoch.
        test_accuracy: In [0, 1]; None where the model was not tested.
        path: The PNG file to write.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    for axes, metric in ((loss, "loss"), (accuracy, "accuracy")):
        for name, label in ((metric, "training"), (f"val_{metric}", "validation")):
            values = history.get(name, [])
            if values:
                axes.plot(range(1, len(values) + 1), values, marker="o", label=label)
        axes.set(xlabel="epoch", ylabel=metric)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    loss.set_ylim(bottom=min(0, loss.get_ylim()[0]))
    accuracy.yaxis.set_major_formatter(PercentFormatter(1))
    if test_accuracy is not None:
        accuracy.axhline(
            test_accuracy,
            color="tab:green",
            linestyle="--",
            label=f"test, after the last epoch: {test_accuracy:.2%}",
        )
    for axes in (loss, accuracy):
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
    figure.suptitle("Training")
    _save(figure, path)


def draw_rates(
    rates: Sequence[float],
    losses: Sequence[float],
    suggested: float | None,
    path: Path,
) -> None:
    """Draws the loss by learning rate, with the suggested one as a line.

    Args:
        rates: The rates of a range test.
        losses: The loss at each.
        suggested: None where the loss never fell.
        path: The PNG file to write.
    """
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(rates, losses)
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
    axes.grid(alpha=0.3)
    if suggested is not None:
        label = f"suggested: {suggested:.1e}"
        axes.axvline(suggested, color="tab:green", linestyle="--", label=label)
        axes.legend()
    figure.suptitle("One step at each rate")
    _save(figure, path)


def draw_confusion_matrix(
    scores: Scores, class_names: Sequence[str], path: Path
) -> None:
    """Draws how often each class was taken for each; correct ones are left uncoloured.

    The errors are what one looks for: on a common scale with the thousands of correct
    predictions all of them would be white.
    """
    from sklearn.metrics import confusion_matrix

    count = len(class_names)
    matrix = confusion_matrix(scores.labels, scores.predicted, labels=range(count))
    errors = matrix.astype(float)
    np.fill_diagonal(errors, np.nan)
    numbered = count <= _MOST_NUMBERED

    side = 3 + min(count, 40) * 0.42
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    highest = max(np.nanmax(errors), 1)
    image = axes.imshow(errors, cmap="Reds", vmin=0, vmax=highest)
    figure.colorbar(image, ax=axes, label="errors", shrink=0.8)
    if numbered:
        axes.set_xticks(range(count), class_names, rotation=_slant(class_names))
        axes.set_yticks(range(count), class_names)
        for row, column in np.ndindex(count, count):
            if number := matrix[row, column]:
                dark = row != column and number > highest / 2
                axes.text(
                    column,
                    row,
                    f"{number}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if dark else "black",
                    weight="bold" if row == column else "normal",
                )
    axes.set(
        xlabel="predicted",
        ylabel="true",
        title=f"{len(scores.labels):,} test images, {scores.accuracy:.2%} correct",
    )
    _save(figure, path)


def draw_mistakes(
    scores: Scores,
    images: npt.NDArray[np.uint8],
    class_names: Sequence[str],
    path: Path,
) -> None:
    """Draws the most confident errors with what was seen and what was true.

    Args:
        scores: The predictions.
        images: uint8, (n, height, width, channels): those at the first positions of
            `scores.mistakes()`.
        class_names: One name a class.
        path: The PNG file to write.
    """
    positions = scores.mistakes()[: len(images)]
    rows = max(1, -(-len(positions) // _COLUMNS))
    figure = Figure(figsize=(8.5, 1.95 * rows + 0.6), layout="constrained")
    grid = figure.subplots(rows, _COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, position in zip(grid.flat, images, positions, strict=False):
        predicted, true = scores.predicted[position], scores.labels[position]
        axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
        confidence = scores.probabilities[position, predicted]
        seen = f"{class_names[predicted]} ({confidence:.1%})"
        axes.set_title(f"{seen}\ntruly {class_names[true]}", fontsize=9)
    wrong = len(scores.mistakes())
    shown = f", the {len(positions)} most confident" if wrong > len(positions) else ""
    figure.suptitle(f"{wrong:,} mistakes in {len(scores.labels):,} test images{shown}")
    _save(figure, path)


def draw_reliability(evaluation: Evaluation, path: Path) -> None:
    """Draws accuracy by confidence: on the diagonal a model is as sure as it is right.

    Args:
        evaluation: What is said of the predictions.
        path: The PNG file to write.
    """
    figure = Figure(figsize=(5.2, 5.2), layout="constrained")
    axes = figure.subplots()
    filled = [part for part in evaluation.calibration if part.images]
    width = evaluation.calibration[0].high - evaluation.calibration[0].low
    axes.bar(
        [part.low + width / 2 for part in filled],
        [part.accuracy for part in filled],
        width=0.94 * width,
        label="accuracy",
    )
    axes.plot(
        [part.confidence for part in filled],
        [part.accuracy for part in filled],
        "o",
        color="black",
        markersize=4,
        label="at their mean confidence",
    )
    axes.plot([0, 1], [0, 1], "--", color="gray", label="as sure as right")
    axes.set(
        xlabel="probability of the predicted class",
        ylabel="share that is right",
        xlim=(0, 1),
        ylim=(0, 1.02),
        title=f"calibration error {evaluation.calibration_error:.4f}",
    )
    axes.legend(loc="upper left")
    _save(figure, path)


def _slant(names: Sequence[str]) -> int:
    return 45 if max(map(len, names)) > 3 else 0


def _save(figure: Figure, path: Path) -> None:
    with replaced_file(path) as temporary:
        figure.savefig(temporary, dpi=120)
