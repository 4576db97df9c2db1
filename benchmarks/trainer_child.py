"""One contender of the training benchmark, started by `trainer_line.Process`.

Keras's `fit` and our `Trainer` train in one call. A callback makes an epoch of it a
round: the first compiles and warms up, and each other waits at its begin for the word.
No batch hook is used, so that neither pays for one.

Options of "fit" and "trainer":
    cores: How many the process may use; all where it is not given.
    threads: "configured" calls `configure_cpu`, "one" gives an operation one.
    onednn: Whether TensorFlow takes oneDNN's kernels; its own choice if not given.
    backend: Keras's, TensorFlow if it is not given.
    compile: What `model.compile` is given, such as `steps_per_execution`.
    unrolled: `unrolled_steps_per_execution`, an attribute in Keras 3.
    stream: Whether the samples come from a file through tf.data.

Those of "torch" stand in `trainer_torch`; "jax" has none. The process is started with
the variables that `onednn` and `backend` mean: see `trainer_line.variables`.
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
    set_threads(options.get("threads"))

    import keras
    from trainer_data import streamed
    from trainer_models import MODELS, compiled

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
    trainer = None
    described: dict[str, Any] = {"kernels": kernels()}
    if contender.kind == "trainer":
        from keras_cnn import Trainer

        trainer = Trainer(model)
        described["plan"] = chosen(trainer, contender.batch)
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


def set_threads(threads: str | None) -> None:
    """Sets TensorFlow's threads, which it fixes when it starts, and its kernels."""
    if threads == "configured":
        from keras_cnn import configure_cpu

        configure_cpu()
    elif threads == "one":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)


def kernels() -> str | None:
    """Names what computes: TensorFlow's kernels, or Keras's other backend."""
    import keras

    from keras_cnn._kernels import name_kernels

    backend: str = keras.backend.backend()
    return name_kernels() if backend == "tensorflow" else backend


def chosen(trainer: Any, batch: int) -> dict[str, str]:
    """Returns what the trainer chose, and why, in words."""
    plan = trainer.plan(batch)
    return {
        name: f"{getattr(plan, name).value}: {getattr(plan, name).reason}"
        for name in ("shards", "kernels", "threads", "precision", "update")
    }


def main(contender: Contender, data: Path) -> None:
    """Trains until the parent has had enough."""
    line = Line()
    if "cores" in contender.options:
        cores = sorted(os.sched_getaffinity(0))[: contender.options["cores"]]
        os.sched_setaffinity(0, cores)
    needed = contender.options.get("backend", contender.kind)
    if needed in _PACKAGES and not importlib.util.find_spec(needed):
        line.say(skipped=f"{_PACKAGES[needed]} is not installed")
        return
    if contender.kind == "fit" and not importlib.util.find_spec("keras"):
        line.say(skipped="Keras is not installed beside PyTorch")
        return
    try:
        if contender.kind in _PACKAGES:
            module = importlib.import_module(f"trainer_{contender.kind}")
            module.train(contender, data, line)
        else:
            train_keras(contender, data, line)
    except Finished:
        pass


if __name__ == "__main__":
    main(Contender(**json.loads(sys.argv[1])), Path(sys.argv[2]))
