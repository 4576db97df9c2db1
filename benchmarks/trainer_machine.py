"""What the machine is and can: a process of its own, which writes JSON.

python benchmarks/trainer_machine.py
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

_PACKAGES = ("keras-cnn", "tensorflow", "keras", "jax", "numpy")
_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
_SIDE = 4096
_TRIES = 7


def peak(dtype: str) -> float:
    """Returns the GFLOP/s of a large matrix product, the best of some tries."""
    import tensorflow as tf

    a = tf.cast(tf.random.normal((_SIDE, _SIDE), seed=0), dtype)

    # One number comes back: the product itself need not be waited for by copying it.
    @tf.function
    def multiply() -> Any:
        return tf.reduce_sum(tf.cast(tf.matmul(a, a)[0], tf.float32))

    float(multiply())
    seconds = []
    for _ in range(_TRIES):
        start = time.perf_counter()
        float(multiply())
        seconds.append(time.perf_counter() - start)
    return 2 * _SIDE**3 / min(seconds) / 1e9


def processor() -> dict[str, Any]:
    """Returns the processor's name and those of its flags that matter here."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return {"cpu": platform.processor() or platform.machine(), "flags": None}
    parts = (line.partition(":") for line in lines)
    told = {name.strip(): value.strip() for name, _, value in parts}
    flags = told.get("flags", "").split()
    return {
        "cpu": told.get("model name", platform.machine()),
        "flags": [flag for flag in _FLAGS if flag in flags],
    }


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that are installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def main() -> None:
    """Measures and writes."""
    from trainer_models import MODELS, operations_per_sample

    from keras_cnn._kernels import name_kernels

    has_affinity = hasattr(os, "sched_getaffinity")
    json.dump(
        {
            **processor(),
            "cores": len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count(),
            "kernels": name_kernels(),
            "system": f"{platform.system()} {platform.machine()}",
            "peak_gflops": {name: peak(name) for name in ("float32", "bfloat16")},
            "operations_per_sample": {
                name: operations_per_sample(make())
                for name, (make, _) in MODELS.items()
            },
            "versions": versions(),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
