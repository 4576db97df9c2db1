"""The loss and the optimizer that a run asks for, with their arguments checked.

Keras accepts most values of most arguments without a word. Here each is compared with
the signature of its class, and then with the rule for its name.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import keras

from .. import losses
from .._checks import (
    InputError,
    check_choice,
    check_count,
    check_fraction,
    check_not_negative,
    check_positive,
    did_you_mean,
    first_line,
)
from .config import RunConfig
from .task import Task

# The share of the steps over which a one-cycle schedule rises.
_RISING = 0.3

# Arguments that have an option of their own, and those that a run decides by itself:
# what its network gives tells whether those are logits.
_OPTIONS_OF_THEIR_OWN = ("learning_rate", "beta_2", "label_smoothing")

# Options that are an argument of every optimizer, which `--set` may give, too.
_ARGUMENTS_OF_OPTIONS = {
    "weight_decay": "weight_decay",
    "clip_norm": "global_clipnorm",
    "ema": "ema_momentum",
}
_DECIDED = ("name", "dtype", "axis", "from_logits", "exclude_layers", "kwargs")

_REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum")

# The rule for an argument, where its name says one. Other numbers must be finite.
_RULES: dict[str, Callable[[str, Any], None]] = {
    "adam_beta_1": check_fraction,
    "adam_beta_2": check_fraction,
    "beta_1": check_fraction,
    "clip_threshold": check_positive,
    "clipnorm": check_positive,
    "clipvalue": check_positive,
    "ema_momentum": check_fraction,
    "ema_overwrite_frequency": check_count,
    "epsilon": check_positive,
    "global_clipnorm": check_positive,
    "gradient_accumulation_steps": check_count,
    "loss_scale_factor": check_positive,
    "momentum": check_fraction,
    "ns_steps": check_count,
    "reduction": lambda name, value: check_choice(name, value, _REDUCTIONS),
    "rho": check_fraction,
    "weight_decay": check_not_negative,
}


def check_arguments(config: RunConfig, strategy: Any = None) -> None:
    """Raises unless loss and optimizer take what the configuration gives them.

    Args:
        config: What the run is asked to do.
        strategy: What the run's replicas share batches by: an optimizer has variables,
            which must not come before it. Defaults to `None`.

    Raises:
        InputError: If an argument is unknown, or a value breaks its rule.
    """
    with strategy.scope() if strategy else nullcontext():
        make_loss(config)
        make_optimizer(config, steps=1)


def make_optimizer(config: RunConfig, steps: int) -> keras.optimizers.Optimizer:
    """Returns the optimizer of a run, with its schedule.

    Args:
        config: What the run is asked to do.
        steps: How many steps it takes in all.

    Raises:
        InputError: If the optimizer has no such argument, or a value breaks its rule.
    """
    kind = type(keras.optimizers.get(config.optimizer))
    arguments = _checked("optimizer", config.optimizer, kind, config)
    if config.learning_rate is not None:
        arguments["learning_rate"] = config.learning_rate
    if config.schedule == "one_cycle" and config.learning_rate is not None:
        rising = round(_RISING * steps)
        arguments["learning_rate"] = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=config.learning_rate / 10,
            warmup_target=config.learning_rate,
            warmup_steps=rising,
            decay_steps=max(1, steps - rising),
        )
    if config.warmup is not None:
        default = inspect.signature(kind).parameters["learning_rate"].default
        arguments["learning_rate"] = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            warmup_target=config.learning_rate or default,
            warmup_steps=config.warmup,
            decay_steps=1,
            alpha=1.0,  # it stays where it is
        )
    if config.beta_2 is not None:
        arguments["beta_2"] = config.beta_2
    for option, argument in _ARGUMENTS_OF_OPTIONS.items():
        if (value := getattr(config, option)) is None:
            continue
        if argument in arguments:
            raise InputError(
                f"`{option}` must be left out beside `optimizer.{argument}`, which is "
                f"the same. Received: {option}={value!r}, "
                f"optimizer.{argument}={arguments[argument]!r}."
            )
        arguments[argument] = value
    if config.ema is not None:
        arguments["use_ema"] = True
    optimizer = _made("optimizer", kind, arguments)
    if config.precision == "mixed_float16":
        # Keras does this for a model whose own policy is mixed_float16; here the layers
        # have it, and small gradients would become 0.
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def make_loss(config: RunConfig, task: Task | None = None) -> keras.losses.Loss:
    """Returns the loss of a run.

    It is Keras's or this package's, as `layers_from` says. Where Keras's would lose an
    argument when the model is saved, it is this package's, with the same numbers.

    Args:
        config: What the run is asked to do.
        task: How its model learns. Defaults to `None`, for one that gives
            probabilities.

    Raises:
        InputError: If the loss has no such argument, or a value breaks its rule.
    """
    called = task.loss if task else config.loss
    name = called.title().replace("_", "")
    ours = getattr(losses, name)
    arguments = _checked("loss", called, ours, config)
    if config.label_smoothing:
        arguments["label_smoothing"] = config.label_smoothing
    if task and task.from_logits:
        arguments["from_logits"] = True
    checked = _made("loss", ours, arguments)  # ours states rules that Keras's does not
    if config.layers_from == "keras_cnn":
        return checked
    theirs = _made("loss", getattr(keras.losses, name), arguments)
    return theirs if _remembers(theirs, arguments) else checked


def _remembers(loss: keras.losses.Loss, arguments: Mapping[str, Any]) -> bool:
    """Whether a saved model will have these arguments: Keras's Huber forgets delta."""
    config = loss.get_config()
    return all(config.get(name) == value for name, value in arguments.items())


def _checked(what: str, name: str, kind: Any, config: RunConfig) -> dict[str, Any]:
    """Returns the further arguments of a loss or an optimizer, checked by name."""
    arguments: Mapping[str, Any] = getattr(config, f"{what}_arguments")
    defaults = {
        parameter.name: parameter.default
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.name not in _DECIDED
    }
    for argument, value in arguments.items():
        full_name = f"{what}.{argument}"
        if argument in _OPTIONS_OF_THEIR_OWN:
            raise InputError(
                f"`{argument}` must be given as an option of its own, --"
                f"{argument.replace('_', '-')}. Received: {full_name}={value!r}."
            )
        if argument not in defaults:
            known = [each for each in defaults if each not in _OPTIONS_OF_THEIR_OWN]
            raise InputError(
                f"An argument of {name} must be one of {', '.join(known)}. "
                f"Received: {full_name}={value!r}.{did_you_mean(argument, known)}"
            )
        if value is None and defaults[argument] is None:
            continue
        _check_value(full_name, argument, value, defaults[argument])
    return dict(arguments)


def _check_value(full_name: str, argument: str, value: Any, default: Any) -> None:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise InputError(
                f"`{full_name}` must be true or false. Received: {full_name}={value!r}."
            )
    elif argument in _RULES:
        _RULES[argument](full_name, value)
    elif isinstance(value, bool | str | None) or not math.isfinite(value):
        raise InputError(
            f"`{full_name}` must be a finite number. Received: {full_name}={value!r}."
        )


def _made(what: str, kind: Any, arguments: dict[str, Any]) -> Any:
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        received = ", ".join(f"{what}.{key}={arguments[key]!r}" for key in arguments)
        raise InputError(
            f"The {what} must be one that Keras accepts ({first_line(error)}). "
            f"Received: {received}."
        ) from error
