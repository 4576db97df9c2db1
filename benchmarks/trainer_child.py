"""One contender of the training benchmark, started by `trainer_line.Process`.

Keras's `fit` and our `Trainer` train in one call. A callback makes an epoch of it a
round: the first compiles and warms up, and each other waits at its begin for the word.
No batch hook is used, so that neither pays for one.

Options of "fit" and "trainer":
    cores: How many the process may use; all where it is not given.
    threads: "configured" calls `configure_threads`, "one" gives an operation one.
    compile: What `model.compile` is given, such as `steps_per_execution`.
    unrolled: `unrolled_steps_per_execution`, an attribute in Keras 3.
    stream: Whether the samples come from a file through tf.data.

Options of "torch": `compiled`, and `threads`, a number. Those of "jax": none.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

from trainer_line import Contender, Finished, Line

_PACKAGES = {"torch": "PyTorch", "jax": "JAX"}


def train_keras(contender: Contender, data: Path, line: Line) -> None:
    """Trains a Keras model with `fit` or with `Trainer`."""
    options = contender.options
    configure_threads(options.get("threads"))

    import keras
    from trainer_data import streamed
    from trainer_models import MODELS, compiled

    from keras_cnn import Trainer

    class Rounds(keras.callbacks.Callback):
        """Makes each epoch but the first a round."""

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            """Waits for the word."""
            if epoch:
                line.begin()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            """Reports."""
            if epoch:
                line.end()
            else:
                line.say(ready=True, **described)

    model = compiled(contender.model, **options.get("compile", {}))
    model.unrolled_steps_per_execution = options.get("unrolled", 1)
    trainer = Trainer(model) if contender.kind == "trainer" else None
    described = {"plan": chosen(trainer, contender.batch)} if trainer else {}
    if options.get("stream"):
        arguments = {"x": streamed(data, contender.samples, contender.batch)}
    else:
        x, y = MODELS[contender.model][1](data, contender.samples)
        arguments = {"x": x, "y": y, "batch_size": contender.batch}
    (trainer or model).fit(
        **arguments,
        epochs=contender.rounds + 1,
        steps_per_epoch=contender.steps,
        callbacks=[Rounds()],
        verbose=0,
    )


def configure_threads(threads: str | None) -> None:
    """Sets TensorFlow's threads, which it fixes when it starts."""
    if threads == "configured":
        from keras_cnn.training import configure_threads

        configure_threads()
    elif threads == "one":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)


def chosen(trainer: Any, batch: int) -> dict[str, str]:
    """Returns what the trainer chose, and why, in words."""
    plan = trainer.plan(batch)
    return {
        name: f"{getattr(plan, name).value}: {getattr(plan, name).reason}"
        for name in ("shards", "threads", "precision", "update")
    }


def main(contender: Contender, data: Path) -> None:
    """Trains until the parent has had enough."""
    line = Line()
    if "cores" in contender.options:
        cores = sorted(os.sched_getaffinity(0))[: contender.options["cores"]]
        os.sched_setaffinity(0, cores)
    try:
        if contender.kind in _PACKAGES:
            if not importlib.util.find_spec(contender.kind):
                line.say(skipped=f"{_PACKAGES[contender.kind]} is not installed")
                return
            module = importlib.import_module(f"trainer_{contender.kind}")
            module.train(contender, data, line)
        else:
            train_keras(contender, data, line)
    except Finished:
        pass


if __name__ == "__main__":
    main(Contender(**json.loads(sys.argv[1])), Path(sys.argv[2]))
