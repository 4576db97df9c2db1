"""A learner that needs no tuning, to tell what the data allows."""

from __future__ import annotations

import numpy as np

from .program import Program
from .skill import labels_of, skill

# Enough to tell learnable from not, and fitted within a second.
_SAMPLES = 1000
_FEATURES = 256
_TREES = 30


def reference_skill(program: Program, seed: int) -> float | None:
    """Returns the skill of a forest on data that it was not shown; None if untold.

    Trees do not care how features are scaled, so they see what a network on raw data
    may not.
    """
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(program.x))[:_SAMPLES]
    x = program.x[chosen].reshape(len(chosen), -1)
    y = program.y[chosen]
    truth = labels_of(y, program.task)
    if len(x) < 4 or len(truth) != len(x) or not np.isfinite(x).all():
        return None
    if not np.isfinite(truth).all():
        return None
    if x.shape[1] > _FEATURES:
        x = x[:, np.argsort(x.var(0))[-_FEATURES:]]
    half = -(-len(x) * 2 // 3)
    kind = ExtraTreesRegressor if program.task == "regression" else ExtraTreesClassifier
    forest = kind(_TREES, random_state=seed)
    if truth.ndim == 2 and truth.shape[1] == 1:
        truth = truth[:, 0]
    forest.fit(x[:half], truth[:half])
    said = np.asarray(forest.predict(x[half:]))
    if program.task == "multiclass":
        said = np.eye(max(int(truth.max()), int(said.max())) + 1)[said.astype(int)]
    return skill(y[half:], said.reshape(len(said), -1), program.task)
