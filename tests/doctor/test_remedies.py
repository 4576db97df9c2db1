"""Each remedy, applied once to a program, changes what it says and nothing else."""

import keras
import numpy as np
import pytest

from keras_cnn.doctor.program.read import read_program
from keras_cnn.doctor.trials import data_remedies, remedies
from keras_cnn.doctor.trials.config import first_config
from keras_cnn.doctor.trials.copies import CannotRebuild, copy_optimizer
from tests.doctor.programs import features, network, one_hot


def configured(*widths, **options):
    """Returns what the first trial of a program trains."""
    model = network(*(widths or (8, 8, 3)), **options)
    return first_config(read_program(model, features(), one_hot(), 32, 5))


def layer(config, place):
    return config.model.layers[place]


def norm(config):
    return [float(np.linalg.norm(values)) for values in config.weights]


def test_every_remedy_is_tested_here():
    public = {
        name
        for module in (remedies, data_remedies)
        for name in vars(module)
        if name.startswith("with_")
    }
    assert public == {
        name.removeprefix("test_").split("__")[0]
        for name in globals()
        if name.startswith("test_with_")
    }


def test_with_input_standardized__scales_one_input():
    before = configured()
    before = before.changed(x=(300 + 50 * before.x[0],))
    after = data_remedies.with_input_standardized(0)(before)
    assert after.x[0].mean(0) == pytest.approx(np.zeros(4), abs=1e-4)
    assert after.x[0].std(0) == pytest.approx(np.ones(4), abs=1e-4)
    assert after.model is before.model and after.y is before.y


def test_with_input_standardized__scales_pixels_alike():
    before = configured()
    pixels = np.zeros((10, 40), "float32")
    pixels[:, ::2] = 255
    after = data_remedies.with_input_standardized(0)(before.changed(x=(pixels,)))
    assert set(np.unique(after.x[0])) == {-1.0, 1.0}


def test_with_input_standardized__makes_up_for_a_layer_that_divides():
    after = data_remedies.with_input_standardized(0, 255.0)(configured())
    assert after.x[0].std(0) == pytest.approx(np.full(4, 255.0), rel=1e-4)


def test_with_target_standardized__scales_one_target():
    before = configured()
    y = (1e4 + 7 * features(1),)
    after = data_remedies.with_target_standardized(0)(before.changed(y=y))
    assert after.y[0].mean() == pytest.approx(0, abs=1e-3)
    assert after.y[0].std() == pytest.approx(1, abs=1e-3)


def test_with_rate__multiplies_the_rate():
    assert remedies.with_rate(10.0)(configured()).learning_rate == pytest.approx(0.1)


def test_with_updates__multiplies_the_updates():
    before = configured()
    assert before.updates == 20  # 120 samples, 4 batches of 32, 5 epochs
    assert remedies.with_updates(10)(before).updates == 200


def test_with_batch__sets_the_batch_and_keeps_the_updates():
    after = remedies.with_batch(64)(configured())
    assert after.batch_size == 64 and after.updates == 20


def test_with_loss__sets_one_loss():
    huber = keras.losses.Huber()
    assert remedies.with_loss(0, huber)(configured()).losses == (huber,)


def test_with_labels__changes_the_targets_of_one_output():
    before = configured()
    after = data_remedies.with_labels(0, lambda y: 2 * y)(before)
    assert np.array_equal(after.y[0], 2 * before.y[0])


def test_with_optimizer__changes_a_setting_of_the_optimizer():
    after = remedies.with_optimizer(clipnorm=None)(configured())
    assert after.optimizer == {"clipnorm": None}
    clipped = keras.optimizers.SGD(0.1, clipnorm=1.0)
    copy = copy_optimizer(clipped, 0.2, after.optimizer)
    assert copy.clipnorm is None and float(copy.learning_rate) == pytest.approx(0.2)


def test_with_class_weights__gives_each_class_the_same_weight():
    model = network(8, 1, output="sigmoid", loss="binary_crossentropy")
    y = np.zeros(120, "float32")
    y[:12] = 1
    before = first_config(read_program(model, features(), y))
    weights = data_remedies.with_class_weights(0)(before).sample_weight
    assert weights[y == 1].sum() == pytest.approx(weights[y == 0].sum())
    assert weights.sum() == pytest.approx(120)


def test_with_axis__lets_a_softmax_run_over_the_last_axis():
    softmax = keras.layers.Softmax(axis=1, name="over")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Reshape((2, 2)), softmax])
    model.compile("sgd", "categorical_crossentropy")
    y = np.tile(np.eye(2, dtype="float32"), (120, 1, 1))
    before = first_config(read_program(model, features(), y))
    after = remedies.with_axis("over")(before)
    assert [layer(one, -1).axis for one in (before, after)] == [1, -1]


def test_with_width__widens_hidden_layers_alone():
    after = remedies.with_width(8, 32)(configured(2, 6, 3))
    assert [layer(after, place).units for place in range(3)] == [32, 48, 3]


def test_with_width__gives_a_hidden_layer_where_there_is_none():
    after = remedies.with_width(8, 32)(configured(3))
    inner, last = layer(after, 0).layers
    assert (inner.units, last.units) == (32, 3)
    assert inner.activation is keras.activations.relu


def test_with_less_penalty__weakens_every_penalty():
    before = configured(8, 3, kernel_regularizer=keras.regularizers.L1L2(0.2, 0.4))
    after = remedies.with_less_penalty(0.01)(before)
    for place in range(2):
        weak = layer(after, place).kernel_regularizer
        assert (weak.l1, weak.l2) == pytest.approx((0.002, 0.004))


def test_with_norm_momentum__sets_it_in_every_normalization():
    slow = keras.layers.BatchNormalization(momentum=0.999)
    after = remedies.with_norm_momentum(0.9)(configured(8, 3, between=[slow]))
    assert layer(after, 1).momentum == pytest.approx(0.9)


def test_a_remedy_of_layers_says_why_a_model_is_not_rebuilt():
    config = configured().changed(rebuilds=False)
    for remedy in (
        remedies.with_all_trainable,
        remedies.with_hidden("relu"),
        remedies.with_loss(0, keras.losses.Huber()),
    ):
        with pytest.raises(CannotRebuild, match="not re"):
            remedy(config)


def test_with_fresh_weights__draws_by_he_before_relu_and_glorot_elsewhere():
    before = configured(500, 400, 3, kernel_initializer="zeros")
    after = remedies.with_fresh_weights(before)
    kernels, biases = after.weights[::2], after.weights[1::2]
    assert not any(bias.any() for bias in biases)
    # He: sqrt(2 / fan in); Glorot: sqrt(2 / (fan in + fan out)).
    expected = [(2 / 4) ** 0.5, (2 / 500) ** 0.5, (2 / 403) ** 0.5]
    spreads = [float(kernel.std()) for kernel in kernels]
    assert spreads == pytest.approx(expected, rel=0.1)


def test_with_head__gives_another_activation_and_loss():
    before = configured(8, 3, output="relu")
    loss = keras.losses.CategoricalCrossentropy()
    after = remedies.with_head(0, "softmax", loss)(before)
    assert layer(after, -1).activation is keras.activations.softmax
    assert after.losses == (loss,)
    assert norm(after) == norm(before)


def test_with_head__gives_another_width_and_fresh_weights():
    model = network(8, 1, output="sigmoid", loss="binary_crossentropy")
    y = np.arange(120) % 3
    before = first_config(read_program(model, features(), y))
    loss = keras.losses.SparseCategoricalCrossentropy()
    after = remedies.with_head(0, "softmax", loss, 3)(before)
    assert layer(after, -1).units == 3
    assert after.weights[-1].shape == (3,)


def test_with_hidden__replaces_hidden_activations_alone():
    after = remedies.with_hidden("relu")(configured(8, 8, 3, hidden="sigmoid"))
    functions = [layer(after, place).activation for place in range(3)]
    relu, softmax = keras.activations.relu, keras.activations.softmax
    assert functions == [relu, relu, softmax]
    assert isinstance(layer(after, 0).kernel_initializer, keras.initializers.HeNormal)


def test_with_less_depth__leaves_out_layers_of_the_same_width():
    after = remedies.with_less_depth(configured(8, 8, 8, 8, 3))
    kinds = [type(one).__name__ for one in after.model.layers]
    assert kinds == ["Dense", "Identity", "Identity", "Identity", "Dense"]


def test_with_dropout_of__lowers_rates_above_it():
    dropouts = [keras.layers.Dropout(0.9), keras.layers.Dropout(0.1)]
    after = remedies.with_dropout_of(0.2)(configured(8, 3, between=dropouts))
    rates = [one.rate for one in after.model.layers if hasattr(one, "rate")]
    assert rates == [0.2, 0.1]


def test_with_all_trainable__lets_every_layer_learn():
    model = network(8, 8, 3)
    model.layers[0].trainable = False
    before = first_config(read_program(model, features(), one_hot()))
    assert len(before.model.trainable_weights) == 4
    after = remedies.with_all_trainable(before)
    assert len(after.model.trainable_weights) == 6
    assert norm(after) == norm(before)
