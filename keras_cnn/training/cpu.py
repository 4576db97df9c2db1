"""How a CPU computes: whose kernels, with how many threads, and what it is fast at.

Importing this module does not import TensorFlow, which fixes its kernels when it is
imported and its threads when it starts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .._checks import check_count
from .._kernels import ONEDNN, ask_for_onednn, is_x86, name_kernels
from .choice import Choice, as_lines

# What Linux calls the instructions that multiply bfloat16 numbers.
_BFLOAT16_FLAGS = {"amx_bf16", "avx512_bf16"}
_CPUINFO = Path("/proc/cpuinfo")
_INTRA, _INTER = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"


@dataclass(frozen=True)
class CpuSettings:
    """What `configure_cpu` did.

    Attributes:
        kernels: Whose kernels TensorFlow computes with.
        threads: Threads for one operation, and operations at once.
    """

    kernels: Choice
    threads: Choice

    def __str__(self) -> str:
        """Returns a line for each setting."""
        return as_lines(self)


def configure_cpu(cores: int | None = None, *, split: bool = True) -> CpuSettings:
    """Lets TensorFlow train fast on this CPU; returns what was set.

    Call it first in a script, before TensorFlow and Keras are imported:

    - On an x86 processor it asks for oneDNN's kernels, by setting the variable
      TF_ENABLE_ONEDNN_OPTS to 1, unless it is set already. TensorFlow reads it when it
      is imported; after that only the threads can be set.
    - It gives each operation one thread, and lets as many operations run as there are
      cores. At small batches two threads inside one convolution gain little; `Trainer`
      computes the halves of a batch side by side instead, for which each half needs a
      core of its own. TensorFlow fixes its threads when it starts, for the whole
      process. Threads that you have set yourself, by `tf.config.threading` or by the
      variables TF_NUM_INTRAOP_THREADS and TF_NUM_INTEROP_THREADS, stay as they are.

    Args:
        cores: Whole number >= 1: operations that run at once. Defaults to `None`, for
            the cores that this process may use.
        split: Whether batches will be split over the cores. False leaves the threads as
            TensorFlow has them, which is faster for `Model.fit` and for a model that
            `Trainer` cannot split (`Trainer.plan` says so). Defaults to `True`.

    Returns:
        Kernels and threads, each with the reason, as `Trainer.plan` names them.

    Raises:
        InputError: If `cores` is not a whole number >= 1.
        RuntimeError: If TensorFlow has already started, and threads are to be set.

    Example:
        >>> configure_cpu(0)
        Traceback (most recent call last):
            ...
        keras_cnn._checks.InputError: `cores` must be a whole number >= 1. \
Received: cores=0.
    """
    if cores is not None:
        check_count("cores", cores)
    ask_for_onednn()
    import tensorflow as tf

    threading = tf.config.threading
    if split and (cores is not None or not any(threads())):
        try:
            threading.set_intra_op_parallelism_threads(1)
            threading.set_inter_op_parallelism_threads(cores or available_cores())
        except RuntimeError as error:
            raise RuntimeError(
                "configure_cpu must be called before TensorFlow starts, since threads "
                "are fixed then: move the call above the first tensor, model, or seed "
                "of the script. Received: a call after TensorFlow had started."
            ) from error
    return CpuSettings(choose_kernels(), choose_threads())


# Its former name.
configure_threads = configure_cpu


def choose_kernels() -> Choice:
    """Says whose kernels TensorFlow computes with, and what to set for faster ones."""
    name = name_kernels() or "unknown"
    named = os.environ.get(ONEDNN)
    if name == "Eigen" and is_x86():
        if named is not None and "1" not in named:
            return Choice(name, f"{ONEDNN}={named}; {ONEDNN}=1 trains faster")
        return Choice(
            name,
            "oneDNN's train faster here: call configure_cpu() before TensorFlow is "
            f"imported, or set {ONEDNN}=1",
        )
    if name == "oneDNN" and named is not None:
        return Choice(name, f"{ONEDNN}={named}")
    return Choice(name, "TensorFlow's choice for this processor")


def choose_threads() -> Choice:
    """Says how many threads TensorFlow uses."""
    intra, inter = threads()
    value = f"{intra or 'all'} an operation, {inter or 'all'} operations at once"
    configured = bool(intra or inter)
    return Choice(value, "as configured" if configured else "TensorFlow's default")


def threads() -> tuple[int, int]:
    """Returns the threads of an operation and the operations at once; 0 for all."""
    import tensorflow as tf

    threading = tf.config.threading
    return (
        threading.get_intra_op_parallelism_threads() or _from_environment(_INTRA),
        threading.get_inter_op_parallelism_threads() or _from_environment(_INTER),
    )


def _from_environment(name: str) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() else 0


def available_cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def concurrent_operations() -> int:
    """Returns how many single-threaded operations TensorFlow runs side by side.

    It is 1 unless each operation has one thread, as after `configure_cpu`: then the
    shards of a batch would only take each other's threads.
    """
    intra, inter = threads()
    if intra != 1:
        return 1
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
