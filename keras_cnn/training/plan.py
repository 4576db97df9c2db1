"""What the trainer chose for a model on this machine, and why."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import keras

from .choice import Choice, as_lines
from .cpu import (
    available_cores,
    choose_kernels,
    choose_threads,
    computes_bfloat16,
    concurrent_operations,
)
from .distribution import shares
from .fused_optimizers import has_fused_update
from .sharding import reason_not_sharded

# A shard of fewer samples costs more in calls than it gains in cores (measured: four
# shards of 8 on two cores lose to two of 16).
_MIN_SHARD = 8


@dataclass(frozen=True)
class Plan:
    """How a model is trained here.

    Attributes:
        device: Where the steps run.
        shards: Slices of a batch that are computed side by side.
        kernels: Whose kernels TensorFlow computes with.
        threads: Threads for one operation, and operations at once.
        precision: What the layers compute in.
        data: How batches reach the step.
        update: How the optimizer's rule is computed.
        compiler: Whether XLA compiles the step.
        strategy: How replicas share the work.
    """

    device: Choice
    shards: Choice
    kernels: Choice
    threads: Choice
    precision: Choice
    data: Choice
    update: Choice
    compiler: Choice
    strategy: Choice

    def __str__(self) -> str:
        """Returns a line for each choice."""
        return as_lines(self)


def make_plan(
    model: keras.Model,
    batch_size: int,
    strategy: Any,
    jit_compile: bool | None,
    data: Choice,
) -> Plan:
    """Returns what is chosen for a model on this machine, and why.

    Args:
        model: The compiled model.
        batch_size: Samples a batch.
        strategy: As `Trainer` takes it.
        jit_compile: As `Trainer` takes it.
        data: How batches reach the step, which `fit` was told.
    """
    return Plan(
        device=Choice("GPU" if on_gpu() else "CPU", "what TensorFlow sees"),
        shards=choose_shards(model, batch_size, strategy)[1],
        kernels=choose_kernels(),
        threads=choose_threads(),
        precision=choose_precision(model),
        data=data,
        update=choose_update(model.optimizer, strategy is not None),
        compiler=choose_jit(model, jit_compile)[1],
        strategy=Choice(
            type(strategy).__name__ if strategy else "none",
            f"{strategy.num_replicas_in_sync} replicas share each batch"
            if shares(strategy)
            else "one device",
        ),
    )


def choose_shards(
    model: keras.Model, batch_size: int | None, strategy: Any = None
) -> tuple[int, Choice]:
    """Returns how many shards a batch is computed in, and why."""
    if strategy is not None:
        return 1, Choice("none", "the replicas of the strategy share the batch")
    if runs_eagerly(model):
        return 1, Choice("none", "run_eagerly runs step by step")
    reason = reason_not_sharded(model)
    at_once = concurrent_operations()
    if reason:
        faster = (
            "; configure_cpu(split=False) gives its operations all cores and is "
            "faster for it"
            if at_once > 1
            else ""
        )
        return 1, Choice("none", f"not split: {reason}{faster}")
    if available_cores() == 1:
        return 1, Choice("none", "this process may use one core only")
    if at_once == 1:
        return 1, Choice(
            "none",
            "operations use several threads each; configure_cpu() gives each one, "
            "and shards then run side by side",
        )
    fitting = at_once if batch_size is None else batch_size // _MIN_SHARD
    count = max(1, min(at_once, fitting))
    if count == 1:
        return 1, Choice("none", f"a batch of {batch_size} is too small to split")
    return count, Choice(
        str(count), f"{at_once} operations run at once on this machine"
    )


def choose_jit(model: keras.Model, asked: bool | None) -> tuple[bool, Choice]:
    """Returns whether XLA compiles the step, and why."""
    if runs_eagerly(model):
        return False, Choice("none", "run_eagerly runs step by step")
    if asked is not None:
        return asked, Choice("XLA" if asked else "none", "as asked")
    if not on_gpu():
        return False, Choice("none", "XLA is slower than TensorFlow's kernels on CPUs")
    # Keras's "auto": not for layers that XLA cannot compile, nor with determinism.
    jit = bool(model.jit_compile)
    return jit, Choice("XLA" if jit else "none", "as `compile` resolved it for a GPU")


def choose_update(optimizer: Any, distributed: bool) -> Choice:
    """Says how the optimizer's rule is computed."""
    if optimizer is None:
        return Choice("none", "the model is compiled without an optimizer")
    name = type(optimizer).__name__
    if distributed:
        return Choice(f"Keras's {name}", "replicas share their gradients through it")
    if has_fused_update(optimizer):
        return Choice("one kernel a weight", f"TensorFlow has {name}'s rule as one")
    return Choice(f"Keras's {name}", "TensorFlow has no kernel of the same rule")


def choose_precision(model: keras.Model) -> Choice:
    """Says what the layers compute in; warns where a CPU is slow at it."""
    computing = {layer.compute_dtype for layer in model._flatten_layers()}
    half = computing & {"bfloat16", "float16"}
    value = ", ".join(sorted(computing))
    if not half or on_gpu():
        return Choice(value, "as the layers' dtype policies say")
    if "bfloat16" in half and computes_bfloat16():
        return Choice(value, "this CPU multiplies bfloat16 numbers")
    if "bfloat16" in half and computes_bfloat16() is None:
        return Choice(value, "whether this CPU multiplies bfloat16 numbers is unknown")
    return Choice(value, f"slower than float32: this CPU cannot multiply {half.pop()}")


def warn_of_slow_precision(model: keras.Model) -> None:
    """Warns of layers in bfloat16 on a CPU that has no instructions for it."""
    computing = {layer.compute_dtype for layer in model._flatten_layers()}
    if "bfloat16" in computing and not on_gpu() and computes_bfloat16() is False:
        warnings.warn(
            "bfloat16 is slower than float32 on this CPU, which has neither AMX nor "
            "AVX512-BF16.",
            stacklevel=3,
        )


def runs_eagerly(model: keras.Model) -> bool:
    """Returns whether steps run in Python: as compiled, or for all of TensorFlow."""
    import tensorflow as tf

    return bool(model.run_eagerly or tf.config.functions_run_eagerly())


def on_gpu() -> bool:
    """Returns whether TensorFlow computes on a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))
