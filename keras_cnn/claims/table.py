"""The article's claims, in their order, and how one of them is named."""

from .._checks import InputError, did_you_mean
from . import (
    article,
    crossentropy,
    dead_units,
    dense_layer,
    depth,
    huber_outliers,
    imbalance,
    kernels,
    linear_collapse,
    loss_cost,
    mse_outliers,
    open_problems,
    pooling,
    relu_speed,
    sigmoid,
    tanh,
)
from .claim import Claim

CLAIMS: tuple[Claim, ...] = (
    sigmoid.CLAIM,
    tanh.CLAIM,
    depth.CLAIM,
    relu_speed.CLAIM,
    dead_units.CLAIM,
    mse_outliers.CLAIM,
    huber_outliers.CLAIM,
    crossentropy.CLAIM,
    imbalance.CLAIM,
    loss_cost.CLAIM,
    kernels.CLAIM,
    pooling.CLAIM,
    dense_layer.CLAIM,
    linear_collapse.CLAIM,
    article.CLAIM,
    open_problems.CLAIM,
)


def find_claim(name: str) -> Claim:
    """Returns the claim with a number or a short name.

    Raises:
        InputError: If there is none.

    Example:
        >>> find_claim("13").slug
        'dense-layer'
    """
    for claim in CLAIMS:
        if name in (str(claim.id), claim.slug):
            return claim
    slugs = [claim.slug for claim in CLAIMS]
    raise InputError(
        f"A claim must be a number from 1 to {len(CLAIMS)} or a name that "
        f"`claims list` shows. Received: {name!r}.{did_you_mean(name, slugs)}"
    )
