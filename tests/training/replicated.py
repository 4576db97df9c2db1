"""Processes of tests/training/test_distribution.py: replicas beside one replica.

python -m tests.training.replicated mirrored OUT.json
python -m tests.training.replicated worker OUT.json WHAT FOLDER
python -m tests.training.replicated alone OUT.json FOLDER
"""

import json
import os
import sys
from pathlib import Path

import keras
import numpy as np

from keras_cnn import Trainer
from keras_cnn.training import WorkerLostError
from keras_cnn.training.workers import is_chief

layers, optimizers = keras.layers, keras.optimizers

# A last batch of one sample: of two replicas, one has none.
SAMPLES, BATCH = 101, 25


def data():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(SAMPLES, 8, 8, 1))
    return x, generator.integers(0, 3, SAMPLES), generator.uniform(0.1, 2, SAMPLES)


def model(loss="sparse_categorical_crossentropy", optimizer=None, **regularizers):
    keras.utils.set_random_seed(1)
    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", **regularizers),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    network.compile(
        optimizer or optimizers.Adam(0.01),
        loss,
        metrics=["accuracy"],
        weighted_metrics=[keras.metrics.SparseCategoricalCrossentropy(name="nats")],
    )
    return network


def spread(y_true, y_pred):
    """A loss over the batch: no sum over the parts of one gives it."""
    chosen = keras.ops.take_along_axis(y_pred, keras.ops.reshape(y_true, (-1, 1)), 1)
    return keras.ops.var(chosen) - keras.ops.mean(chosen)


def cases():
    x, y, weights = data()
    whole = {"x": x, "y": y, "batch_size": BATCH}
    sum_loss = keras.losses.SparseCategoricalCrossentropy(reduction="sum")
    scaled = optimizers.LossScaleOptimizer(optimizers.SGD(0.1), initial_scale=64.0)
    yield "plain", {}, whole
    yield "sample weights", {}, {**whole, "sample_weight": weights}
    yield (
        "weight and activity regularisers",
        {
            "kernel_regularizer": keras.regularizers.L2(0.01),
            "activity_regularizer": keras.regularizers.L1(0.001),
        },
        whole,
    )
    yield (
        "a sum as reduction",
        {"loss": sum_loss, "optimizer": optimizers.SGD(1e-3)},
        whole,
    )
    yield "a loss over the batch", {"loss": spread}, whole
    yield "clipping", {"optimizer": optimizers.SGD(0.1, global_clipnorm=0.1)}, whole
    yield "loss scaling", {"optimizer": scaled}, whole


def in_a_stream():
    import tensorflow as tf

    x, y, _ = data()
    return {"x": tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)}


def distances(ours, theirs, history, reference):
    """The largest difference of a weight, and of each value of the history."""
    found = {"weights": max(map(_distance, ours.get_weights(), theirs.get_weights()))}
    for name, values in reference.history.items():
        found[name] = _distance(history.history[name], values)
    return found


def _distance(ours, theirs):
    return float(np.abs(np.subtract(ours, theirs)).max())


def mirrored():
    """Returns the distances of two replicas on logical CPUs from `Model.fit`'s one."""
    import tensorflow as tf

    one = tf.config.LogicalDeviceConfiguration()
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [one, one])
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    x, y, _ = data()
    options = {"epochs": 2, "shuffle": False, "verbose": 0}
    options["validation_data"] = (x[:33], y[:33])
    found = {}
    for name, made, fed in [*cases(), ("a stream", {}, in_a_stream())]:
        reference = model(**_fresh(made))
        theirs = reference.fit(**fed, **options)
        with strategy.scope():
            replicated = model(**_fresh(made))
        trainer = Trainer(replicated, strategy=strategy)
        ours = trainer.fit(**fed, **options)
        found[name] = distances(replicated, reference, ours, theirs)
    found["evaluate and predict"] = {
        "evaluate": _distance(
            trainer.evaluate(x[:30], y[:30], verbose=0),
            reference.evaluate(x[:30], y[:30], verbose=0),
        ),
        "predict": _distance(
            trainer.predict(x, verbose=0), reference.predict(x, verbose=0)
        ),
    }
    return found


def _fresh(made):
    """An optimizer serves one model: each gets its own."""
    if "optimizer" not in made:
        return made
    kind = type(made["optimizer"])
    return {**made, "optimizer": kind.from_config(made["optimizer"].get_config())}


def worker(what, folder):
    """Returns what one of two workers saw; TF_CONFIG says which it is."""
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        replicated = model(kernel_regularizer=keras.regularizers.L2(0.01))
    return {"train": _train, "fit": _fit, "lose": _lose}[what](
        replicated, strategy, Path(folder)
    )


def alone(folder):
    """Returns what one process sees of the two workers' training."""
    return _train(
        model(kernel_regularizer=keras.regularizers.L2(0.01)), None, Path(folder)
    )


def _train(replicated, strategy, folder):
    # Each worker would draw another order: that of the chief must hold for all.
    np.random.seed(int(is_chief(strategy)))
    x, y, _ = data()
    logger = keras.callbacks.CSVLogger(str(folder / f"log-{is_chief(strategy)}.csv"))
    trainer = Trainer(
        replicated,
        strategy=strategy,
        checkpoint_dir=folder / "kept",
        checkpoint_every=2,
    )
    history = trainer.fit(
        x,
        y,
        batch_size=BATCH,
        epochs=3,
        validation_data=(x[:33], y[:33]),
        callbacks=[logger],
        verbose=0,
    )
    return {
        "chief": is_chief(strategy),
        "weights": [weight.tolist() for weight in replicated.get_weights()],
        "history": history.history,
        "evaluate": trainer.evaluate(x[:30], y[:30], verbose=0),
    }


def _fit(replicated, strategy, folder):
    """Keras's own fit, for what becomes of it."""
    x, y, _ = data()
    try:
        replicated.fit(x, y, batch_size=BATCH, verbose=0)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"error": None}


class DieAt(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            os._exit(9)


def _lose(replicated, strategy, folder):
    """Trains until the other worker dies, the first time; then to the end."""
    x, y, _ = data()
    keras.utils.set_random_seed(5)
    first = not (folder / "died").exists()
    dying = first and not is_chief(strategy)
    trainer = Trainer(
        replicated,
        strategy=strategy,
        checkpoint_dir=folder / "kept",
        checkpoint_every=2,
        resume=True,
    )
    try:
        trainer.fit(
            x,
            y,
            batch_size=BATCH,
            epochs=4,
            callbacks=[DieAt(2)] if dying else [],
            verbose=0,
        )
    except WorkerLostError as error:
        (folder / "died").touch()
        return {"lost": str(error)}
    return {"weights": [weight.tolist() for weight in replicated.get_weights()]}


if __name__ == "__main__":
    keras.config.set_floatx("float64")
    kind, out, *rest = sys.argv[1:]
    found = {"mirrored": mirrored, "worker": worker, "alone": alone}[kind](*rest)
    Path(out).write_text(json.dumps(found))
    if "lost" in found:
        os._exit(0)  # TensorFlow would wait for the lost worker at its exit
