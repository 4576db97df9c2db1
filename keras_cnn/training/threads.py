"""How many threads TensorFlow may use, and what the processor computes fast."""

from __future__ import annotations

import os
from pathlib import Path

from .._checks import check_count

# What Linux calls the instructions that multiply bfloat16 numbers.
_BFLOAT16_FLAGS = {"amx_bf16", "avx512_bf16"}
_CPUINFO = Path("/proc/cpuinfo")


def configure_threads(cores: int | None = None) -> None:
    """Gives each operation one thread, and lets as many operations run as cores exist.

    At small batches two threads inside one convolution gain little. The trainer instead
    computes the halves of a batch side by side, for which each half needs a core of its
    own. Call it first in a script, before any tensor or model is made: TensorFlow fixes
    its threads when it starts, for the whole process.

    A model that cannot be split over shards (`Trainer.plan` says why) computes on one
    core after this call: leave it out there.

    Args:
        cores: Whole number >= 1: operations that run at once. Defaults to `None`, for
            the cores that this process may use.

    Raises:
        InputError: If `cores` is not a whole number >= 1.
        RuntimeError: If TensorFlow has already started.

    Example:
        >>> configure_threads(0)
        Traceback (most recent call last):
            ...
        keras_cnn._checks.InputError: `cores` must be a whole number >= 1. \
Received: cores=0.
    """
    if cores is None:
        cores = available_cores()
    check_count("cores", cores)
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(cores)
    except RuntimeError as error:
        raise RuntimeError(
            "configure_threads must be called before TensorFlow starts, since threads "
            "are fixed then: move the call above the first tensor, model, or seed of "
            "the script. Received: a call after TensorFlow had started."
        ) from error


def available_cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def concurrent_operations() -> int:
    """Returns how many single-threaded operations TensorFlow runs side by side.

    It is 1 unless each operation has one thread, as after `configure_threads`: then the
    shards of a batch would only take each other's threads.
    """
    import tensorflow as tf

    if tf.config.threading.get_intra_op_parallelism_threads() != 1:
        return 1
    inter = tf.config.threading.get_inter_op_parallelism_threads()
    return min(inter, available_cores()) if inter else available_cores()


def computes_bfloat16(cpuinfo: Path = _CPUINFO) -> bool | None:
    """Returns whether the CPU multiplies bfloat16 numbers; None where it can't be told.

    Args:
        cpuinfo: The file in which Linux describes the processor.
    """
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return None
    flags = [line for line in lines if line.startswith("flags")]
    return bool(_BFLOAT16_FLAGS & set(flags[0].split())) if flags else None
