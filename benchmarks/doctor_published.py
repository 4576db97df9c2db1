"""The published rules of AutoTrainer, DeepLocalize and UMLAUT, written anew.

From their papers' thresholds, as far as they apply to Keras 3; not runs of their code.
AutoTrainer is checked every epoch, with the training accuracy in the place of the
validation accuracy, and says nothing of regressions.
"""

from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

# Code families that a published alarm is taken to name, leniently.
FAMILIES = {
    "vanishing": {"saturating-activation", "excess-depth", "bad-init"},
    "exploding": {"exploding-activation", "lr-too-high", "bad-init"},
    "dying-relu": {"bad-init", "lr-too-high", "unnormalized-input"},
    "unstable": {"lr-too-high", "batch-too-small"},
    "slow": {"lr-too-low", "too-few-updates"},
    "huge-loss": {"lr-too-high", "unnormalized-target", "outlier-targets"},
    "activation": {
        "missing-softmax",
        "missing-sigmoid",
        "wrong-output-activation",
        "sigmoid-for-multiclass",
        "softmax-single-unit",
        "softmax-for-multilabel",
        "relu-output-for-classification",
        "binary-head-for-multiclass",
        "bounded-output-for-regression",
        "relu-output-for-signed-regression",
    },
    "loss": {"wrong-loss"},
    "data": {"unnormalized-input"},
    "hidden-linear": {"missing-nonlinearity"},
    "dropout": {"excess-dropout"},
    "rate-high": {"lr-too-high"},
    "rate-low": {"lr-too-low"},
    "nan-input": {"nan-in-data"},
    "nan": set(),
    "zero": {"bad-init"},
    "unchanged": set(),
}


@dataclass
class Log:
    """What the rules look at, by epoch or by batch."""

    loss: list = field(default_factory=list)
    accuracy: list = field(default_factory=list)
    epochs: list = field(default_factory=list)  # layers as they are at an epoch's end
    batches: list = field(default_factory=list)  # means of tensors at each batch


class Recorder(keras.callbacks.Callback):
    """Records one fixed batch's outputs, kernels and gradients while training."""

    def __init__(self, x, y, log, most_batches=400):
        """Takes the fixed batch, and where to record."""
        super().__init__()
        self.x, self.y, self.log = tf.constant(x), tf.constant(y), log
        self.most = most_batches

    def on_train_begin(self, logs=None):
        """Compiles the measuring."""
        layers = [one for one in self.model.layers if getattr(one, "weights", None)]
        layers = [one for one in layers if hasattr(one, "kernel")]
        inner = keras.Model(self.model.inputs, [one.output for one in layers])
        kernels = [one.kernel.value for one in layers]

        @tf.function
        def measure():
            with tf.GradientTape() as tape:
                tape.watch(kernels)
                answer = self.model(self.x, training=False)
                loss = self.model.compute_loss(x=self.x, y=self.y, y_pred=answer)
            gradients = tape.gradient(loss, kernels)
            gradients = [
                tf.zeros_like(kernel) if one is None else one
                for one, kernel in zip(gradients, kernels, strict=True)
            ]
            outputs = inner(self.x, training=False)
            outputs = outputs if isinstance(outputs, list) else [outputs]
            zero = [tf.reduce_mean(tf.cast(one == 0, tf.float32)) for one in gradients]
            return {
                "output": tf.stack([tf.reduce_mean(one) for one in outputs]),
                "size": tf.stack([tf.reduce_mean(tf.abs(one)) for one in outputs]),
                "kernel": tf.stack([tf.reduce_mean(one) for one in kernels]),
                "gradient": tf.stack([tf.reduce_mean(one) for one in gradients]),
                "norm": tf.stack([tf.norm(one) for one in gradients]),
                "zero": tf.stack(zero),
                "answer": tf.reduce_max(tf.abs(tf.reduce_sum(answer, -1))),
            }

        self.measure = measure

    def on_train_batch_end(self, batch, logs=None):
        """Records means, for DeepLocalize."""
        if len(self.log.batches) < self.most:
            seen = {name: one.numpy() for name, one in self.measure().items()}
            self.log.batches.append(seen | {"loss": logs["loss"]})

    def on_epoch_end(self, epoch, logs=None):
        """Records the epoch, for AutoTrainer."""
        self.log.loss.append(logs["loss"])
        self.log.accuracy.append(logs.get("accuracy", logs.get("acc", np.nan)))
        self.log.epochs.append({k: v.numpy() for k, v in self.measure().items()})


def record(model, x, y, batch_size, epochs):
    """Trains a program with the recorder in it and returns the log."""
    log = Log()
    model.compile(optimizer=model.optimizer, loss=model.loss, metrics=["accuracy"])
    size = min(max(batch_size, 32), len(x))
    recorder = Recorder(x[:size], y[:size], log)
    model.fit(
        x, y, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[recorder]
    )
    return log


def head_of(model):
    """Returns the answer's activation, its width, and the loss's name."""
    last = model.layers[-1]
    name = getattr(getattr(last, "activation", None), "__name__", "linear")
    return name, int(model.output_shape[-1]), type(model.loss).__name__.lower()


def autotrainer(model, log, task):
    """Returns AutoTrainer's alarms."""
    if task != "classification":
        return []
    alarms = []
    name, units, loss = head_of(model)
    losses, accuracy = np.array(log.loss), np.nan_to_num(np.array(log.accuracy))
    unhappy = accuracy.max() < 0.6
    if not np.isfinite(losses).all() or np.abs(losses).max() >= 1e3 or losses.min() < 0:
        alarms.append("huge-loss")
    gains = np.diff(accuracy)
    if unhappy and (not gains.size or gains.max() < 0.01):
        alarms.append("slow")
    swings = np.abs(np.diff(accuracy))
    if len(accuracy) > 3 and (np.sign(gains[1:]) * np.sign(gains[:-1]) < 0).any():
        if (swings >= 0.03).mean() >= 0.2 and unhappy:
            alarms.append("unstable")
    for seen in log.epochs if unhappy else []:
        norm = seen["norm"]
        if not np.isfinite(norm).all():
            alarms.append("exploding")
            continue
        ratio = norm[0] / norm[-1] if norm[-1] else np.inf if norm[0] else 0.0
        if ratio < 1e-3 and norm[0] < 1e-4:
            alarms.append("vanishing")
        elif ratio > 70:
            alarms.append("exploding")
        if seen["zero"].mean() >= 0.7:
            alarms.append("dying-relu")
    if alarms:
        wrong = (loss.startswith("binary") and name != "sigmoid" and units != 2) or (
            "categorical" in loss and name != "softmax"
        )
        if wrong or ("mean" in loss and name != "linear"):
            alarms.append("activation")
        if ("binary" in loss) != (units <= 2) and ("mean" in loss or units > 2):
            alarms.append("loss")
        if max(seen["size"][:-1].max(initial=0) for seen in log.epochs) >= 10:
            alarms.append("data")
    return list(dict.fromkeys(alarms))


def deeplocalize(log, last_layer=True):
    """Returns DeepLocalize's first alarm; without its rule for the last layer's output.

    That rule calls the mean of a softmax, which is always 1/C, an unchanged tensor.
    """
    series = {
        what: np.array([seen[what] for seen in log.batches])
        for what in ("output", "kernel", "gradient")
    }
    for at in range(len(log.batches)):
        if not np.isfinite(log.batches[at]["loss"]):
            return ["nan"]
        for what, values in series.items():
            count = values.shape[1] - (what == "output" and not last_layer)
            for layer in range(count):
                seen = values[: at + 1, layer]
                if not np.isfinite(seen[-1]):
                    return ["nan"]
                if at >= 4:
                    if (seen == 0).mean() >= 0.5:
                        return ["zero"]
                    if np.isclose(seen[-5:].mean(), seen[-5:].max(), rtol=1e-7, atol=0):
                        return ["unchanged"]
    return []


def umlaut(model, x):
    """Returns UMLAUT's alarms that need no validation data."""
    alarms = []
    name, _, _ = head_of(model)
    logits = getattr(model.loss, "from_logits", False)
    if "softmax" not in model.layers[-1].name and not logits:
        alarms.append("activation")
    if name != "linear":
        alarms.append("activation")
    for layer in model.layers[:-1]:
        function = getattr(layer, "activation", None)
        if hasattr(layer, "kernel") and getattr(function, "__name__", "") == "linear":
            alarms.append("hidden-linear")
        if getattr(layer, "rate", 0) > 0.5:
            alarms.append("dropout")
    if np.nanmin(x) < -1 or np.nanmax(x) > 1:
        alarms.append("data")
    if np.isnan(x).any():
        alarms.append("nan-input")
    rate = float(np.asarray(model.optimizer.learning_rate))
    if rate > 0.01:
        alarms.append("rate-high")
    if rate < 1e-7:
        alarms.append("rate-low")
    return list(dict.fromkeys(alarms))
