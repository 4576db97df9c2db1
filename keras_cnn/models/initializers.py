"""What new weights are drawn by: seeds by place, and scales that suit an activation."""

from __future__ import annotations

import zlib
from typing import Any

# What theory asks of the variance of weights, as (scale, mode) of Keras's
# VarianceScaling: He's 2 / fan_in makes up for the half that a rectifier cuts off,
# LeCun's 1 / fan_in is what SELU's fixed point rests on, Glorot's 2 / (fan_in +
# fan_out) is for what is linear about 0.
# He et al., 2015 (arXiv 1502.01852); LeCun et al., 1998; Klambauer et al., 2017
# (arXiv 1706.02515); Glorot & Bengio, 2010.
HE, GLOROT, LECUN = (2.0, "fan_in"), (1.0, "fan_avg"), (1.0, "fan_in")
_NAMES = {HE: "He", GLOROT: "Glorot", LECUN: "LeCun"}

_GLOROT = {
    *("hard_sigmoid", "hard_tanh", "hard_shrink", "linear", "log_sigmoid", "sigmoid"),
    *("snake", "soft_shrink", "softsign", "sparse_sigmoid", "tanh", "tanh_shrink"),
}
_LECUN = {"selu"}

# Initializers that differ in their scale alone, by the distribution that they draw by.
_SCALED = {
    "GlorotNormal": "truncated_normal",
    "GlorotUniform": "uniform",
    "HeNormal": "truncated_normal",
    "HeUniform": "uniform",
    "LecunNormal": "truncated_normal",
    "LecunUniform": "uniform",
}


def matched(activation: str) -> tuple[float, str]:
    """Returns the (scale, mode) that suits an activation: He's, unless it is known."""
    if activation in _GLOROT:
        return GLOROT
    return LECUN if activation in _LECUN else HE


def matched_name(activation: str) -> str:
    """Returns whose initialization suits an activation.

    Example:
        >>> matched_name("gelu"), matched_name("tanh"), matched_name("selu")
        ('He', 'Glorot', 'LeCun')
    """
    return _NAMES[matched(activation)]


def follow(config: dict[str, Any], activation: str) -> None:
    """Gives a layer's kernels the scale that suits an activation, in its config.

    The distribution and the seed stay, so that the same numbers are drawn but for a
    factor. Initializers that are none of He's, Glorot's or LeCun's stay as they are.
    """
    for name, given in config.items():
        if not isinstance(given, dict):
            continue
        kind = given.get("class_name")
        if name == "layer":
            follow(given.get("config", {}), activation)
        elif name.endswith("_initializer") and kind in _SCALED:
            scale, mode = matched(activation)
            given.update(
                class_name="VarianceScaling",
                config={
                    "scale": scale,
                    "mode": mode,
                    "distribution": _SCALED[kind],
                    "seed": given["config"].get("seed"),
                },
            )


def reseed(config: dict[str, Any], place: str) -> None:
    """Gives everything random in a layer's config a seed that follows from its place.

    Args:
        config: The config, changed in place.
        place: Where the layer stands, and for which draw.
    """
    for name, value in config.items():
        if isinstance(value, dict):
            reseed(value, f"{place}/{name}")
        elif name == "seed":
            config[name] = zlib.crc32(place.encode())
