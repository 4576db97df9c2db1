"""A learner that needs no tuning, to tell what the data allows."""

from __future__ import annotations

import numpy as np

from ..program.inputs import Array
from ..program.outputs import Head
from ..program.program import Program
from ..thresholds import FOREST_FEATURES, FOREST_SAMPLES, FOREST_TREES
from .score import labels_of, skill_score


def reference_skill(program: Program, seed: int) -> float | None:
    """Returns the skill of a forest on data that it was not shown; None if untold.

    Of several outputs it is the least, as for a model. Trees do not care how features
    are scaled, so they see what a network on raw data may not.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(program.rows)[: int(FOREST_SAMPLES.value)]
    parts = [one[chosen].reshape(len(chosen), -1) for one in program.inputs.values()]
    x = np.concatenate(parts, 1)
    if len(x) < 4 or not np.isfinite(x).all():
        return None
    features = int(FOREST_FEATURES.value)
    if x.shape[1] > features:
        x = x[:, np.argsort(x.var(0))[-features:]]
    skills = [_skill_of_forest(x, head, head.y[chosen], seed) for head in program.heads]
    known = [one for one in skills if one is not None]
    return min(known) if len(known) == len(skills) else None


def _skill_of_forest(x: Array, head: Head, y: Array, seed: int) -> float | None:
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    truth = labels_of(y, head.task)
    if len(truth) != len(x) or not np.isfinite(truth).all():
        return None
    shown = -(-len(x) * 2 // 3)
    kind = ExtraTreesRegressor if head.task == "regression" else ExtraTreesClassifier
    forest = kind(int(FOREST_TREES.value), random_state=seed)
    if truth.ndim == 2 and truth.shape[1] == 1:
        truth = truth[:, 0]
    forest.fit(x[:shown], truth[:shown])
    said = np.asarray(forest.predict(x[shown:]))
    if head.task == "multiclass":
        said = np.eye(max(int(truth.max()), int(said.max())) + 1)[said.astype(int)]
    return skill_score(y[shown:], said.reshape(len(said), -1), head.task)
