"""Where Keras 3.15.1 is wrong and the trainer is not: docs/differences.md lists them.

Each test also holds Keras to its fault, so that it is noticed when Keras mends it, and
what works around it here can go.
"""

import contextlib

import keras
import numpy as np
import pytest
from keras import layers

from keras_cnn import InputError, Trainer
from tests.training._compare import quiet, seeded
from tests.training.models import compiled, compiled_dense, rows

X, Y = rows(16)


def sequences(steps):
    """A model of a prediction for each step, four sequences, and their errors."""
    model = compiled(
        keras.Sequential([keras.Input((steps, 2)), layers.Dense(1)]), "sgd", loss="mse"
    )
    x = np.random.default_rng(0).normal(size=(4, steps, 2)).astype("float32")
    y = x[..., :1]
    errors = (np.asarray(model(x)) - y)[..., 0].astype("float64") ** 2
    return model, x, y, errors


@pytest.mark.parametrize("steps", [4, 3], ids=["as_many_as_samples", "fewer"])
def test_a_weight_for_each_sample_weighs_the_whole_sample(steps):
    weight = np.array([0.0, 0.0, 0.5, 1.0])
    model, x, y, errors = seeded(lambda: sequences(steps))
    loss = Trainer(model).evaluate(x, y, sample_weight=weight, verbose=0)
    np.testing.assert_allclose(loss, (errors * weight[:, None]).mean(), rtol=1e-5)
    if steps == 4:  # Keras weighs the steps
        theirs = model.evaluate(x, y, sample_weight=weight, verbose=0)
        np.testing.assert_allclose(theirs, (errors * weight).mean(), rtol=1e-5)
    else:  # and cannot multiply
        with pytest.raises(Exception, match=r"must be equal|Incompatible shapes"):
            model.evaluate(x, y, sample_weight=weight, verbose=0)


class Interrupted(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise RuntimeError("interrupted")


def epochs_after_a_restored_run(model, fit, folder):
    backup = keras.callbacks.BackupAndRestore(folder)
    with contextlib.suppress(RuntimeError):
        fit(**quiet(x=X, y=Y, epochs=3, callbacks=[backup, Interrupted()]))
    backup = keras.callbacks.BackupAndRestore(folder)
    fit(**quiet(x=X, y=Y, epochs=3, callbacks=[backup]))
    return len(fit(**quiet(x=X, y=Y, epochs=3)).epoch)


def test_a_run_after_a_restored_one_has_all_its_epochs(tmp_path):
    ours, theirs = compiled_dense("sgd"), compiled_dense("sgd")
    trainer = Trainer(ours)
    assert epochs_after_a_restored_run(ours, trainer.fit, tmp_path / "ours") == 3
    assert epochs_after_a_restored_run(theirs, theirs.fit, tmp_path / "keras") == 1


def classifier(loss="sparse_categorical_crossentropy", units=2):
    net = [keras.Input((5,)), layers.Dense(units, activation="softmax")]
    return compiled(keras.Sequential(net), "sgd", loss=loss)


def test_class_weights_by_text_raise():
    labels = (Y[:, 0] > 0).astype(int)
    texts = {"0": 1.0, "1": 50.0}
    with pytest.raises(InputError, match="from class numbers"):
        Trainer(classifier()).fit(X, labels, class_weight=texts, verbose=0)
    weighted, plain = (
        seeded(classifier).fit(**quiet(x=X, y=labels, class_weight=weights))
        for weights in (texts, None)
    )
    assert weighted.history == plain.history  # Keras ignores them


def test_an_alpha_above_1_raises():
    def build():
        loss = keras.losses.BinaryFocalCrossentropy(
            apply_class_balancing=True, alpha=10.0
        )
        net = [keras.Input((5,)), layers.Dense(1, activation="sigmoid")]
        return compiled(keras.Sequential(net), "sgd", loss=loss)

    zeros = np.zeros((16, 1))
    with pytest.raises(InputError, match=r"`alpha` must be a number in \[0, 1\]"):
        Trainer(build()).fit(X, zeros, verbose=0)
    assert build().evaluate(X, zeros, verbose=0) < 0  # Keras: a negative loss


def test_missing_targets_are_named():
    with pytest.raises(InputError, match="`y` must be given"):
        Trainer(compiled_dense("sgd")).fit(X, verbose=0)
    with pytest.raises(ValueError, match="None values not supported"):
        compiled_dense("sgd").fit(X, verbose=0)


def test_a_stream_of_unknown_rank_is_named():
    import tensorflow as tf

    def through_python(*parts):
        return tf.py_function(lambda *same: same, parts, [tf.float32, tf.float32])

    batches = tf.data.Dataset.from_tensor_slices((X, Y)).batch(4).map(through_python)
    with pytest.raises(InputError, match=r"known rank.*set_shape"):
        Trainer(compiled_dense("sgd")).fit(**quiet(x=batches))
    with pytest.raises(ValueError, match="unknown rank"):
        compiled_dense("sgd").fit(**quiet(x=batches))
