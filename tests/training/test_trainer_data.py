"""What `fit`, `evaluate` and `predict` take and return, as Keras's do."""

import math
import warnings

import keras
import numpy as np
import pytest
from keras import layers

from keras_cnn import Trainer
from tests.training._compare import (
    FLOAT32_TOLERANCE,
    assert_same_history,
    assert_same_variables,
    quiet,
    run_both,
    seeded,
)
from tests.training.models import (
    compiled,
    compiled_dense,
    convolutional,
    dense,
    images,
    rows,
    two_by_two,
)

SAMPLES, BATCH = 50, 16  # three whole batches, and one of two samples
BATCHES = math.ceil(SAMPLES / BATCH)


def model():
    """One model for whatever rows are given, with metrics of both kinds."""
    return compiled_dense("sgd", metrics=["mae"], weighted_metrics=["mse"])


def slices(*parts, batch=BATCH, known=True, repeated=False):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(parts)
    if not known:
        dataset = dataset.filter(lambda *_: True)
    dataset = dataset.batch(batch)
    return dataset.repeat() if repeated else dataset


def weights(count=SAMPLES):
    return np.random.default_rng(3).uniform(0, 2, count).astype("float32")


def agree(build, arguments):
    theirs, ours = run_both(build, arguments)
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)
    return ours


class Batches(keras.utils.PyDataset):
    """Batches of rows, which notes when an epoch begins and ends."""

    def __init__(self, weighted=False, **kwargs):
        super().__init__(**kwargs)
        self.parts = (*rows(SAMPLES), weights()) if weighted else rows(SAMPLES)
        self.begun = self.ended = 0

    def __len__(self):
        return BATCHES

    def __getitem__(self, index):
        return tuple(part[index * BATCH : (index + 1) * BATCH] for part in self.parts)

    def on_epoch_begin(self):
        self.begun += 1

    def on_epoch_end(self):
        self.ended += 1


def generated(times=1, weighted=False):
    dataset = Batches(weighted)
    for _ in range(times):
        yield from (dataset[index] for index in range(BATCHES))


def as_tensors(*parts):
    import tensorflow as tf

    return dict(zip(("x", "y"), map(tf.constant, parts), strict=True))


def as_frames(x, y):
    pandas = pytest.importorskip("pandas")
    return {"x": pandas.DataFrame(x), "y": pandas.DataFrame(y)}


DATA = {
    "numpy": lambda x, y: {"x": x, "y": y, "batch_size": BATCH},
    "tensors": lambda x, y: {**as_tensors(x, y), "batch_size": BATCH},
    "pandas": lambda x, y: {**as_frames(x, y), "batch_size": BATCH},
    "float64_and_integers": lambda x, y: {
        "x": x.astype("float64"),
        "y": y.astype("int64"),
        "batch_size": BATCH,
    },
    "weighted": lambda x, y: {
        "x": x,
        "y": y,
        "sample_weight": weights(),
        "batch_size": BATCH,
    },
    "dataset": lambda x, y: {"x": slices(x, y)},
    "dataset_of_unknown_length": lambda x, y: {"x": slices(x, y, known=False)},
    # eight batches are what the first call of the loop takes
    "dataset_of_eight_batches": lambda x, y: {
        "x": slices(x[:48], y[:48], batch=6, known=False)
    },
    "dataset_of_nine_batches": lambda x, y: {"x": slices(x[:45], y[:45], batch=5)},
    "dataset_of_whole_batches": lambda x, y: {"x": slices(x[:48], y[:48], known=False)},
    "dataset_of_one_batch": lambda x, y: {"x": slices(x, y, batch=SAMPLES)},
    "weighted_dataset": lambda x, y: {"x": slices(x, y, weights())},
    "repeated_dataset": lambda x, y: {
        "x": slices(x, y, repeated=True),
        "steps_per_epoch": 3,
    },
    "py_dataset": lambda x, y: {"x": Batches()},
    "weighted_py_dataset": lambda x, y: {"x": Batches(weighted=True)},
    "py_dataset_of_two_workers": lambda x, y: {"x": Batches(workers=2)},
    "generator": lambda x, y: {"x": generated(5), "steps_per_epoch": BATCHES},
    "weighted_generator": lambda x, y: {
        "x": generated(5, weighted=True),
        "steps_per_epoch": BATCHES,
    },
    "class_weight_of_a_dataset": lambda x, y: {
        "x": slices(x, (y[:, 0] > 0).astype("int32")),
        "class_weight": {0: 0.5, 1: 3.0},
    },
}


@pytest.mark.parametrize("kind", DATA)
def test_fit_on_data_of_each_kind_ends_where_keras_ends(kind):
    x, y = rows(SAMPLES)
    theirs, ours = run_both(model, lambda: {**DATA[kind](x, y), "epochs": 3})
    steps = 3 * {"eight": 8, "nine": 9, "one": 1, "whole": 3, "repeated": 3}.get(
        kind.removeprefix("dataset_of_").partition("_")[0], BATCHES
    )
    assert ours.optimizer.iterations == steps
    # Where a stream of unknown length ends, Keras counts a step that it does not take.
    theirs.optimizer.iterations.assign(steps)
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


@pytest.mark.parametrize(
    "kind", [kind for kind in DATA if kind != "class_weight_of_a_dataset"]
)
def test_evaluate_on_data_of_each_kind_returns_what_keras_returns(kind):
    x, y = rows(SAMPLES)
    arguments = [DATA[kind](x, y) for _ in range(2)]
    for given in arguments:
        given["steps"] = given.pop("steps_per_epoch", None)
        given["verbose"] = 0
    one = seeded(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above, of streams
        theirs = one.evaluate(**arguments[0])
    ours = Trainer(one).evaluate(**arguments[1])
    assert type(ours) is type(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=FLOAT32_TOLERANCE)


def test_a_py_dataset_hears_of_each_epoch():
    dataset = Batches()
    Trainer(model()).fit(dataset, **quiet(epochs=3))
    assert (dataset.begun, dataset.ended) == (3, 3)


def test_sparse_tensors_train_as_in_keras():
    import tensorflow as tf

    x, y = rows(SAMPLES)
    x[np.abs(x) < 0.7] = 0
    agree(
        model,
        lambda: {
            "x": tf.sparse.from_dense(x),
            "y": y,
            "batch_size": BATCH,
            "epochs": 2,
        },
    )


def two_inputs():
    inputs = [keras.Input((5,)), keras.Input((5,))]
    joined = layers.Concatenate()(inputs)
    return compiled(keras.Model(inputs, layers.Dense(1)(joined)), "sgd", loss="mse")


def test_a_list_of_inputs_trains_as_in_keras():
    (x, y), (other, _) = rows(SAMPLES), rows(SAMPLES, seed=1)
    agree(two_inputs, lambda: {"x": [x, other], "y": y, "epochs": 2})


def pair_of_inputs():
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    out = layers.Dense(1, name="out")(layers.Concatenate()([a, b]))
    return compiled(keras.Model([a, b], out), "sgd", loss="mse")


def test_the_same_data_in_other_structures_train_as_in_keras():
    x, y = rows(SAMPLES)
    forms = [
        {"x": [x, 2 * x], "y": y},
        {"x": {"a": x, "b": 2 * x}, "y": y},
        {"x": {"b": 2 * x, "a": x}, "y": [y]},
        {"x": slices({"a": x, "b": 2 * x}, y)},
        {"x": slices((x, 2 * x), y)},
        {"x": (x, 2 * x), "y": y},
    ]
    theirs, ours = seeded(pair_of_inputs), seeded(pair_of_inputs)
    trainer = Trainer(ours)
    for form in forms:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ours says what it compiles again for
            expected = theirs.fit(**quiet(**form)).history["loss"]
            got = trainer.fit(**quiet(**form)).history["loss"]
        np.testing.assert_allclose(got, expected, rtol=1e-5)
        np.testing.assert_allclose(
            trainer.evaluate(**form, verbose=0),
            theirs.evaluate(**form, verbose=0),
            1e-5,
        )
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)


def test_dictionaries_in_a_dataset_train_as_in_keras():
    x, label = images(SAMPLES)
    row, value = rows(SAMPLES)
    inputs, targets = {"image": x, "row": row}, {"label": label, "value": value}

    def build():
        loss = {"label": "sparse_categorical_crossentropy", "value": "mse"}
        return compiled(two_by_two(), "sgd", loss=loss, metrics={"value": ["mae"]})

    agree(build, lambda: {"x": slices(inputs, targets), "epochs": 2})


def test_data_without_targets_trains_on_what_the_model_adds():
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(keras.ops.mean(keras.ops.square(inputs)))
            return inputs

    x, _ = rows(SAMPLES)

    def build():
        net = [keras.Input((5,)), layers.Dense(3), Penalty()]
        return compiled(keras.Sequential(net), "sgd", loss=None)

    ours = agree(build, lambda: {"x": x, "epochs": 3})
    assert ours.history.history["loss"][-1] < ours.history.history["loss"][0]


MISTAKES = {
    "lengths_that_differ": lambda x, y: {"x": x, "y": y[:-1]},
    "weights_of_another_length": lambda x, y: {
        "x": x,
        "y": y,
        "sample_weight": weights(3),
    },
    "a_dataset_and_targets": lambda x, y: {"x": slices(x, y), "y": y},
    "a_dataset_and_weights": lambda x, y: {"x": slices(x, y), "sample_weight": y},
    "class_and_sample_weight": lambda x, y: {
        "x": x,
        "y": (y > 0).astype("int32"),
        "sample_weight": weights(),
        "class_weight": {0: 1.0, 1: 2.0},
    },
    "an_unknown_kind": lambda x, y: {"x": "images", "y": y},
    "a_split_of_a_dataset": lambda x, y: {"x": slices(x, y), "validation_split": 0.2},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_data_that_keras_refuses_raise_as_in_keras(mistake):
    def error_of(fit):
        with pytest.raises(Exception) as caught:
            fit(**{"verbose": 0, **MISTAKES[mistake](*rows(SAMPLES))})
        return caught.value

    theirs, ours = error_of(model().fit), error_of(Trainer(model()).fit)
    assert type(ours) is type(theirs)
    assert str(ours).splitlines()[0] == str(theirs).splitlines()[0]


VALIDATION = {
    "tuple": lambda x, y: {"validation_data": (x, y)},
    "list": lambda x, y: {"validation_data": [x, y]},
    "weighted": lambda x, y: {"validation_data": (x, y, weights())},
    "dataset": lambda x, y: {"validation_data": slices(x, y)},
    "unknown_dataset": lambda x, y: {"validation_data": slices(x, y, known=False)},
    "py_dataset": lambda x, y: {"validation_data": Batches()},
    "batch_size": lambda x, y: {
        "validation_data": (x, y),
        "validation_batch_size": 7,
    },
    "some_steps": lambda x, y: {"validation_data": (x, y), "validation_steps": 1},
    "some_steps_of_a_dataset": lambda x, y: {
        "validation_data": slices(x, y),
        "validation_steps": 1,
    },
    "some_steps_of_a_repeated_dataset": lambda x, y: {
        "validation_data": slices(x, y, repeated=True),
        "validation_steps": 3,
    },
    "all_steps": lambda x, y: {
        "validation_data": (x, y),
        "validation_steps": BATCHES,
    },
    "freq": lambda x, y: {"validation_data": (x, y), "validation_freq": 2},
    "freq_listed": lambda x, y: {
        "validation_data": (x, y),
        "validation_freq": [1, 3],
    },
    "split": lambda x, y: {"validation_split": 0.3},
    "split_with_weights": lambda x, y: {
        "validation_split": 0.3,
        "sample_weight": weights(),
    },
}


@pytest.mark.parametrize("kind", VALIDATION)
def test_validation_gives_the_history_of_keras(kind):
    x, y = rows(SAMPLES)
    other = rows(SAMPLES, seed=4)
    ours = agree(
        model,
        lambda: {
            "x": x,
            "y": y,
            "batch_size": BATCH,
            "epochs": 3,
            **VALIDATION[kind](*other),
        },
    )
    assert "val_mae" in ours.history.history


EPOCHS = {
    "initial_epoch": {"epochs": 5, "initial_epoch": 3},
    "initial_epoch_past_the_last": {"epochs": 2, "initial_epoch": 2},
    "no_epochs": {"epochs": 0},
    "some_steps": {"epochs": 3, "steps_per_epoch": 2},
    "all_steps": {"epochs": 2, "steps_per_epoch": BATCHES},
    "no_batch_size": {"epochs": 2, "batch_size": None},
    "one_batch": {"epochs": 2, "batch_size": 500},
}


@pytest.mark.parametrize("kind", EPOCHS)
def test_epochs_and_steps_give_the_history_of_keras(kind):
    x, y = rows(SAMPLES)
    # three epochs of two steps: the third begins the data again
    agree(model, lambda: {"x": x, "y": y, "batch_size": BATCH, **EPOCHS[kind]})


@pytest.mark.parametrize("form", ["arrays", "dataset"])
def test_data_that_run_out_warn_and_train_as_in_keras(form):
    x, y = rows(SAMPLES)

    def arguments():
        data = {"x": slices(x, y)}
        if form == "arrays":
            data = {"x": x, "y": y, "batch_size": BATCH}
        return quiet(**data, epochs=2, steps_per_epoch=BATCHES + 2)

    theirs, ours = seeded(model), seeded(model)
    with pytest.warns(UserWarning, match="ran out of data"):
        theirs.fit(**arguments())
    with pytest.warns(UserWarning, match="ran out"):
        Trainer(ours).fit(**arguments())
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


class Seen(keras.callbacks.Callback):
    """Notes the loss of each batch, which tells the samples in it."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append([])

    def on_train_batch_end(self, batch, logs=None):
        self.epochs[-1].append(logs["loss"])


def orders(seed, shuffle, samples=40, batch=1, epochs=3):
    """The samples in the order in which each epoch took them.

    The model always says 0 and sample n is n, so that the absolute error names it. Of
    larger batches this gives the sum.
    """
    model = keras.Sequential(
        [keras.Input((1,)), layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    )
    model.compile(keras.optimizers.SGD(0.0), "mae")
    y = np.arange(samples, dtype="float32")[:, np.newaxis]
    seen = Seen()
    keras.utils.set_random_seed(seed)
    Trainer(model).fit(
        np.zeros_like(y),
        y,
        batch_size=batch,
        epochs=epochs,
        shuffle=shuffle,
        callbacks=[seen],
        verbose=0,
    )
    taken = []
    for means in seen.epochs:  # from running means back to the batches' own
        sums = np.array(means) * np.arange(1, len(means) + 1)
        taken.append(np.rint(np.diff(sums, prepend=0) * batch).astype(int).tolist())
    return taken


def test_shuffle_takes_each_sample_once_in_a_new_order_each_epoch():
    epochs = orders(0, shuffle=True)
    for order in epochs:
        assert sorted(order) == list(range(40))
    assert len({tuple(order) for order in [*epochs, range(40)]}) == 4


def test_shuffle_depends_on_the_seed_alone():
    assert orders(1, shuffle=True) == orders(1, shuffle=True)
    assert orders(1, shuffle=True) != orders(2, shuffle=True)


def test_no_shuffle_takes_the_samples_in_their_order():
    assert orders(0, shuffle=False) == [list(range(40))] * 3


def test_batch_shuffle_keeps_the_samples_of_a_batch_together():
    # what a batch sums to is that of four samples in a row, wherever it comes
    for order in orders(0, shuffle="batch", batch=4):
        assert sorted(order) == [16 * number + 6 for number in range(10)]


def test_evaluate_returns_the_dictionary_of_keras():
    x, y = rows(SAMPLES)
    one = seeded(model)
    arguments = {"verbose": 0, "return_dict": True, "sample_weight": weights()}
    theirs = one.evaluate(x, y, **arguments)
    ours = Trainer(one).evaluate(x, y, **arguments)
    assert list(ours) == list(theirs) == ["loss", "mae", "mse"]
    assert ours == pytest.approx(theirs, rel=FLOAT32_TOLERANCE)
    assert {type(value) for value in ours.values()} == {float}


def test_evaluate_without_metrics_returns_a_number():
    x, y = rows(SAMPLES)
    one = compiled_dense()
    ours = Trainer(one).evaluate(x, y, verbose=0)
    theirs = one.evaluate(x, y, verbose=0)
    assert np.ndim(ours) == np.ndim(theirs) == 0
    assert ours == pytest.approx(theirs, rel=FLOAT32_TOLERANCE)


def test_evaluate_takes_some_steps_from_the_beginning_each_time():
    x, y = rows(SAMPLES)
    one = seeded(model)
    trainer = Trainer(one)
    theirs = one.evaluate(x[:32], y[:32], verbose=0)
    for _ in range(2):
        ours = trainer.evaluate(x, y, batch_size=16, steps=2, verbose=0)
        np.testing.assert_allclose(ours, theirs, rtol=FLOAT32_TOLERANCE)


def test_evaluate_leaves_the_weights_alone():
    x, y = rows(SAMPLES)
    net = [keras.Input((5,)), layers.BatchNormalization(), layers.Dense(1)]
    one = compiled(keras.Sequential(net), loss="mse")
    before = one.get_weights()
    Trainer(one).evaluate(x, y, verbose=0)
    for old, new in zip(before, one.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_predict_returns_the_array_of_keras():
    x, _ = images(SAMPLES)
    one = compiled(convolutional())
    ours = Trainer(one).predict(x, batch_size=BATCH, verbose=0)
    assert type(ours) is np.ndarray
    np.testing.assert_allclose(ours, one.predict(x, verbose=0), atol=FLOAT32_TOLERANCE)


def test_predict_ends_with_the_data_as_in_keras():
    x, _ = rows(SAMPLES)
    one = model()
    with pytest.warns(UserWarning, match="ran out"):
        ours = Trainer(one).predict(x, batch_size=BATCH, steps=9, verbose=0)
    with pytest.warns(UserWarning, match="ran out"):
        theirs = one.predict(x, batch_size=BATCH, steps=9, verbose=0)
    np.testing.assert_allclose(ours, theirs, atol=FLOAT32_TOLERANCE)


def test_predict_returns_the_dictionary_of_keras():
    x, _ = images(SAMPLES)
    row, _ = rows(SAMPLES)
    one = compiled(two_by_two(), loss={"label": None, "value": "mse"})
    inputs = {"image": x, "row": row}
    ours, theirs = (
        Trainer(one).predict(inputs, verbose=0),
        one.predict(inputs, verbose=0),
    )
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, atol=FLOAT32_TOLERANCE)


def test_predict_returns_the_list_of_keras():
    x, _ = rows(SAMPLES)
    inputs = keras.Input((5,))
    outputs = [layers.Dense(1)(inputs), layers.Dense(2)(inputs)]
    one = compiled(keras.Model(inputs, outputs), loss=["mse", "mse"])
    ours, theirs = Trainer(one).predict(x, verbose=0), one.predict(x, verbose=0)
    assert type(ours) is type(theirs) is list
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, atol=FLOAT32_TOLERANCE)


PREDICTED = {
    "dataset_of_inputs": lambda x, y: {"x": slices(x).map(lambda part: part)},
    "dataset_of_pairs": lambda x, y: {"x": slices(x, y, known=False)},
    "py_dataset": lambda x, y: {"x": Batches()},
    "py_dataset_of_two_workers": lambda x, y: {"x": Batches(workers=2)},
    "some_steps": lambda x, y: {"x": x, "batch_size": BATCH, "steps": 2},
    "some_steps_of_a_dataset": lambda x, y: {
        "x": slices(x, y, repeated=True),
        "steps": 2,
    },
    "more_steps_than_there_are": lambda x, y: {"x": x, "batch_size": BATCH, "steps": 9},
}


@pytest.mark.parametrize("kind", PREDICTED)
def test_predict_on_data_of_each_kind_returns_what_keras_returns(kind):
    x, y = rows(SAMPLES)
    one = seeded(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of streams, and of too many steps
        theirs = one.predict(**PREDICTED[kind](x, y), verbose=0)
        ours = Trainer(one).predict(**PREDICTED[kind](x, y), verbose=0)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=FLOAT32_TOLERANCE)


def unbuilt():
    model = keras.Sequential(
        [layers.Conv2D(2, 3), layers.LayerNormalization(), layers.Flatten()]
    )
    model.add(layers.Dense(4, activation="softmax"))
    return compiled(model, "sgd", metrics=["accuracy"])


def test_a_model_that_is_not_built_is_built_by_the_data():
    x, y = images(SAMPLES)
    agree(unbuilt, lambda: {"x": x, "y": y, "epochs": 2})
    # which draws its weights at the first call: they are compared within one model
    evaluated, predicted = unbuilt(), unbuilt()
    ours = Trainer(evaluated).evaluate(x, y, verbose=0)
    np.testing.assert_allclose(
        ours, evaluated.evaluate(x, y, verbose=0), rtol=FLOAT32_TOLERANCE
    )
    ours = Trainer(predicted).predict(x, verbose=0)
    np.testing.assert_allclose(
        ours, predicted.predict(x, verbose=0), atol=FLOAT32_TOLERANCE
    )


def test_plan_of_a_model_that_is_not_built_says_what_is_known():
    plan = Trainer(unbuilt()).plan()
    assert plan.shards.value == "none"
    assert plan.shards.reason


def test_plan_says_how_the_data_came():
    x, y = rows(SAMPLES)
    trainer = Trainer(model())
    trainer.fit(x, y, verbose=0)
    assert "arrays" in trainer.plan().data.value
    trainer.fit(slices(x, y), **quiet())
    assert "stream" in trainer.plan().data.value


def test_arrays_that_change_between_fits_are_seen():
    x, y = rows(SAMPLES)
    one = compiled_dense(keras.optimizers.SGD(0.0))
    trainer = Trainer(one)
    first = trainer.fit(x, y, verbose=0).history["loss"]
    y += 100
    assert trainer.fit(x, y, verbose=0).history["loss"][0] > first[0] + 1000


def test_a_model_that_is_not_compiled_raises():
    with pytest.raises(ValueError, match="The model must be compiled"):
        Trainer(dense())


@pytest.mark.parametrize(
    "arguments",
    [{"epochs": -1}, {"epochs": 1.5}, {"epochs": "1"}],
    ids=["negative", "fraction", "text"],
)
def test_a_number_of_epochs_that_is_none_raises(arguments):
    x, y = rows(SAMPLES)
    with pytest.raises(ValueError, match="`epochs` must be"):
        Trainer(model()).fit(x, y, **arguments)
