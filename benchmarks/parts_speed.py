"""Times training steps of the article's model with our parts and with Keras's.

    python benchmarks/parts_speed.py [--activation relu] [--blocks 31] [--json FILE]

Layers, activations and loss are all of the one or all of the other, as `keras-cnn
train --layers-from` builds them. Both models live in one process, start from the same
weights and take turns, block by block, each on the function that `Model.fit` runs for
a step, fed by a tf.data iterator with batches of 32. Tracing and a warm-up block come
before the clock. The ratio of a pair is Keras's time over ours: above 1, ours is
faster. Who goes first alternates, so that a drift of the machine does not favour one.
"""

import argparse
import json
import os
import platform
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from keras_cnn.data import ArraySplit, ImageDataset, Provenance
from keras_cnn.runs import RunConfig, build_model

BATCH = 32
ARMS = ("keras_cnn", "keras")


def article_model(layers_from, activation):
    """Builds and compiles the article's model from our parts or from Keras's."""
    shape = ArraySplit(np.zeros((10, 28, 28, 1), np.uint8), np.arange(10))
    digits = ImageDataset("shape", tuple("0123456789"), shape, shape, Provenance(""))
    config = RunConfig(layers_from=layers_from, activation=activation)
    return build_model(config, digits)


def endless_batches():
    """Returns an iterator over batches of random images and labels."""
    rng = np.random.default_rng(0)
    images = rng.random((BATCH * 32, 28, 28, 1), "float32")
    labels = rng.integers(0, 10, BATCH * 32)
    batches = tf.data.Dataset.from_tensor_slices((images, labels)).batch(
        BATCH, drop_remainder=True
    )
    return iter(batches.cache().repeat().prefetch(4))


def timed_block(step, batches, steps):
    """Returns the seconds that `steps` training steps take."""
    start = time.perf_counter()
    for _ in range(steps):
        logs = step(batches)
    float(logs["loss"])  # waits for the last step
    return time.perf_counter() - start


def measure(blocks, steps, activation):
    """Returns seconds by arm, a list of `blocks` for each."""
    running = {}
    for name in ARMS:
        model = article_model(name, activation)
        model.make_train_function()
        running[name] = (model.train_function, endless_batches())
        timed_block(*running[name], steps)
    seconds = {name: [] for name in ARMS}
    for block in range(blocks):
        for name in sorted(ARMS, reverse=block % 2 == 1):
            seconds[name].append(timed_block(*running[name], steps))
    return seconds


def summary(seconds, steps):
    """Returns the figures, with the machine and the versions they hold for."""
    ratios = [
        theirs / ours
        for ours, theirs in zip(seconds["keras_cnn"], seconds["keras"], strict=True)
    ]
    return {
        "milliseconds_per_step": {
            name: 1000 * statistics.median(times) / steps
            for name, times in seconds.items()
        },
        "ratios": ratios,
        "median_ratio": statistics.median(ratios),
        "middle_half": statistics.quantiles(ratios, n=4)[::2],
        "seconds": seconds,
        "steps_per_block": steps,
        "batch": BATCH,
        "machine": f"{platform.machine()}, {os.cpu_count()} logical CPUs",
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }


def main():
    """Measures, prints, and writes the JSON file if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--activation", default="relu")
    parser.add_argument("--blocks", type=int, default=31)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    seconds = measure(options.blocks, options.steps, options.activation)
    figures = summary(seconds, options.steps)
    for name, value in figures["milliseconds_per_step"].items():
        print(f"{name:10} {value:6.2f} ms a step (median of {options.blocks} blocks)")
    ratios = " ".join(f"{ratio:.3f}" for ratio in figures["ratios"])
    print(f"keras / keras_cnn, pair by pair: {ratios}")
    low, high = figures["middle_half"]
    print(
        f"median ratio {figures['median_ratio']:.3f}, half of them {low:.3f}-{high:.3f}"
    )
    versions = ", ".join(f"{k} {v}" for k, v in figures["versions"].items())
    print(f"{figures['machine']}; {versions}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
