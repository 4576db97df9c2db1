"""200 steps of the trainer end where 200 steps of `Model.fit` end."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, optimizers

from keras_cnn import Trainer, article_cnn
from tests.training._compare import (
    FLOAT64_TOLERANCE,
    assert_same_history,
    assert_same_variables,
    force_shards,
    quiet,
    run_both,
    seeded,
)
from tests.training.models import (
    CLASSES,
    attention,
    compiled,
    compiled_dense,
    convolutional,
    images,
    normalized_blocks,
    residual,
    rows,
    two_by_two,
)

# Ten batches of 24 and a partial one of 10, 19 times: 209 steps.
BATCH, SAMPLES, EPOCHS = 24, 250, 19


def compute_in(dtype):
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


@pytest.fixture(autouse=True)
def float64():
    compute_in("float64")
    yield
    compute_in("float32")


def of_images(**arguments):
    x, y = images(SAMPLES)
    return {"x": x, "y": y, **arguments}


def of_rows(**arguments):
    x, y = rows(SAMPLES)
    return {"x": x, "y": y, **arguments}


def of_two():
    x, y = images(SAMPLES)
    row, value = rows(SAMPLES)
    return {"x": {"image": x, "row": row}, "y": {"label": y, "value": value}}


def weights(shape=(SAMPLES,)):
    return np.random.default_rng(1).uniform(0, 2, shape)


def compiled_two():
    return compiled(
        two_by_two(),
        loss={"label": "sparse_categorical_crossentropy", "value": "huber"},
        loss_weights={"label": 0.7, "value": 2.0},
        metrics={"label": ["accuracy"], "value": ["mae", "mse"]},
        weighted_metrics={"value": ["mae"]},
    )


def sequence_model():
    """Layers that treat each sample alone, in one dimension."""
    return keras.Sequential(
        [
            keras.Input((SAMPLES_LONG, 2)),
            layers.ZeroPadding1D(1),
            layers.SeparableConv1D(4, 3, activation="gelu"),
            layers.LayerNormalization(),
            layers.PReLU(),
            layers.GroupNormalization(2),
            layers.AveragePooling1D(2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


SAMPLES_LONG = 8


def of_sequences():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(SAMPLES, SAMPLES_LONG, 2))
    return {"x": x, "y": x.sum(axis=(1, 2))[:, np.newaxis]}


def over_sequences(*hidden):
    """Layers over sequences of pairs, and one number for each."""
    net = [keras.Input((SAMPLES_LONG, 2)), *hidden, layers.Flatten(), layers.Dense(1)]
    return keras.Sequential(net)


def of_operations():
    """A functional model of operations number by number, with numbers among them."""
    inputs = keras.Input((5,))
    x = layers.Dense(4)(inputs)
    gate = keras.ops.relu6(x + 3.0) * (1.0 / 6.0)
    x = keras.ops.tanh(x) * gate - keras.ops.square(x) / 10.0
    return keras.Model(inputs, layers.Dense(1)(keras.ops.maximum(x, -x)))


@dataclass(frozen=True)
class Case:
    """What is trained; `whole` is the reason for not splitting it.

    `other_than` are entries of the history in which Keras's own is not to be had: see
    `test_losses_of_outputs_add_up_to_the_loss`.
    """

    build: Callable[[], keras.Model]
    data: Callable[[], dict[str, Any]] = of_images
    whole: str = ""
    epochs: int = EPOCHS
    other_than: tuple[str, ...] = ()


CASES = {
    "plain": Case(lambda: compiled(convolutional(), metrics=["accuracy"])),
    "sample_weight": Case(
        lambda: compiled(
            convolutional(), metrics=["accuracy"], weighted_metrics=["accuracy"]
        ),
        lambda: of_images(sample_weight=weights()),
    ),
    "class_weight": Case(
        lambda: compiled(convolutional()),
        lambda: of_images(class_weight={0: 1.0, 1: 3.0, 2: 0.5, 3: 0.0}),
    ),
    "kernel_regularizer": Case(
        lambda: compiled(convolutional(kernel_regularizer="l2", bias_regularizer="l1"))
    ),
    "activity_regularizer": Case(
        lambda: compiled(convolutional(activity_regularizer="l2")),
    ),
    "batch_normalization": Case(
        lambda: compiled(convolutional(layers.BatchNormalization())),
    ),
    "normalized_blocks": Case(lambda: compiled(normalized_blocks())),
    "renormalization": Case(
        lambda: compiled(convolutional(layers.BatchNormalization(renorm=True))),
        whole="moments of its own",
        epochs=2,
    ),
    "masked_normalization": Case(
        lambda: compiled(
            over_sequences(
                layers.Masking(),
                layers.BatchNormalization(),
                layers.GlobalAveragePooling1D(),
            ),
            loss="mse",
        ),
        of_sequences,
        whole="is given a mask",
        epochs=2,
    ),
    "recurrent": Case(
        lambda: compiled(
            over_sequences(
                layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
                layers.GRU(4),
            ),
            loss="mse",
        ),
        of_sequences,
        epochs=5,
    ),
    "attention": Case(lambda: compiled(attention(), loss="mse"), of_sequences),
    "logits": Case(
        lambda: compiled(
            convolutional(output=None),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
    ),
    "softmax_of_its_own": Case(
        lambda: compiled(convolutional(output=layers.Softmax())), epochs=4
    ),
    "sum_over_batch": Case(
        lambda: compiled(
            convolutional(),
            optimizers.SGD(1e-3),
            loss=keras.losses.SparseCategoricalCrossentropy(reduction="sum"),
        )
    ),
    "residual": Case(lambda: compiled(residual())),
    "two_by_two": Case(compiled_two, of_two, other_than=("label_loss", "value_loss")),
    "sequences": Case(
        lambda: compiled(sequence_model(), loss="mse"), of_sequences, epochs=EPOCHS
    ),
    "operations": Case(
        lambda: compiled(of_operations(), loss="mse"), of_rows, epochs=3
    ),
    "constraints": Case(
        lambda: compiled(
            convolutional(
                kernel_constraint=keras.constraints.MaxNorm(0.5),
                bias_constraint=keras.constraints.NonNeg(),
            )
        )
    ),
    "clipvalue": Case(
        lambda: compiled_dense(optimizers.SGD(0.1, momentum=0.9, clipvalue=0.05)),
        of_rows,
    ),
    "clipnorm": Case(lambda: compiled_dense(optimizers.Adam(clipnorm=0.05)), of_rows),
    "global_clipnorm": Case(
        lambda: compiled_dense(optimizers.SGD(0.1, global_clipnorm=0.1)), of_rows
    ),
    "adamw_decay": Case(
        lambda: compiled_dense(optimizers.AdamW(0.01, weight_decay=0.1)), of_rows
    ),
    "sgd_decay": Case(
        lambda: compiled_dense(
            optimizers.SGD(0.01, momentum=0.9, nesterov=True, weight_decay=0.1)
        ),
        of_rows,
    ),
    "ema": Case(
        lambda: compiled_dense(optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9)),
        of_rows,
    ),
    "ema_overwriting": Case(
        lambda: compiled_dense(
            optimizers.SGD(
                0.05, 0.9, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=7
            )
        ),
        of_rows,
    ),
    "accumulation": Case(
        lambda: compiled_dense(optimizers.Adam(0.01, gradient_accumulation_steps=3)),
        of_rows,
    ),
    "loss_scaling": Case(
        lambda: compiled_dense(
            optimizers.LossScaleOptimizer(
                optimizers.Adam(0.01), initial_scale=8.0, dynamic_growth_steps=50
            )
        ),
        of_rows,
    ),
    "schedule": Case(
        lambda: compiled_dense(
            optimizers.Adam(
                optimizers.schedules.CosineDecay(
                    0.001, 150, warmup_target=0.05, warmup_steps=30
                )
            )
        ),
        of_rows,
    ),
    "auto_scaled": Case(
        lambda: compiled_dense("rmsprop", auto_scale_loss=True), of_rows, epochs=2
    ),
}


@functools.cache
def fitted(name):
    """The model that `Model.fit` trains, once for all shards."""
    case = CASES[name]
    model = seeded(case.build)
    model.fit(**quiet(**case.data(), batch_size=BATCH, epochs=case.epochs))
    return model


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_training_in_float64_ends_where_fit_ends(name, shards, monkeypatch):
    case, theirs = CASES[name], fitted(name)
    force_shards(monkeypatch, shards)
    ours = seeded(case.build)
    trainer = Trainer(ours)
    plan = trainer.plan(batch_size=BATCH)
    split = shards > 1 and not case.whole
    assert plan.shards.value == (str(shards) if split else "none")
    if case.whole:
        assert case.whole in plan.shards.reason
    trainer.fit(**quiet(**case.data(), batch_size=BATCH, epochs=case.epochs))

    assert_same_variables(ours, theirs, FLOAT64_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT64_TOLERANCE, case.other_than)
    if case.epochs == EPOCHS:  # else there would be little to agree on
        assert min(ours.history.history["loss"]) < ours.history.history["loss"][0]


def test_losses_of_outputs_add_up_to_the_loss():
    # Of batches of unequal size Keras averages them without weights, because it knows
    # no size while it traces: 1.4734 for 1.4656. Whole batches must agree.
    model = seeded(compiled_two)
    history = Trainer(model).fit(**quiet(**of_two(), batch_size=BATCH)).history
    total = 0.7 * history["label_loss"][0] + 2 * history["value_loss"][0]
    assert history["loss"][0] == pytest.approx(total, rel=FLOAT64_TOLERANCE)

    def whole():
        part = keras.tree.map_structure(lambda leaf: leaf[: 2 * BATCH], of_two())
        return {**part, "batch_size": BATCH, "epochs": 2}

    theirs, ours = run_both(compiled_two, whole)
    assert_same_history(ours, theirs, FLOAT64_TOLERANCE)


@pytest.mark.parametrize("name", ["plain", "two_by_two", "residual"])
def test_three_shards_in_float64_end_where_fit_ends(name, monkeypatch):
    # 24 and 10 samples over three: 8 + 8 + 8, and 4 + 4 + 2
    force_shards(monkeypatch, 3)
    ours = seeded(CASES[name].build)
    trainer = Trainer(ours)
    assert trainer.plan(batch_size=BATCH).shards.value == "3"
    trainer.fit(**quiet(**CASES[name].data(), batch_size=BATCH, epochs=EPOCHS))
    assert_same_variables(ours, fitted(name), FLOAT64_TOLERANCE)


@pytest.mark.parametrize(
    ("samples", "batch", "shards"),
    [
        pytest.param(65, 32, 2, id="a_last_batch_of_one"),
        pytest.param(70, 32, 3, id="a_last_batch_of_six_over_three"),
        pytest.param(66, 32, 3, id="a_last_batch_of_two_over_three"),
        pytest.param(51, 25, 2, id="odd_batches"),
        pytest.param(26, 25, 3, id="odd_batches_over_three"),
        pytest.param(5, 32, 2, id="fewer_samples_than_a_batch"),
    ],
)
def test_batches_that_do_not_divide_end_where_fit_ends(
    samples, batch, shards, monkeypatch
):
    force_shards(monkeypatch, shards)
    x, y = images(samples)

    def build():
        net = convolutional(
            layers.BatchNormalization(), layers.ActivityRegularization(l2=0.1)
        )
        return compiled(net, metrics=["accuracy"])

    assert Trainer(build()).plan(batch_size=batch).shards.value == str(shards)
    theirs, ours = run_both(
        build,
        lambda: {
            **{"x": x, "y": y, "batch_size": batch, "epochs": 5},
            "validation_data": (x, y),
        },
    )
    assert_same_variables(ours, theirs, FLOAT64_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT64_TOLERANCE)


FUSED = "one kernel a weight"

OPTIMIZERS = {
    "SGD": (lambda: optimizers.SGD(0.01), "Keras's SGD"),
    "SGD_momentum": (lambda: optimizers.SGD(0.01, 0.9), FUSED),
    "SGD_nesterov": (lambda: optimizers.SGD(0.01, 0.9, nesterov=True), FUSED),
    "Adam": (
        lambda: optimizers.Adam(0.01, beta_1=0.7, beta_2=0.95, epsilon=1e-5),
        FUSED,
    ),
    "Adam_amsgrad": (lambda: optimizers.Adam(0.01, amsgrad=True), "Keras's Adam"),
    "AdamW": (lambda: optimizers.AdamW(0.01, beta_1=0.7, weight_decay=0.1), FUSED),
    "RMSprop": (lambda: optimizers.RMSprop(0.01, momentum=0.5), "Keras's RMSprop"),
    "Adadelta": (lambda: optimizers.Adadelta(0.5), "Keras's Adadelta"),
    "Adagrad": (lambda: optimizers.Adagrad(0.1), "Keras's Adagrad"),
    "Adamax": (lambda: optimizers.Adamax(0.01), "Keras's Adamax"),
    "Adafactor": (lambda: optimizers.Adafactor(0.01), "Keras's Adafactor"),
    "Nadam": (lambda: optimizers.Nadam(0.01), "Keras's Nadam"),
    "Ftrl": (lambda: optimizers.Ftrl(0.1), "Keras's Ftrl"),
    "Lion": (lambda: optimizers.Lion(0.001), "Keras's Lion"),
    "Lamb": (lambda: optimizers.Lamb(0.01), "Keras's Lamb"),
    "Muon": (lambda: optimizers.Muon(0.01), "Keras's Muon"),
    "ScheduleFreeAdamW": (
        lambda: optimizers.ScheduleFreeAdamW(0.01),
        "Keras's ScheduleFreeAdamW",
    ),
    "MultiOptimizer": (
        lambda: optimizers.MultiOptimizer(
            optimizers.OptimizerMap(optimizers.SGD(0.1, 0.9), {})
        ),
        "Keras's MultiOptimizer",
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_steps_as_in_fit(name, monkeypatch):
    force_shards(monkeypatch, 2)
    make, update = OPTIMIZERS[name]
    x, y = rows(100)

    def build():
        model = compiled_dense(make())
        # Built within the graph of `Model.fit`, Keras 3.15's ScheduleFreeAdamW takes
        # its averages to begin at 0 instead of at the weights.
        model.optimizer.build(model.trainable_variables)
        return model

    assert Trainer(build()).plan().update.value == update
    theirs, ours = run_both(
        build, lambda: {"x": x, "y": y, "batch_size": 20, "epochs": 4}
    )
    assert_same_variables(ours, theirs, FLOAT64_TOLERANCE)
    before = seeded(build).get_weights()[0]
    assert not np.allclose(ours.get_weights()[0], before)  # it did step


def test_optimizers_in_the_list_are_all_that_keras_has():
    kinds = {
        name
        for name, kind in vars(optimizers).items()
        if isinstance(kind, type) and issubclass(kind, optimizers.Optimizer)
    } - {"Optimizer", "LossScaleOptimizer"}
    assert {name.partition("_")[0] for name in OPTIMIZERS} == kinds


class HalfAdam(optimizers.Adam):
    """An Adam with a rule of its own, which no kernel computes."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate / 2)


def test_a_subclass_of_adam_keeps_its_own_rule():
    x, y = rows(100)

    def build():
        return compiled_dense(HalfAdam(0.01))

    assert Trainer(build()).plan().update.value == "Keras's HalfAdam"
    theirs, ours = run_both(build, lambda: {"x": x, "y": y, "epochs": 2})
    assert_same_variables(ours, theirs, FLOAT64_TOLERANCE)


def test_an_embedding_steps_as_in_fit():
    # its gradient lists rows, which the kernels do not take
    rng = np.random.default_rng(0)
    x, y = rng.integers(10, size=(60, 4)), rng.normal(size=(60, 1))

    def build():
        net = [keras.Input((4,), dtype="int32"), layers.Embedding(10, 3)]
        net += [layers.Flatten(), layers.Dense(1)]
        return compiled(keras.Sequential(net), loss="mse")

    theirs, ours = run_both(build, lambda: {"x": x, "y": y, "epochs": 5})
    assert_same_variables(ours, theirs, FLOAT64_TOLERANCE)


@pytest.mark.parametrize("shards", [1, 2])
def test_frozen_layers_stay_as_they_are(shards, monkeypatch):
    force_shards(monkeypatch, shards)
    x, y = images(60)

    def build():
        model = convolutional()
        model.layers[0].trainable = False
        return compiled(model)

    theirs, ours = run_both(build, lambda: {"x": x, "y": y, "epochs": 3})
    assert_same_variables(ours, theirs, FLOAT64_TOLERANCE)
    np.testing.assert_array_equal(
        ours.layers[0].get_weights()[0], seeded(build).layers[0].get_weights()[0]
    )


SHARED_LAYERS = {
    "dense": lambda: layers.Dense(4, activation="tanh"),
    "normalisation": lambda: layers.LayerNormalization(),
    "softmax": lambda: layers.Softmax(),
    "regularized": lambda: layers.Dense(4, activity_regularizer="l2"),
    "regularizer": lambda: layers.ActivityRegularization(l1=0.3, l2=0.2),
    "normalized_and_regularized": lambda: layers.BatchNormalization(
        activity_regularizer=lambda x: keras.ops.square(keras.ops.mean(x))
    ),
}


@pytest.mark.parametrize("kind", SHARED_LAYERS)
def test_a_layer_used_twice_steps_as_in_fit(kind, monkeypatch):
    force_shards(monkeypatch, 2)
    x, y = rows(64, width=4)

    def build():
        shared = SHARED_LAYERS[kind]()
        inputs = keras.Input((4,))
        hidden = layers.Dense(4)(shared(inputs))
        return compiled(
            keras.Model(inputs, layers.Dense(1)(shared(hidden))), loss="mse"
        )

    theirs, ours = run_both(build, lambda: {"x": x, "y": y, "epochs": 3})
    assert_same_variables(ours, theirs, FLOAT64_TOLERANCE)


AXES = {
    "softmax": lambda x: layers.Softmax(axis=0)(x),
    "concatenation": lambda x: layers.Concatenate(axis=0)([x, x]),
    "mean": lambda x: x - keras.ops.mean(x, axis=0, keepdims=True),
    "lambda": lambda x: layers.Lambda(lambda t: t - keras.ops.mean(t, 0))(x),
    "flip": lambda x: x + keras.ops.flip(x, 0),
    "row_for_all": lambda x: x + keras.ops.ones((1, 4)),
    "regularizer_inside": lambda x: layers.Dense(
        4, activation=layers.ReLU(activity_regularizer="l2")
    )(x),
}


@pytest.mark.parametrize("kind", AXES)
def test_what_mixes_samples_is_not_split(kind, monkeypatch):
    force_shards(monkeypatch, 2)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1)(AXES[kind](inputs)))
    choice = Trainer(compiled(model, loss="mse")).plan().shards
    assert choice.value == "none"
    assert choice.reason.startswith("not split: ")
    assert "configure_cpu(split=False)" in choice.reason  # what is faster for it


def test_parts_of_ours_step_as_the_parts_of_keras_in_fit(monkeypatch):
    force_shards(monkeypatch, 2)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 18, 18, 1)), rng.integers(10, size=40)
    arguments = quiet(x=x, y=y, batch_size=16, epochs=4)

    def build(layers_from, loss):
        model = article_cnn(input_shape=(18, 18, 1), layers_from=layers_from)
        return compiled(model, loss=loss, metrics=["accuracy"])

    theirs = seeded(lambda: build("keras", "sparse_categorical_crossentropy"))
    from keras_cnn.losses import SparseCategoricalCrossentropy

    ours = build("keras_cnn", SparseCategoricalCrossentropy())
    ours.set_weights(theirs.get_weights())
    theirs.fit(**arguments)
    trainer = Trainer(ours)
    assert trainer.plan(batch_size=16).shards.value == "2"
    trainer.fit(**arguments)
    assert_same_variables(ours, theirs, FLOAT64_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT64_TOLERANCE)


def test_dropout_draws_another_mask_for_each_shard_and_step(monkeypatch):
    force_shards(monkeypatch, 2)
    width, batch = 50, 32
    half = batch // 2

    def difference(y_true, y_pred):
        """0 if both shards have one mask; 1 expected: each is 0 or 2, evenly."""
        return keras.ops.mean(keras.ops.abs(y_pred[:half] - y_pred[half:]))

    def mean(y_true, y_pred):
        return keras.ops.mean(y_pred, axis=-1)

    net = [keras.Input((width,)), layers.Dropout(0.5)]
    net += [layers.Dense(width, kernel_initializer="identity")]
    model = seeded(
        lambda: compiled(
            keras.Sequential(net), optimizers.SGD(0.0), loss=difference, metrics=[mean]
        )
    )
    trainer = Trainer(model)
    assert trainer.plan(batch_size=batch).shards.value == "2"
    ones = np.ones((batch, width))
    history = trainer.fit(ones, ones, **quiet(batch_size=batch, epochs=30)).history
    # 30 * 800 differences of deviation 1: 0.03 is four standard errors and more
    assert np.mean(history["loss"]) == pytest.approx(1, abs=0.03)
    assert np.mean(history["mean"]) == pytest.approx(1, abs=0.03)
    assert len(set(history["loss"])) > 20


def test_dropout_gives_the_losses_of_fit_on_average(monkeypatch):
    force_shards(monkeypatch, 2)
    x, y = images(32)

    def build():  # a rate of 0, so that each epoch's loss is another draw
        return compiled(convolutional(layers.Dropout(0.5)), optimizers.SGD(0.0))

    theirs, ours = run_both(build, lambda: {"x": x, "y": y, "epochs": 60})
    mine, others = (np.array(m.history.history["loss"]) for m in (ours, theirs))
    error = np.sqrt((mine.var() + others.var()) / 60)
    assert error > 0
    assert abs(mine.mean() - others.mean()) < 4 * error
    assert mine.std() == pytest.approx(others.std(), rel=0.35)


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_one_float32_step_has_the_loss_and_gradient_of_fit(shards, monkeypatch):
    force_shards(monkeypatch, shards)
    # sums of 32 terms in another order: some units in the last place
    tolerance = 1e-6
    compute_in("float32")
    x, y = images(32)

    def build():  # rate 1: the step is the gradient
        return compiled(convolutional(), optimizers.SGD(1.0))

    start = seeded(build).get_weights()
    theirs, ours = run_both(build, lambda: {"x": x, "y": y, "batch_size": 32})
    assert Trainer(ours).plan(32).shards.value == (
        "none" if shards == 1 else str(shards)
    )
    np.testing.assert_allclose(
        ours.history.history["loss"], theirs.history.history["loss"], rtol=tolerance
    )
    for begin, mine, other in zip(
        start, ours.get_weights(), theirs.get_weights(), strict=True
    ):
        assert mine.dtype == np.float32
        assert np.abs(mine - begin).max() > 1e-3
        np.testing.assert_allclose(mine - begin, other - begin, atol=tolerance)


def test_several_fits_in_a_row_end_where_those_of_keras_end():
    x, y = images(60)
    models = []
    for fitting in (lambda model: model.fit, lambda model: Trainer(model).fit):
        model = seeded(lambda: compiled(convolutional()))
        fit = fitting(model)
        for epochs in (1, 2, 1):
            fit(x, y, **quiet(epochs=epochs))
        models.append(model)
    assert_same_variables(*models, FLOAT64_TOLERANCE)


def test_labels_of_other_forms_step_as_in_fit():
    x, y = images(60)
    rows_of_labels = np.eye(CLASSES)[y]

    def build():
        return compiled(
            convolutional(),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
            metrics=["accuracy", keras.metrics.CategoricalCrossentropy()],
        )

    theirs, ours = run_both(build, lambda: {"x": x, "y": rows_of_labels, "epochs": 3})
    assert_same_variables(ours, theirs, FLOAT64_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT64_TOLERANCE)
