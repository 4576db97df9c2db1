"""Models of every making, compiled once, and what happens when a loss is no number."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_cnn import Trainer
from keras_cnn._checks import InputError
from keras_cnn.training import NonFiniteLossError
from tests.training._compare import (
    FLOAT32_TOLERANCE,
    assert_same_history,
    assert_same_variables,
    force_shards,
    quiet,
    run_both,
    seeded,
    variables,
)
from tests.training.models import compiled, compiled_dense, convolutional, images, rows

BATCH, SAMPLES = 16, 50


def data(**arguments):
    x, y = rows(SAMPLES)
    return {"x": x, "y": y, "batch_size": BATCH, **arguments}


class Plain(keras.Model):
    """A subclassed model."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(6, activation="tanh")
        self.out = layers.Dense(1)

    def call(self, inputs, training=False):
        return self.out(self.hidden(inputs))


class Untaught(Plain):
    """Knows nothing of training."""

    def call(self, inputs):
        return self.out(self.hidden(inputs))


class OwnTrainStep(Plain):
    """As the guides of Keras write it."""

    def train_step(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return self.report(loss, gradients)

    def report(self, loss, gradients):
        return {metric.name: metric.result() for metric in self.metrics}


class ReportsLastLoss(OwnTrainStep):
    """Reports what its metrics report, but the loss of a batch instead of the mean."""

    def report(self, loss, gradients):
        return {**super().report(loss, gradients), "loss": loss}


class ReportsMore(OwnTrainStep):
    def report(self, loss, gradients):
        norm = ops.sum(ops.square(gradients[0]))
        return {**super().report(loss, gradients), "norm": norm}


class OwnTestStep(Plain):
    def test_step(self, data):
        x, y = data
        error = ops.mean(ops.abs(self(x, training=False) - y))
        return {"error": error, "twice": 2 * error}


class OwnPredictStep(Plain):
    def predict_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        return {"once": self(x), "twice": 2 * self(x)}


class OwnLoss(Plain):
    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        return loss + 0.1 * ops.mean(ops.square(y_pred)) + 0.1 * ops.mean(x)


class OwnMetrics(Plain):
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        logs = super().compute_metrics(x, y, y_pred, sample_weight)
        return {**logs, "largest": ops.max(ops.abs(y_pred))}


class TracksItself(Plain):
    """Has a metric of its own, updated in its call."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.size = keras.metrics.Mean(name="size")

    def call(self, inputs, training=False):
        outputs = super().call(inputs)
        self.size.update_state(ops.abs(outputs))
        return outputs


class Penalty(layers.Layer):
    def call(self, inputs):
        self.add_loss(0.01 * ops.mean(ops.square(inputs)))
        return inputs


class WithPenalty(Plain):
    def call(self, inputs, training=False):
        self.add_loss(0.01 * ops.mean(ops.square(inputs)))
        return super().call(inputs)


def with_a_penalising_layer():
    net = [keras.Input((5,)), layers.Dense(6), Penalty(), layers.Dense(1)]
    return keras.Sequential(net)


def nested():
    inner = keras.Sequential([keras.Input((5,)), layers.Dense(5), layers.ReLU()])
    inputs = keras.Input((5,))
    return keras.Model(inputs, layers.Dense(1)(inner(inner(inputs)) + inputs))


def nested_subclass():
    return keras.Sequential([keras.Input((5,)), layers.Dense(5), Plain()])


MODELS = {
    kind.__name__: kind
    for kind in (
        Plain,
        Untaught,
        OwnTrainStep,
        ReportsLastLoss,
        ReportsMore,
        OwnTestStep,
        OwnLoss,
        OwnMetrics,
        TracksItself,
        WithPenalty,
        with_a_penalising_layer,
        nested,
        nested_subclass,
    )
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_each_making_trains_as_in_fit(name, monkeypatch):
    force_shards(monkeypatch, 2)

    def build():
        return compiled(MODELS[name](), "sgd", loss="mse", metrics=["mae"])

    assert Trainer(build()).plan(batch_size=BATCH).shards.value == (
        "2" if name == "nested" else "none"
    )
    theirs, ours = run_both(build, lambda: data(epochs=3, validation_data=rows(20)))
    # a subclassed model of Keras counts its own build, too: of ours as of Keras's
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


def streamed():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(rows(48)).filter(lambda *_: True).batch(6)


@pytest.mark.parametrize("kind", [OwnTrainStep, ReportsMore, OwnMetrics])
def test_what_steps_report_of_a_stream_is_what_they_report_in_fit(kind):
    # eight batches, of unknown number: a second call of the loop finds none
    def build():
        return compiled(kind(), "sgd", loss="mse", metrics=["mae"])

    theirs, ours = run_both(build, lambda: {"x": streamed(), "epochs": 2})
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


class ReportsItsLoss(OwnTrainStep):
    """Updates its mean, but reports the loss of a batch."""

    def report(self, loss, gradients):
        return {"loss": loss}


class ReportsWithoutMean(Plain):
    """Reports a loss, and never updates the mean of that name."""

    def train_step(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            losses = ops.mean(ops.square(self(x, training=True) - y), axis=-1)
            loss = ops.mean(losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return self.report(loss, losses)

    def report(self, loss, losses):
        return {"loss": loss}


class ReportsLossesOfSamples(ReportsWithoutMean):
    def report(self, loss, losses):
        return {"losses": losses}


def of_known_number(**arguments):
    import tensorflow as tf

    return {"x": tf.data.Dataset.from_tensor_slices(rows(27)).batch(6), **arguments}


@pytest.mark.parametrize("kind", [ReportsItsLoss, ReportsLossesOfSamples])
@pytest.mark.parametrize("batches", [data, of_known_number])
def test_an_epoch_reports_what_it_reports_in_fit(kind, batches):
    theirs, ours = run_both(
        lambda: compiled(kind(), "sgd", loss="mse"), lambda: batches(epochs=2)
    )
    assert list(ours.history.history) == list(theirs.history.history)
    for name, values in theirs.history.history.items():
        for one, other in zip(ours.history.history[name], values, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, err_msg=name)


def test_a_loss_beside_a_mean_that_is_never_updated_is_reported():
    """Keras reports the mean, 0; noticed here when that changes."""
    theirs, ours = run_both(
        lambda: compiled(ReportsWithoutMean(), "sgd", loss=None),
        lambda: data(batch_size=SAMPLES),
    )
    x, y = rows(SAMPLES)
    before = seeded(lambda: compiled(ReportsWithoutMean(), "sgd", loss=None))
    expected = np.mean((np.asarray(before(x)) - y) ** 2)
    np.testing.assert_allclose(ours.history.history["loss"], [expected], rtol=1e-4)
    assert theirs.history.history["loss"] == [0.0]


def test_a_step_set_on_a_model_is_taken_as_in_fit():
    def build():
        model = compiled_dense("sgd")
        model.train_step = OwnTrainStep.train_step.__get__(model)
        model.report = lambda loss, gradients: {"thrice": 3 * loss}
        return model

    theirs, ours = run_both(build, data)
    assert list(ours.history.history) == ["thrice"]
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


def test_own_predict_step_predicts_as_in_keras():
    x, y = rows(SAMPLES)
    model = compiled(OwnPredictStep(), loss="mse")
    ours, theirs = Trainer(model).predict(x, verbose=0), model.predict(x, verbose=0)
    assert list(ours) == list(theirs) == ["once", "twice"]
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, atol=FLOAT32_TOLERANCE)


def test_own_test_step_evaluates_as_in_keras():
    x, y = rows(SAMPLES)
    model = compiled(OwnTestStep(), loss="mse")
    arguments = {"verbose": 0, "return_dict": True}
    ours, theirs = (it.evaluate(x, y, **arguments) for it in (Trainer(model), model))
    assert list(ours) == list(theirs)
    assert ours == pytest.approx(theirs, rel=FLOAT32_TOLERANCE)


class Counting(layers.Layer):
    """Counts how often Python passes through it: when traced, or each time if eager."""

    def __init__(self):
        super().__init__()
        self.passes = 0

    def call(self, inputs):
        self.passes += 1
        return inputs


def counted(**options):
    layer = Counting()
    net = [keras.Input((5,)), layers.Dense(6, activation="tanh"), layer]
    model = keras.Sequential([*net, layers.Dense(1)])
    return compiled(model, "sgd", loss="mse", **options), layer


def test_run_eagerly_passes_through_python_at_each_step():
    model, layer = counted(run_eagerly=True)
    trainer = Trainer(model)
    before = layer.passes
    trainer.fit(**quiet(**data(epochs=2)))
    assert layer.passes - before in (8, 9)  # and perhaps once to build
    x, _ = rows(SAMPLES)
    before = layer.passes
    trainer.predict(x, batch_size=BATCH, verbose=0)
    assert layer.passes - before == 4


@pytest.mark.parametrize("kind", [Plain, OwnTrainStep])
def test_run_eagerly_trains_as_in_fit(kind):
    def build():
        return compiled(kind(), "adam", loss="mse", run_eagerly=True)

    theirs, ours = run_both(build, lambda: data(epochs=2, validation_data=rows(20)))
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


@pytest.mark.parametrize("shards", [1, 2])
def test_jit_compile_trains_as_in_fit(shards, monkeypatch):
    force_shards(monkeypatch, shards)
    x, y = images(40)

    def build():
        return compiled(convolutional(), "adam", metrics=["accuracy"])

    assert Trainer(build(), jit_compile=True).plan().compiler.value == "XLA"
    assert Trainer(build()).plan().compiler.value == "none"
    theirs, ours = run_both(
        build,
        lambda: {"x": x, "y": y, "batch_size": BATCH, "epochs": 2},
        jit_compile=True,
    )
    # XLA fuses what TensorFlow rounds between
    assert_same_variables(ours, theirs, 10 * FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, 10 * FLOAT32_TOLERANCE)


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_runs_and_learns(precision, shards, monkeypatch):
    force_shards(monkeypatch, shards)
    keras.config.set_dtype_policy(precision)
    try:
        model = seeded(
            lambda: compiled(
                convolutional(), keras.optimizers.Adam(0.01), metrics=["accuracy"]
            )
        )
    finally:
        keras.config.set_dtype_policy("float32")
    x, y = images(256)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "bfloat16 is slower")
        trainer = Trainer(model)
    scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (precision == "mixed_float16")
    assert trainer.plan().update.value == "one kernel a weight"
    assert precision.removeprefix("mixed_") in trainer.plan().precision.value
    history = trainer.fit(x, y, epochs=8, verbose=0).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert history["accuracy"][-1] > 0.6  # chance is 0.25
    assert {weight.dtype for weight in model.weights} == {"float32"}


def test_gradients_that_overflow_in_float16_lower_the_scale_as_in_fit():
    def build():
        optimizer = keras.optimizers.LossScaleOptimizer(
            keras.optimizers.Adam(0.01), initial_scale=2.0**127
        )
        return compiled_dense(optimizer)

    theirs, ours = run_both(build, lambda: data(epochs=2))
    scale = float(ours.optimizer.dynamic_scale)
    assert scale == float(theirs.optimizer.dynamic_scale) < 2.0**127
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)


def test_fits_in_a_row_compile_once():
    model, layer = counted()
    trainer = Trainer(model)
    arguments = data(validation_data=rows(20))
    trainer.fit(**quiet(**arguments))
    before = layer.passes
    for _ in range(2):
        trainer.fit(**quiet(**arguments, epochs=2))
    assert layer.passes == before


def test_evaluations_and_predictions_in_a_row_compile_once():
    model, layer = counted()
    trainer = Trainer(model)
    x, y = rows(SAMPLES)

    def both():
        trainer.evaluate(x, y, batch_size=BATCH, verbose=0)
        trainer.predict(x, batch_size=BATCH, verbose=0)

    both()
    before = layer.passes
    both()
    assert layer.passes == before


def test_other_numbers_of_samples_do_not_compile_again():
    # as the folds of a cross-validation have them
    model, layer = counted()
    trainer = Trainer(model)
    trainer.fit(*rows(48), **quiet(batch_size=BATCH))
    trainer.evaluate(*rows(48), batch_size=BATCH, verbose=0)
    before = layer.passes
    trainer.fit(*rows(64), **quiet(batch_size=BATCH))
    trainer.evaluate(*rows(64), batch_size=BATCH, verbose=0)
    assert layer.passes == before


def test_another_batch_size_warns_that_it_compiles_again():
    model, layer = counted()
    trainer = Trainer(model)
    trainer.fit(*rows(48), **quiet(batch_size=16))
    before = layer.passes
    with pytest.warns(UserWarning, match="batch size changed from 16 to 8"):
        trainer.fit(*rows(48), **quiet(batch_size=8))
    assert layer.passes > before
    before = layer.passes
    trainer.fit(*rows(48), **quiet(batch_size=16))  # which is kept
    assert layer.passes == before


def test_another_form_of_data_warns_of_what_changed():
    x, y = rows(48)
    trainer = Trainer(counted()[0])
    trainer.fit(x, y, **quiet(batch_size=16))
    with pytest.warns(UserWarning, match="sample_weight changed from None to float32"):
        trainer.fit(x, y, sample_weight=np.ones(48), **quiet(batch_size=16))


def test_another_optimizer_warns_and_is_used():
    model = compiled_dense("sgd")
    trainer = Trainer(model)
    arguments = quiet(**data())
    trainer.fit(**arguments)
    model.compile(keras.optimizers.SGD(0.0), "mae")
    before = model.get_weights()
    with pytest.warns(UserWarning, match="the optimizer and the loss"):
        trainer.fit(**arguments)
    assert model.optimizer.iterations == 4
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_is_frozen_between_fits_warns_and_stays():
    model = compiled_dense("sgd")
    trainer = Trainer(model)
    trainer.fit(**quiet(**data()))
    model.layers[0].trainable = False
    before = model.layers[0].get_weights()[0]
    with pytest.warns(UserWarning, match="the trainable weights"):
        trainer.fit(**quiet(**data()))
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], before)


def test_a_learning_rate_that_is_set_between_fits_is_used():
    model = compiled_dense("sgd")
    trainer = Trainer(model)
    trainer.fit(**quiet(**data()))
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    trainer.fit(**quiet(**data()))
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_options_that_are_none_raise():
    with pytest.raises(ValueError, match="on_nonfinite"):
        Trainer(compiled_dense(), on_nonfinite="halt")


# A loss that is no number.


def overflowing():
    """Two layers, of which the second overflows where x is 1e30: to infinity."""
    big = keras.initializers.Constant(1e5)
    net = [keras.Input((5,)), layers.Dense(2, kernel_initializer=big, name="first")]
    net += [layers.Dense(1, kernel_initializer=big, name="second")]
    optimizer = keras.optimizers.SGD(1e-16, momentum=0.9)
    return compiled(keras.Sequential(net), optimizer, loss="mae", metrics=["mae"])


def normalised():
    """Has moving statistics and a random state, which a bad step would change."""
    net = [keras.Input((5,)), layers.BatchNormalization(), layers.Dropout(0.5)]
    return compiled(keras.Sequential([*net, layers.Dense(1)]), loss="mse")


def split():
    return compiled(
        keras.Sequential([keras.Input((5,)), layers.Dense(3), layers.Dense(1)]),
        keras.optimizers.Adam(0.01),
        loss="mse",
        metrics=["mae"],
    )


def as_given(form, x, y):
    if form == "arrays":
        return {"x": x, "y": y, "batch_size": BATCH}
    import tensorflow as tf

    return {"x": tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)}


def bad_rows(batch, value=np.nan, count=64):
    x, y = rows(count)
    x[batch * BATCH + 1, 2] = value
    return x, y


@pytest.mark.parametrize("form", ["arrays", "stream"])
@pytest.mark.parametrize("build", [split, normalised], ids=["split", "normalised"])
def test_stop_keeps_the_weights_before_the_bad_step(build, form, monkeypatch):
    # Split, dropout would draw other numbers than in `fit`.
    force_shards(monkeypatch, 1 if build is normalised else 2)
    x, y = bad_rows(2)
    good = seeded(build)
    good.fit(x[:32], y[:32], **quiet(batch_size=BATCH))
    ours = seeded(build)
    with pytest.raises(NonFiniteLossError) as caught:
        Trainer(ours).fit(**quiet(**as_given(form, x, y), epochs=2))
    assert_same_variables(ours, good, FLOAT32_TOLERANCE)
    error = caught.value
    assert (error.epoch, error.step, error.cause) == (0, 2, "`x`")
    for part in ("epoch 0, step 2", "First non-finite: `x`.", "before that step"):
        assert part in str(error)


def test_stop_names_the_last_finite_loss_and_the_layer():
    x, y = bad_rows(1, value=1e30)
    model = seeded(overflowing)
    first = seeded(overflowing).train_on_batch(x[:16], y[:16])[0]
    with pytest.raises(NonFiniteLossError, match="layer second") as caught:
        Trainer(model).fit(**quiet(x=x, y=y, batch_size=BATCH))
    assert caught.value.last_finite_loss == pytest.approx(first, rel=1e-5)
    assert caught.value.cause == "the output of layer second"
    assert f"{caught.value.last_finite_loss:.6g}" in str(caught.value)


def test_stop_counts_epochs_and_steps_of_a_run_that_diverges():
    x, y = rows(64)

    def build():
        return compiled_dense(keras.optimizers.SGD(1e6))

    steps = 0
    theirs = seeded(build)
    while np.isfinite(
        theirs.train_on_batch(*(part[steps % 4 * 16 :][:16] for part in (x, y)))
    ):
        steps += 1
    with pytest.raises(NonFiniteLossError) as caught:
        Trainer(seeded(build)).fit(**quiet(x=x, y=y, batch_size=16, epochs=99))
    error = caught.value
    assert abs(4 * error.epoch + error.step - steps) <= 1  # rounding may tip the last
    assert error.step < 4
    assert np.isfinite(error.last_finite_loss)


def test_targets_that_are_no_numbers_are_named():
    x, y = rows(32)
    y[20] = np.inf
    with pytest.raises(NonFiniteLossError) as caught:
        Trainer(split()).fit(**quiet(x=x, y=y, batch_size=BATCH))
    assert caught.value.cause == "`y`"


def test_a_trainer_that_stopped_goes_on():
    x, y = bad_rows(2)
    trainer = Trainer(seeded(split))
    with pytest.raises(NonFiniteLossError):
        trainer.fit(**quiet(x=x, y=y, batch_size=BATCH))
    history = trainer.fit(*rows(64), **quiet(batch_size=BATCH)).history
    assert np.isfinite(history["loss"]).all()


def test_validation_that_is_no_number_does_not_stop():
    history = Trainer(split()).fit(
        **quiet(**data(epochs=2, validation_data=bad_rows(0, count=16)))
    )
    assert np.isnan(history.history["val_loss"]).all()
    assert history.epoch == [0, 1]


@pytest.mark.parametrize("form", ["arrays", "stream"])
@pytest.mark.parametrize("build", [split, normalised], ids=["split", "normalised"])
def test_skip_leaves_no_trace_of_the_bad_batch(build, form, monkeypatch):
    force_shards(monkeypatch, 1 if build is normalised else 2)  # as above
    x, y = bad_rows(1)
    without = np.r_[0:16, 32:64]
    good = seeded(build)
    good.fit(**quiet(**as_given(form, x[without], y[without]), epochs=2))
    ours = seeded(build)
    with pytest.warns(UserWarning, match="Steps skipped") as warned:
        Trainer(ours, on_nonfinite="skip").fit(
            **quiet(**as_given(form, x, y), epochs=2)
        )
    assert [str(one.message) for one in warned] == [
        f"Steps skipped in epoch {epoch}, since their loss was NaN or infinite: 1."
        for epoch in range(2)
    ]
    assert_same_variables(ours, good, FLOAT32_TOLERANCE)
    assert_same_history(ours, good, FLOAT32_TOLERANCE)


def test_ignore_learns_from_the_bad_batch_as_in_fit():
    x, y = bad_rows(1)
    theirs, ours = run_both(
        split,
        lambda: {"x": x, "y": y, "batch_size": BATCH, "epochs": 2},
        on_nonfinite="ignore",
    )
    assert np.isnan(ours.get_weights()[0]).all()
    for one, other in zip(variables(ours), variables(theirs), strict=True):
        np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
    assert ours.history.history.keys() == theirs.history.history.keys()


def test_a_train_step_of_ones_own_stops_and_says_that_its_update_was_made():
    ours = seeded(lambda: compiled(OwnTrainStep(), "adam", loss="mse", metrics=["mae"]))
    x, y = bad_rows(2, count=48)
    with pytest.raises(
        NonFiniteLossError, match="those after it, by its own update"
    ) as raised:
        Trainer(ours).fit(**quiet(x=x, y=y, batch_size=BATCH))
    assert raised.value.step == 2
    assert ours.optimizer.iterations == 3


@pytest.mark.parametrize("kind", [OwnTrainStep, OwnMetrics])
def test_what_cannot_be_undone_is_not_skipped(kind):
    ours = compiled(kind(), "sgd", loss="mse", metrics=["mae"])
    with pytest.raises(InputError, match="of its own, which cannot be undone"):
        Trainer(ours, on_nonfinite="skip").fit(**quiet(**data()))


def test_metrics_of_ones_own_are_reported():
    def build():
        return compiled(OwnMetrics(), "sgd", loss="mse", metrics=["mae"])

    theirs, ours = run_both(build, lambda: data(epochs=2))
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


def growing(counts, fit):
    """Fits and measures by more samples each time, as data come in."""
    results = []
    for count in counts:
        x, y = rows(count)
        history = fit(**quiet(x=x, y=y, batch_size=8, validation_data=(x, y)))
        results.append({**history.history})
    return results


def test_growing_data_train_as_in_fit_with_one_function_for_all_partial_batches():
    def build():
        return counted(metrics=["mae"])

    counts = range(17, 29)  # batches of 8, and a last one of any size
    (ours, layer), (theirs, _) = seeded(build), seeded(build)
    trainer = Trainer(ours)
    growing(counts[:2], trainer.fit)
    passes = layer.passes
    got = growing(counts[2:], trainer.fit)
    assert layer.passes == passes  # so nothing was traced again
    growing(counts[:2], theirs.fit)
    for mine, other in zip(got, growing(counts[2:], theirs.fit), strict=True):
        for name, values in other.items():
            np.testing.assert_allclose(mine[name], values, rtol=1e-4, err_msg=name)
