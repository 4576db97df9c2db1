"""Times the article's training with the `Doctor` callback beside without it.

    python benchmarks/doctor_overhead.py [--blocks 9] [--steps 1200] [--every 200]

Both arms are `Model.fit` on the same model, batches of 32 of random images, block by
block in turn, who goes first alternating; compilation comes before the clock. The
overhead of a pair is the time with the callback over the time without, less 1. Beside
it stands the time of one probe over that of the steps between two.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from keras_cnn import article_cnn
from keras_cnn.doctor import Doctor

BATCH = 32


class Lasting(Doctor):
    """A doctor that keeps its compiled probe from one `fit` to the next."""

    def on_train_begin(self, logs=None):
        """Begins anew, compiled once."""
        if self._probe is None:
            super().on_train_begin(logs)
        self.snapshots[1:] = []
        self._begin = self._seen = 0


def main():
    """Times the arms and prints the overhead."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=9)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--every", type=int, default=200)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    x = rng.random((BATCH * options.steps, 28, 28, 1), "float32")
    y = rng.integers(0, 10, len(x))
    model = article_cnn()
    model.compile("adam", "sparse_categorical_crossentropy")
    doctor = Lasting(x[:64], y[:64], every=options.every)

    def seconds(callbacks):
        begin = time.perf_counter()
        model.fit(x, y, batch_size=BATCH, verbose=0, callbacks=callbacks)
        return time.perf_counter() - begin

    seconds([doctor])
    seconds([])
    ratios, plain = [], []
    for block in range(options.blocks):
        arms = [[], [doctor]] if block % 2 else [[doctor], []]
        took = {len(arm): seconds(arm) for arm in arms}
        ratios.append(took[1] / took[0])
        plain.append(took[0])
    probes = []
    for step in range(30):
        begin = time.perf_counter()
        doctor._probe(step)
        probes.append(time.perf_counter() - begin)
    step = statistics.median(plain) / options.steps
    probe = statistics.median(probes)
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(f"Keras {keras.__version__}, {os.cpu_count()} CPUs, {options.blocks} pairs")
    print(f"a step {step * 1e3:.2f} ms, a probe {probe * 1e3:.2f} ms")
    print(f"by the parts: {probe / (step * options.every):.2%}")
    print(f"by pairs: {middle - 1:.2%}, half of them in {low - 1:.2%}..{high - 1:.2%}")


if __name__ == "__main__":
    main()
