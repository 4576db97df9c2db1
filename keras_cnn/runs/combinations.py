"""Which options of a run go together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .._checks import InputError
from .choices import ARTICLE, GOES_WITH
from .options import Option

if TYPE_CHECKING:
    from .config import RunConfig


def check_combinations(config: RunConfig, options: Mapping[str, Option]) -> None:
    """Raises unless the options of a run go together.

    Args:
        config: The run's, each field of which fits by itself.
        options: What each field is.

    Raises:
        InputError: Names those that do not.
    """
    if config.schedule != "constant" and config.learning_rate is None:
        raise InputError(
            "`learning_rate` must be given with a schedule, as its highest. "
            f"Received: learning_rate=None, schedule={config.schedule!r}."
        )
    for name, (other, choices) in GOES_WITH.items():
        value, chosen = getattr(config, name), getattr(config, other)
        default = options[name].default
        if value != default and chosen not in choices:
            raise InputError(
                f"`{name}` must be {default} unless `{other}` is one of "
                f"{', '.join(choices)}. Received: {name}={value!r}, "
                f"{other}={chosen!r}."
            )
    if config.patience is not None and config.ema is not None:
        raise InputError(
            "`patience` must be left out with `ema`: it keeps the weights of an "
            "epoch, and not their average. "
            f"Received: patience={config.patience}, ema={config.ema}."
        )
    if config.patience is not None and config.strategy == "multi-worker":
        raise InputError(
            "`patience` must be left out with several workers. Received: "
            f"patience={config.patience}, strategy={config.strategy!r}."
        )
    if config.fresh and config.model == ARTICLE:
        raise InputError(
            "`fresh` must be left out for the article's model, whose weights are "
            f"always new. Received: fresh=True, model={config.model!r}."
        )
    for name in ("strategy", "checkpoint_every", "augment"):
        value = getattr(config, name)
        if config.engine == "fit" and value not in (None, "none"):
            raise InputError(
                f"`{name}` must be left out with Keras's own fit. "
                f"Received: engine='fit', {name}={value!r}."
            )
