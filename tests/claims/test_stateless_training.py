"""The experiments' training against Keras's own, and against sums worked by hand."""

import time

import keras
import numpy as np
import pytest

from keras_cnn.claims.networks import dense_network
from keras_cnn.claims.stateless_training import (
    StatelessTraining,
    batches,
    draw_kernel,
    side_by_side,
)
from keras_cnn.losses.mean_squared_error import mean_squared_error
from keras_cnn.losses.sparse_categorical_crossentropy import (
    sparse_categorical_crossentropy,
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 5)).astype("float32")
    return x, (x[:, 0] > x[:, 1]).astype("int32") + (x[:, 2] > 1).astype("int32")


def _trained_by_keras(training, optimizer, x, y, order):
    """Returns Keras's weights after the same steps from the same start."""
    model = keras.models.clone_model(training.model)
    start = training.start(3)
    model.set_weights([one.numpy() for one in _as_keras_orders(model, start)])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    for batch in order:
        model.train_on_batch(x[batch], y[batch])
    return model.get_weights()


def _as_keras_orders(model, state):
    values = {}
    for name, given in (("trainable", state.weights), ("non_trainable", state.others)):
        variables = getattr(model, f"{name}_variables")
        values |= {id(one): v for one, v in zip(variables, given, strict=True)}
    # A seed generator's state is a variable, and not a weight.
    return [values[id(one)] for one in model.weights]


# Not Adam with batch normalisation: the bias before it has no gradient but rounding's,
# which Adam makes as large as any.
@pytest.mark.parametrize(
    ("name", "optimizer", "normalised"),
    [
        ("adam", keras.optimizers.Adam, False),
        ("sgd", keras.optimizers.SGD, False),
        ("sgd", keras.optimizers.SGD, True),
    ],
)
def test_training_does_what_keras_does(data, name, optimizer, normalised):
    x, y = data
    model = dense_network(5, [8], 3, "tanh", normalised=normalised)
    training = StatelessTraining(model, sparse_categorical_crossentropy, name)
    before = [np.array(one) for one in model.get_weights()]
    order = batches(3, len(x), 12, 16)
    state = training.run(training.start(3), x, y, order, 0.05)
    expected = _trained_by_keras(training, optimizer(0.05), x, y, order)
    for ours, theirs in zip(_as_keras_orders(model, state), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_in_two_parts_is_training_in_one(data):
    x, y = data
    training = StatelessTraining(
        dense_network(5, [4], 3), sparse_categorical_crossentropy
    )
    order = batches(0, len(x), 10, 8)
    whole = training.run(training.start(0), x, y, order, 0.01)
    half = training.run(training.start(0), x, y, order[:4], 0.01)
    both = training.run(half, x, y, order[4:], 0.01)
    for one, other in zip(whole.weights, both.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_step_weighs_each_sample_by_its_weight():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    training = StatelessTraining(model, mean_squared_error, "sgd", targets="float32")
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], "float32")
    y = np.array([[2.0], [3.0], [4.0]], "float32")
    share = np.array([1.0, 0.0, 2.0], "float32")
    start = training.start(1)
    kernel = start.weights[0].numpy()
    end = training.run(start, x, y, [[0, 1, 2]], 0.1, share)
    slope = 2 * (x @ kernel - y) * share[:, np.newaxis] / 3
    np.testing.assert_allclose(end.weights[0], kernel - 0.1 * x.T @ slope, rtol=1e-5)
    np.testing.assert_allclose(end.weights[1], -0.1 * slope.sum(axis=0), rtol=1e-5)


def test_answers_and_accuracy_are_the_models(data):
    x, y = data
    x, y = np.tile(x, (40, 1)), np.tile(y, 40)
    model = dense_network(5, [4], 3)
    training = StatelessTraining(model, sparse_categorical_crossentropy)
    state = training.start(5)
    model.set_weights([one.numpy() for one in state.weights])
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(training.answers(state, x), expected, rtol=1e-5)
    share = np.mean(np.argmax(expected, axis=-1) == y)
    assert training.accuracy(state, x, y) == pytest.approx(share)


def test_arms_of_one_seed_start_from_the_same_weights():
    first, second = (
        StatelessTraining(
            dense_network(5, [4], 3, name), sparse_categorical_crossentropy
        )
        for name in ("relu", "tanh")
    )
    one, same, other = first.start(1), second.start(1), first.start(2)
    for left, right in zip(one.weights, same.weights, strict=True):
        np.testing.assert_array_equal(left, right)
    assert not np.array_equal(one.weights[0], other.weights[0])
    kernels, biases = first.start(1, bias=-1.0).weights[::2], one.weights[1::2]
    np.testing.assert_array_equal(kernels[0], one.weights[0])
    assert all(np.all(bias == 0) for bias in map(np.asarray, biases))
    assert np.all(np.asarray(first.start(1, bias=-1.0).weights[1]) == -1)


@pytest.mark.parametrize("name", ["glorot_uniform", "he_normal"])
@pytest.mark.parametrize("shape", [(300, 200), (3, 3, 40, 80)])
def test_kernels_spread_as_keras_draws_them(name, shape):
    ours = draw_kernel(np.random.default_rng(0), shape, name)
    theirs = np.asarray(keras.initializers.get(name)(shape))
    assert ours.shape == theirs.shape and ours.dtype == np.float32
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02)
    assert abs(ours.mean()) < 0.01 * ours.std() * 3
    if name.endswith("uniform"):
        assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.01)


def test_every_epoch_sees_each_sample_once_without_the_remainder():
    order = batches(0, 10, 7, 3)
    assert order.shape == (7, 3)
    for epoch in (order[:3], order[3:6]):
        assert len(np.unique(epoch)) == 9
    assert not np.array_equal(order[:3], order[3:6])
    np.testing.assert_array_equal(order, batches(0, 10, 7, 3))
    assert not np.array_equal(order, batches(1, 10, 7, 3))
    assert batches(0, 2, 3, 32).shape == (3, 2)


def test_jobs_keep_their_order_and_say_how_far_they_are():
    shares = []
    found = side_by_side(lambda job: job**2, range(7), shares.append)
    assert found == [0, 1, 4, 9, 16, 25, 36]
    assert shares == pytest.approx([n / 7 for n in range(1, 8)])


def test_a_job_that_fails_stops_those_that_have_not_begun():
    begun = []

    def work(job):
        begun.append(job)
        if job == 0:
            raise ZeroDivisionError(job)
        time.sleep(0.001)

    with pytest.raises(ZeroDivisionError):
        side_by_side(work, range(10_000), lambda share: None)
    assert len(begun) < 5000
