"""Where in an image a model finds what speaks for a class, and what against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .._images import UInt8Array
from .._patches import mean_over_patches, patch_masks, usual_patch
from .computing import classify
from .served import ServedModel
from .workers import Parts

# Patches whose images are made at once.
_PATCHES_AT_ONCE = 16

# Below this, what a patch takes away from a probability's logarithm is rounding.
_ROUNDING = 1e-5


@dataclass(frozen=True, eq=False)
class Heatmap:
    """How much each pixel of an image speaks for a class.

    Attributes:
        values: float64, (height, width): how much less probable the class is where a
            patch over the pixel is black, as the probability's natural logarithm. Below
            0 the pixel speaks against the class.
        note: Why it is 0 everywhere. Defaults to "", where it is not.
    """

    values: npt.NDArray[np.float64]
    note: str = ""


def heatmap(served: ServedModel, image: UInt8Array, label: int) -> Parts[Heatmap]:
    """Explains an answer by occlusion, which needs nothing but answers.

    It is `keras_cnn.explain.occlusion` of the probability's logarithm in place of the
    logit, which an exported model need not give.

    Args:
        served: The model.
        image: uint8, (height, width, channels), as the model sees it.
        label: The class's number.
    """
    height, width, _ = image.shape
    patch = usual_patch(height, width)
    masks = patch_masks(height, width, patch, max(1, patch // 2))
    before = yield from classify(served, image[np.newaxis])
    after = []
    for start in range(0, len(masks), _PATCHES_AT_ONCE):
        part = masks[start : start + _PATCHES_AT_ONCE, ..., np.newaxis]
        after.append((yield from classify(served, np.where(part, np.uint8(0), image))))
    tiny = np.finfo(np.float32).tiny
    scores = np.log(np.maximum(np.concatenate([before, *after])[:, label], tiny))
    lost = scores[0].astype(np.float64) - scores[1:]
    lost[np.abs(lost) < _ROUNDING * max(1, abs(scores[0]))] = 0
    (values,) = mean_over_patches(lost[np.newaxis], masks)
    note = "" if values.any() else "The answer is the same wherever a patch is black."
    return Heatmap(values, note)
