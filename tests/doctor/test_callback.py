import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_cnn import Trainer
from keras_cnn.doctor import Doctor


def fit(model, x, y, **options):
    return model.fit(x, y, **options)


def train(model, x, y, **options):
    return Trainer(model).fit(x, y, **options)


@pytest.mark.parametrize("run", [fit, train])
def test_probes_stand_at_multiples_of_every_over_all_epochs(blobs, make, run):
    x, y = blobs  # 300 samples: 10 batches of 32 an epoch
    doctor = Doctor(x[:64], y[:64], every=4)
    run(make(8, 3), x, y, epochs=3, batch_size=32, verbose=0, callbacks=[doctor])
    assert [one.step for one in doctor.snapshots] == [0, 4, 8, 12, 16, 20, 24, 28]
    losses = [one.loss for one in doctor.snapshots]
    assert losses[-1] < losses[0] and doctor.loss_trend < 0
    assert doctor.loss_noise >= 0


def test_a_probe_measures_what_numpy_and_a_tape_measure(blobs, make):
    x, y = blobs
    model = make(8, 3)
    doctor = Doctor(x[:50], y[:50])
    doctor.set_model(model)
    doctor.on_train_begin()
    (moment,) = doctor.snapshots
    kernel, bias = (np.asarray(one) for one in model.layers[0].weights)
    hidden = np.maximum(x[:50] @ kernel + bias, 0)
    first = moment.layers[0]
    assert first.mean == pytest.approx(hidden.mean(), rel=1e-4)
    assert first.spread == pytest.approx(hidden.std(), rel=1e-4)
    assert first.zero == pytest.approx((hidden == 0).mean())
    assert first.dead == pytest.approx((hidden == 0).all(0).mean())
    with tf.GradientTape() as tape:
        loss = keras.losses.categorical_crossentropy(y[:50], model(x[:50]))
        loss = tf.reduce_mean(loss)
    kernels = [layer.kernel.value for layer in model.layers]
    gradients = [np.linalg.norm(one) for one in tape.gradient(loss, kernels)]
    assert moment.loss == pytest.approx(float(loss), rel=1e-5)
    assert [one.gradient for one in moment.layers] == pytest.approx(gradients, rel=1e-4)
    assert moment.gradient_ratio == pytest.approx(gradients[0] / gradients[1], rel=1e-4)


def test_the_update_ratio_is_of_one_update(blobs, make):
    x, y = blobs
    rate = 0.5
    model = make(3, optimizer=keras.optimizers.SGD(rate))
    doctor = Doctor(x, y, every=1)
    model.fit(x, y, batch_size=300, epochs=1, verbose=0, callbacks=[doctor])
    before, after = doctor.snapshots
    size = np.linalg.norm(np.asarray(model.layers[0].kernel))
    expected = rate * before.layers[0].gradient / size
    assert after.layers[0].update_ratio == pytest.approx(expected, rel=1e-4)


def test_dead_and_saturated_layers_are_found(blobs, make):
    x, y = blobs
    dead = make(8, 3)
    dead.layers[0].bias.assign([-99.0] * 8)
    flat = make(8, 3, hidden="tanh")
    flat.layers[0].bias.assign([99.0] * 8)
    for model, code in ((dead, "dead-relu"), (flat, "saturated-units")):
        doctor = Doctor(x, y)
        doctor.set_model(model)
        doctor.on_train_begin()
        (finding,) = [one for one in doctor.findings if one.code == code]
        assert model.layers[0].name in finding.where


def test_the_callback_leaves_training_as_it_is(blobs, make):
    x, y = blobs
    trained = []
    for callbacks in ([], [Doctor(x, y, every=1)]):
        model = make(8, 3)
        model.fit(x, y, shuffle=False, verbose=0, callbacks=callbacks)
        trained.append(model.get_weights())
    assert all(map(np.array_equal, *trained))


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"every": 0}, "`every` must be"),
        ({"y": np.zeros((3, 1))}, "same number of rows"),
    ],
)
def test_arguments_that_break_their_rule_are_refused(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        Doctor(**{"x": np.zeros((4, 2)), "y": np.zeros((4, 1))} | arguments)
