"""Figures from rounds: medians, ratios pair by pair, and what they mean a second."""

from __future__ import annotations

import statistics
from typing import Any

Result = dict[str, Any]


def figures(result: Result, baseline: Result | None, machine: dict[str, Any]) -> Result:
    """Returns a contender's figures; nothing where it has no rounds.

    Args:
        result: The contender's, with its `seconds` by round.
        baseline: That of the contender it is compared with, whose rounds it shared.
        machine: From `trainer_machine`.
    """
    seconds = result["seconds"]
    if not seconds:
        return {}
    typical = statistics.median(seconds)
    samples = result["steps"] * result["batch"]
    operations = machine["operations_per_sample"][result["model"]]
    precision = "bfloat16" if result["model"].endswith("bfloat16") else "float32"
    gflops = samples * operations / typical / 1e9
    found = {
        "milliseconds_per_step": 1000 * typical / result["steps"],
        "images_per_second": samples / typical,
        "gflops": gflops,
        "share_of_peak": gflops / machine["peak_gflops"][precision],
    }
    if baseline and baseline["seconds"]:
        # Both run as many samples a round. One that crashed has fewer rounds.
        ratios = [
            theirs / own
            for theirs, own in zip(baseline["seconds"], seconds, strict=False)
        ]
        found["ratios"] = ratios
        found["ratio"] = statistics.median(ratios)
        if len(ratios) > 1:
            low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
            found["ratio_quartiles"] = [low, high]
    return found
