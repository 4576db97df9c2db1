"""A learner that needs no tuning, to tell what the data allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..program.inputs import Array, is_text
from ..program.outputs import Head
from ..program.program import Program
from ..thresholds import (
    DRAWS,
    ENOUGH_SAMPLES,
    FOREST_FEATURES,
    FOREST_SAMPLES,
    FOREST_SAMPLES_OF_RARE,
    FOREST_TREES,
    MAJORITY,
    UNLEARNABLE,
    WORDS,
)
from .score import labels_of, skill_of_classes, skill_score


@dataclass(frozen=True)
class Reference:
    """What a forest of trees learned, judged on samples that it was not shown.

    Attributes:
        skill: Of several outputs the least; None where it cannot be told.
        chance: What it would reach with labels that were drawn at random, at the most.
        decides: Whether a low skill says that no more can be learned: of a table of
            features, but not of images, sequences or pairs, whose order it cannot see.
    """

    skill: float | None
    decides: bool
    chance: float = 0.0

    @property
    def learned(self) -> bool:
        """Whether it learned more than chance gives, or cannot say."""
        return self.skill is None or self.skill > max(UNLEARNABLE.value, self.chance)


def reference_skill(program: Program, seed: int) -> Reference:
    """Trains a forest for each output.

    Trees do not care how features are scaled, so they see what a network on raw data
    may not.
    """
    heads = [head for head in program.heads if head.scored]
    decides = all(values.ndim <= 2 for values in program.inputs.values())
    decides = decides and len(program.inputs) == 1 and not _are_words(program)
    decides = decides and program.rows >= ENOUGH_SAMPLES.value
    samples = max([_samples(head) for head in heads], default=0)
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(program.rows)[:samples]
    if not heads or len(chosen) < 4:
        return Reference(None, False)
    x = features(program, [values[chosen] for values in program.inputs.values()])
    if not np.isfinite(x).all():
        return Reference(None, False)
    skills = [_skill_of_forest(x, head, head.y[chosen], seed) for head in heads]
    known = [one for one in skills if one is not None]
    if len(known) < len(skills):
        return Reference(None, False)
    skill, chance = min(known)
    return Reference(skill, decides, chance)


def _samples(head: Head) -> int:
    """Returns how many samples to take: more where one class is rare."""
    if head.task == "regression" or len(head.rows) != len(head.y):
        return int(FOREST_SAMPLES.value)
    labels = labels_of(head)
    _, counts = np.unique(labels, axis=0, return_counts=True)
    rare = counts.max() > MAJORITY.value * counts.sum()
    return int((FOREST_SAMPLES_OF_RARE if rare else FOREST_SAMPLES).value)


def _are_words(program: Program) -> bool:
    """Whether an input holds the numbers of words or kinds, not amounts."""
    return any(program.is_looked_up(name) for name in program.inputs)


def features(program: Program, inputs: Sequence[Array]) -> Array:
    """Returns inputs as one table of numbers, (n, features).

    Words are counted, sequences summed up beside themselves, and of two inputs of one
    shape the difference is added, since that is what pairs are compared by.
    """
    tables = []
    for name, values in zip(program.inputs, inputs, strict=True):
        if is_text(values):
            tables.append(_counted_texts(values))
        elif program.is_looked_up(name) and values.ndim == 2 and values.shape[1] > 1:
            tables.append(_counted(values))
        else:
            tables.append(values.reshape(len(values), -1).astype("float32"))
            if values.ndim == 3:
                tables.append(_summed_up(values))
    shapes = {table.shape for table in tables}
    if len(tables) == 2 and len(shapes) == 1:
        tables.append(np.abs(tables[0] - tables[1]))
    return np.concatenate([_varied(table) for table in tables], 1)


def _varied(table: Array) -> Array:
    """Returns the features that vary the most."""
    most = int(FOREST_FEATURES.value)
    if table.shape[1] <= most:
        return table
    return table[:, np.sort(np.argsort(table.var(0))[-most:])]


def _counted(numbers: Array) -> Array:
    """Returns how often each word number occurs in a sample; 0 stands for none."""
    words = int(WORDS.value)
    counts = np.zeros((len(numbers), words), "float32")
    for row, several in zip(counts, numbers.astype(int) % words, strict=True):
        np.add.at(row, several[several > 0], 1)
    return counts


def _counted_texts(texts: Array) -> Array:
    from sklearn.feature_extraction.text import HashingVectorizer

    as_texts = [
        " ".join(
            one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
            for one in np.atleast_1d(row)
        )
        for row in texts
    ]
    counting = HashingVectorizer(n_features=int(WORDS.value), alternate_sign=False)
    table: Array = counting.transform(as_texts).toarray().astype("float32")
    return table


def _summed_up(series: Array) -> Array:
    """Returns mean, spread, ends and roughness of each column of a sequence."""
    steps = np.diff(series, axis=1) if series.shape[1] > 1 else series
    parts = [series.mean(1), series.std(1), series.min(1), series.max(1)]
    return np.concatenate([*parts, np.abs(steps).mean(1)], 1).astype("float32")


def _skill_of_forest(
    x: Array, head: Head, y: Array, seed: int
) -> tuple[float, float] | None:
    """Returns the skill on samples that were not shown, and what chance gives."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    truth = labels_of(head, y)
    if len(truth) != len(x) or not np.isfinite(truth).all():
        return None
    if truth.ndim == 2 and truth.shape[1] == 1:
        truth = truth[:, 0]
    shown = -(-len(x) * 2 // 3)
    trees = int(FOREST_TREES.value)
    if head.task == "regression":
        regressor = ExtraTreesRegressor(trees, random_state=seed)
        regressor.fit(x[:shown], truth[:shown])
        predicted = np.asarray(regressor.predict(x[shown:]), "float32")
        predicted = predicted.reshape(len(predicted), *head.shape)
        return skill_score(head, predicted, y[shown:]), 0.0
    forest = ExtraTreesClassifier(trees, random_state=seed)
    forest.fit(x[:shown], truth[:shown])
    if truth.ndim == 2:
        answers = np.asarray(forest.predict(x[shown:]), "float32")
        return skill_score(head, answers, y[shown:], threshold=0.5), 0.0
    shares = forest.predict_proba(x[shown:])
    # A rare class is found where it is likelier than everywhere.
    prior = np.bincount(np.searchsorted(forest.classes_, truth[:shown])) / shown
    likeliest = (shares.argmax(1), (shares / prior).argmax(1))
    guesses = [forest.classes_[one] for one in likeliest]
    rng = np.random.default_rng(seed)
    by_chance = [
        max(skill_of_classes(rng.permutation(truth[shown:]), one) for one in guesses)
        for _ in range(int(DRAWS.value))
    ]
    reached = max(skill_of_classes(truth[shown:], one) for one in guesses)
    return reached, float(np.mean(by_chance) + 3 * np.std(by_chance))


def tells_apart(program: Program, others: Sequence[Array]) -> float | None:
    """Returns how well a forest tells other inputs from those trained on.

    The share of right answers where both are equally many; None if it cannot be told.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import cross_val_score

    count = min(program.rows, len(others[0]), int(FOREST_SAMPLES.value) // 2)
    if count < ENOUGH_SAMPLES.value / 2:
        return None
    rng = np.random.default_rng(0)
    mine, theirs = rng.permutation(program.rows), rng.permutation(len(others[0]))
    x = features(
        program,
        [
            np.concatenate([values[mine[:count]], other[theirs[:count]]])
            for values, other in zip(program.inputs.values(), others, strict=True)
        ],
    )
    if not np.isfinite(x).all():
        return None
    forest = ExtraTreesClassifier(int(FOREST_TREES.value), random_state=0)
    which = np.repeat([0, 1], count)
    return float(cross_val_score(forest, x, which, cv=3).mean())
