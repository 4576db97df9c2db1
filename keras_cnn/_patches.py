"""Square patches that cover an image, for asking what is lost under each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# A patch covers about a fifth of a side: 6 of MNIST's 28 pixels, 45 of 224.
_SHARE = 5


def usual_patch(height: int, width: int) -> int:
    """Returns the side of a patch: about a fifth of the image's shorter one.

    Example:
        >>> usual_patch(28, 28)
        6
    """
    return max(1, round(min(height, width) / _SHARE))


def patch_masks(
    height: int, width: int, patch: int, stride: int
) -> npt.NDArray[np.bool_]:
    """Returns which pixels each patch covers, (patches, height, width).

    The last patches end at the edges, so each pixel is covered by at least one patch
    if `stride` is at most `patch`.

    Example:
        >>> patch_masks(1, 3, 1, 1).astype(int).tolist()
        [[[1, 0, 0]], [[0, 1, 0]], [[0, 0, 1]]]
    """
    rows = _starts(height, patch, stride)
    columns = _starts(width, patch, stride)
    masks = np.zeros((len(rows) * len(columns), height, width), bool)
    places = [(top, left) for top in rows for left in columns]
    for mask, (top, left) in zip(masks, places, strict=True):
        mask[top : top + patch, left : left + patch] = True
    return masks


def mean_over_patches(
    values: npt.NDArray[Any], masks: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Returns for each pixel the mean of the values of the patches that cover it.

    Args:
        values: (n, patches).
        masks: (patches, height, width).

    Returns:
        (n, height, width).
    """
    total = np.einsum("np,phw->nhw", values, masks.astype(np.float64))
    mean: npt.NDArray[np.float64] = total / masks.sum(axis=0)
    return mean


def _starts(side: int, patch: int, stride: int) -> list[int]:
    last = side - patch
    return sorted({*range(0, last, stride), last})
