"""Runs one exported file in a process that can import neither Keras nor this package.

    python parity_worker.py SPECIFICATION.json

It is run by its path, so that nothing of this package comes with it. The specification
has the `source` of a format's function `run`, the `path` of a file of that format, an
`.npy` file of `images`, where to write the outputs (`out`), and the modules to block.
Imports of these fail from the first line on; at the end it is checked that none of them
was loaded.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

BATCH = 256
# Calls that a latency is the median of: of one image, and of a batch.
CALLS = {1: 200, BATCH: 15}

Call = Callable[[Any], dict[str, Any]]


def block(names: Sequence[str]) -> None:
    """Makes packages look as if they were not installed, to whoever asks for them."""
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]


def check_blocked(names: Sequence[str]) -> None:
    """Exits with an error if one of them, or a part of it, was loaded all the same."""
    loaded = [
        module
        for module in sys.modules
        if module.partition(".")[0] in names and sys.modules[module] is not None
    ]
    if loaded:
        raise SystemExit(f"These were loaded and must not be: {sorted(loaded)}")


def outputs(call: Call, images: Any) -> dict[str, Any]:
    """Returns what a file gives for all images, and for the first in other batches."""
    import numpy as np

    parts = [
        call(images[start : start + BATCH]) for start in range(0, len(images), BATCH)
    ]
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    for count in (1, BATCH + 1):
        for name, value in call(images[:count]).items():
            values[f"{name}:{count}"] = value
    return values


def latencies(call: Call, images: Any) -> dict[str, float]:
    """Returns by batch size the median seconds of a call."""
    medians = {}
    for size, calls in CALLS.items():
        batch = images[:size]
        call(batch)
        seconds = []
        for _ in range(calls):
            begin = time.perf_counter()
            call(batch)
            seconds.append(time.perf_counter() - begin)
        medians[str(size)] = statistics.median(seconds)
    return medians


def load(source: str, path: str) -> Call:
    """Runs a format's function `run`, of which it has the source alone."""
    names: dict[str, Any] = {}
    exec(source, names)  # this package's own
    call: Call = names["run"](path)
    return call


def main(path: str) -> None:
    """Runs what a specification asks for."""
    with open(path) as file:
        specification = json.load(file)
    block(specification["blocked"])
    import numpy as np

    images = np.load(specification["images"])
    call = load(specification["source"], specification["path"])
    values = outputs(call, images)
    values["seconds"] = json.dumps(latencies(call, images))
    check_blocked(specification["blocked"])
    np.savez(specification["out"], **values)


if __name__ == "__main__":
    main(sys.argv[1])
