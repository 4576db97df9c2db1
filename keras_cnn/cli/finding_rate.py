"""`--find-rate`: a range test, drawn, and the rate that it suggests."""

from __future__ import annotations

from pathlib import Path

from ..runs.config import RunConfig
from .console import out, print_warning, start_tensorflow


def print_rate(config: RunConfig, picture: Path) -> None:
    """Tries learning rates, draws what comes of it, and prints the one to take."""
    start_tensorflow()
    from ..runs.finding_rate import find_rate
    from ..runs.pictures import draw_rates
    from .datasets import quiet_tfds
    from .progress import ShownRun

    quiet_tfds()
    with ShownRun(config) as shown:
        test = find_rate(config, observer=shown)
    draw_rates(test.rates, test.losses, test.suggested, picture)
    out.print(f"Drawn: {picture}")
    if test.suggested is None:
        print_warning(
            "At no rate has the loss fallen: `keras-cnn diagnose` looks for the cause."
        )
    else:
        out.print(f"Suggested: --learning-rate {test.suggested:.1e}")
