"""Runs one exported file in a process that can import neither Keras nor this package.

    python parity_worker.py SPECIFICATION.json

A file by itself, run by its path, so that nothing of this package comes with it. The
specification names the `kind` of file, its `path`, an `.npy` file of `images`, where to
write the answers (`out`), and the modules to block. Imports of these fail from the
first line on, and that none of them was loaded is asserted at the end.
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


def saved_model(path: str) -> Call:
    """Returns a SavedModel's default signature as a function of an array."""
    import tensorflow as tf

    loaded = tf.saved_model.load(path)

    def call(images: Any) -> dict[str, Any]:
        # Through the whole model, which owns the weights.
        answers = loaded.signatures["serving_default"](image=tf.constant(images))
        return {name: value.numpy() for name, value in answers.items()}

    return call


def litert(path: str) -> Call:
    """Returns a LiteRT file's only signature as a function of an array."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_path=path).get_signature_runner()
    return lambda images: runner(image=images)


def onnx(path: str) -> Call:
    """Returns an ONNX file as a function of an array."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def call(images: Any) -> dict[str, Any]:
        return dict(zip(names, session.run(names, {"image": images}), strict=True))

    return call


def keras_file(path: str) -> Call:
    """Returns a `.keras` file as a function of an array; it needs Keras, of course."""
    from keras_cnn.saving import load_model
    from keras_cnn.saving.classifier import Head

    classify = Head(load_model(path))

    def call(images: Any) -> dict[str, Any]:
        probabilities = classify(images)[1].numpy()
        return {"probabilities": probabilities, "label": probabilities.argmax(-1)}

    return call


LOADERS: dict[str, Callable[[str], Call]] = {
    "saved_model": saved_model,
    "litert": litert,
    "onnx": onnx,
    "keras": keras_file,
}


def answers(call: Call, images: Any) -> dict[str, Any]:
    """Returns what a file says of all images, and of the first as other batches."""
    import numpy as np

    parts = [
        call(images[start : start + BATCH]) for start in range(0, len(images), BATCH)
    ]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    for count in (1, BATCH + 1):
        for name, value in call(images[:count]).items():
            found[f"{name}:{count}"] = value
    return found


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


def main(path: str) -> None:
    """Runs what a specification asks for."""
    with open(path) as file:
        wanted = json.load(file)
    block(wanted["blocked"])
    import numpy as np

    images = np.load(wanted["images"])
    call = LOADERS[wanted["kind"]](wanted["path"])
    found = answers(call, images)
    found["seconds"] = json.dumps(latencies(call, images))
    check_blocked(wanted["blocked"])
    np.savez(wanted["out"], **found)


if __name__ == "__main__":
    main(sys.argv[1])
