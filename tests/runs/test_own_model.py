"""Runs of a model that is not the article's: from a file, a function, from Python."""

import json
import warnings

import keras
import numpy as np
import pytest

from keras_cnn import prediction
from keras_cnn._checks import InputError
from keras_cnn.data import load
from keras_cnn.runs import Observer, RunConfig, build_model, load_run, run, train
from keras_cnn.runs.own_model import find_source
from keras_cnn.runs.task import task_of
from keras_cnn.saving import load_model
from keras_cnn.saving.input_pixels import input_pixels

SMALL = {"dataset": "digits", "limit": 96, "epochs": 1, "seed": 3}

SOURCE = '''
import keras

class Own(keras.Model):
    """Takes steps of its own, and has a class that no model file may name."""

    def __init__(self, num_classes):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.dropout = keras.layers.Dropout(0.5, seed=1)
        self.out = keras.layers.Dense(num_classes, activation="softmax")

    def call(self, images, training=False):
        return self.out(self.dropout(self.flatten(images), training=training))

    def train_step(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return {"loss": loss, **self.compute_metrics(x, y, y_pred, None)}


def own(image_shape, num_classes):
    return Own(num_classes)


def plain(image_shape, num_classes):
    return keras.Sequential([
        keras.Input(image_shape),
        keras.layers.Flatten(),
        keras.layers.Dense(num_classes, activation="softmax"),
    ])


def nothing(image_shape, num_classes):
    plain(image_shape, num_classes)


def raises(image_shape, num_classes):
    raise KeyError("no such size")


def eleven(image_shape, num_classes):
    return plain(image_shape, 11)


def large(image_shape, num_classes):
    return plain((64, 64, 1), num_classes)


number = 3
'''


def functional(activation="softmax", units=10, side=20):
    image = keras.Input((side, side, 1))
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(4, 3, strides=3)(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Flatten()(keras.layers.ReLU()(x))
    return keras.Model(image, keras.layers.Dense(units, activation=activation)(x))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with functions, in a module that no other test imports."""
    monkeypatch.chdir(tmp_path)
    name = "models_of_" + "".join(filter(str.isalnum, tmp_path.name))
    (tmp_path / f"{name}.py").write_text(SOURCE)
    return name


class Notes(Observer):
    """Keeps what is said, and stops the training after some steps."""

    def __init__(self, stop_after=None):
        self.notes = []
        self.stop_after = stop_after

    def on_note(self, words):
        self.notes.append(words)

    def on_model(self, model, dataset):
        if self.stop_after is None:
            return []
        return [keras.callbacks.LambdaCallback(on_train_batch_end=self._stop)]

    def _stop(self, batch, logs):
        if batch + 1 == self.stop_after:
            raise KeyboardInterrupt


def test_a_file_is_trained_at_its_size_in_its_values_and_kept_in_the_run(tmp_path):
    model = functional(activation=None)
    model.save(tmp_path / "net.keras")
    notes = Notes()
    config = RunConfig(model=str(tmp_path / "net.keras"), **SMALL)
    done = run(config, tmp_path / "runs", observer=notes)
    assert done.folder.name.endswith("-net")
    assert notes.notes == ["Images are taken at 20x20, as the model."]
    assert done.model.input_shape == (None, 20, 20, 1)
    assert done.model.loss.from_logits
    record = json.loads((done.folder / "config.json").read_text())
    assert record["preparation"]["high"] == 255
    assert record["model"]["file"] == record["config"]["model"]
    assert len(record["model"]["sha256"]) == 64
    initial = load_model(done.folder / "initial.keras").get_weights()
    assert all(map(np.array_equal, initial, model.get_weights()))
    # From the recorded preparation the file gives what the run has measured.
    images = done.dataset.test
    predicted = prediction.load(done.folder).predict(images.images)
    correct = np.mean([p.label for p in predicted] == images.labels.astype(str))
    assert correct == done.result.scores.accuracy
    assert done.result.scores.probabilities.sum(1) == pytest.approx(1)


def test_steps_on_a_file_are_those_of_keras_on_the_same_arrays(tmp_path):
    model = functional(activation=None)
    model.save(tmp_path / "net.keras")
    config = RunConfig(model=str(tmp_path / "net.keras"), optimizer="sgd", **SMALL)
    digits = load("digits", image_size=(20, 20)).limited(96)
    ours = build_model(config, digits)
    train(ours, config, digits)
    # One epoch over all images in one batch would hide the order: compare by loss.
    logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    theirs = functional(activation=None)
    theirs.set_weights(model.get_weights())
    theirs.compile("sgd", logits)
    x, y = digits.train.images.astype("float32"), digits.train.labels
    before = build_model(config, digits)
    expected = theirs.evaluate(x, y, verbose=0)
    assert before.evaluate(x, y, verbose=0)[0] == pytest.approx(expected, rel=1e-5)
    assert ours.evaluate(x, y, verbose=0)[0] < expected


@pytest.mark.parametrize(
    ("activation", "units", "loss", "fitting", "targets", "from_logits"),
    [
        ("softmax", 10, "huber", "huber", "rows", False),
        ("softmax", 10, None, "sparse_categorical_crossentropy", "labels", False),
        (None, 10, None, "sparse_categorical_crossentropy", "labels", True),
        ("relu", 10, "categorical_crossentropy", "categorical_crossentropy", "rows", 1),
        ("sigmoid", 10, None, "binary_crossentropy", "rows", False),
        ("sigmoid", 10, "mean_squared_error", "mean_squared_error", "rows", False),
        ("sigmoid", 1, None, "binary_crossentropy", "column", False),
    ],
)
def test_the_loss_fits_what_the_model_gives(
    digits, activation, units, loss, fitting, targets, from_logits
):
    from dataclasses import replace

    few = digits.limited(64)
    if units == 1:
        two = {
            name: few.splits[name][few.splits[name].labels < 2]
            for name in ("train", "test")
        }
        few = replace(few, class_names=("0", "1"), **two)
    given = {} if loss is None else {"loss": loss}
    config = RunConfig(model="given.keras", **given)
    model = functional(activation, units, side=28)
    task = task_of(config, few, model)
    assert (task.loss, task.targets, task.from_logits) == (
        *(fitting, targets),
        bool(from_logits),
    )
    built = build_model(config, few, None, find_source(config, model))
    result = train(built, config, few)
    assert np.isfinite(result.history["loss"]).all()
    assert result.scores.probabilities.shape == (len(few.test), max(2, units))
    if units == 1:
        # Labels 0 and 1 against one sigmoid, by hand from the probabilities.
        x = few.train.images.astype("float32")
        p = np.asarray(built(x), "float64")[:, 0]
        y = few.train.labels
        by_hand = -np.mean(np.log(np.where(y == 1, p, 1 - p)))
        value = built.loss(y.astype("float32")[:, None], built(x))
        assert float(value) == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parametrize(
    ("activation", "units", "loss", "message"),
    [
        (
            None,
            10,
            "huber",
            "must be one of sparse_cat.* for a model that gives logits",
        ),
        ("sigmoid", 10, "categorical_crossentropy", "`loss` must be left out for"),
        ("softmax", 7, None, "must tell 10 classes apart.* with 7, and digits"),
        ("softmax", 1, None, "must give one row of two or more classes"),
        (None, 1, None, "must give one row of two or more classes"),
    ],
)
def test_a_model_that_fits_neither_classes_nor_loss_raises(
    few, activation, units, loss, message
):
    given = {} if loss is None else {"loss": loss}
    config = RunConfig(model="given.keras", **given)
    with pytest.raises(InputError, match=message):
        task_of(config, few, functional(activation, units, side=28))


def test_fresh_draws_new_weights_and_keeps_what_was_measured(tmp_path, few):
    measured = keras.layers.Normalization(axis=None)
    measured.adapt(np.array([1.0, 5.0]))
    model = keras.Sequential(
        [
            *(keras.Input((28, 28, 1)), measured, keras.layers.Flatten()),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    path = str(tmp_path / "net.keras")
    model.save(path)
    kept = build_model(RunConfig(model=path), few)
    fresh = build_model(RunConfig(model=path, fresh=True), few)
    again = build_model(RunConfig(model=path, fresh=True), few)
    other = build_model(RunConfig(model=path, fresh=True, seed=1), few)
    kernels = [
        m.layers[-1].get_weights()[0] for m in (model, kept, fresh, again, other)
    ]
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])
    assert np.array_equal(kernels[2], kernels[3])
    assert not np.array_equal(kernels[2], kernels[4])
    assert np.ravel(fresh.layers[0].mean) == 3.0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            "nothing",
            "must return a Keras model. Received: .*nothing, which returned Non",
        ),
        ("raises", "which raised KeyError .'no such size'."),
        ("eleven", "must tell 10 classes apart"),
        ("large", r"shape that the model takes, \(64, 64, 1\).*--image-size 64x64"),
    ],
)
def test_a_function_without_a_fitting_model_leaves_nothing(
    here, tmp_path, function, message
):
    with pytest.raises(InputError, match=message):
        run(RunConfig(model=f"{here}:{function}", **SMALL), "runs")
    assert not list(tmp_path.glob("runs/*"))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("{}:mkae", "no such function"),
        ("{}:plian", 'Did you mean "plain"'),
        ("{}:number", "no such function"),
        ("no_such_module_at_all:make", "imported from the current folder.*No module"),
        ("missing.keras", "must exist"),
        ("keras:MobileNetV3Smal", 'keras:`.*Did you mean "MobileNetV3Small"'),
        ("keras:imagenet_utils", "must name one of keras.applications"),
    ],
)
def test_what_is_not_there_raises_before_data_are_read(
    here, monkeypatch, model, message
):
    monkeypatch.setattr("keras_cnn.runs.images.load", pytest.fail)
    with pytest.raises(InputError, match=message):
        run(RunConfig(model=model.format(here), **SMALL), "runs")


@pytest.mark.usefixtures("determinism")
def test_a_class_of_ones_own_is_resumed_to_the_bit(here, tmp_path):
    given = {**SMALL, "epochs": 2, "checkpoint_every": "1", "deterministic": True}
    config = RunConfig(model=f"{here}:own", **given)
    whole = run(config, "runs")
    begun = run(config, "runs", observer=Notes(stop_after=2))
    assert begun.result.interrupted
    assert begun.model_path.name == "interrupted.weights.h5"
    notes = Notes()
    done = run(RunConfig(), resume=begun.folder, observer=notes)
    assert notes.notes == []
    assert not done.result.interrupted
    assert done.config == config
    for ours, theirs in zip(
        done.model.get_weights(), whole.model.get_weights(), strict=True
    ):
        assert np.array_equal(ours, theirs)
    assert done.result.history["loss"] == whole.result.history["loss"]
    record = json.loads((done.folder / "config.json").read_text())
    assert record["model"]["function"] == f"{here}:own"

    again = run(config, "runs", observer=Notes(stop_after=2))
    with (tmp_path / f"{here}.py").open("a") as source:
        source.write("# changed\n")
    run(RunConfig(), resume=again.folder, observer=notes)
    assert notes.notes == [f"The source of {here}:own has changed since the run began."]


def test_a_file_that_is_gone_is_resumed_from_the_runs_folder(tmp_path):
    functional().save(tmp_path / "net.keras")
    config = RunConfig(
        model=str(tmp_path / "net.keras"),
        **{**SMALL, "epochs": 2, "checkpoint_every": "1"},
    )
    begun = run(config, tmp_path, observer=Notes(stop_after=2))
    (tmp_path / "net.keras").unlink()
    done = run(RunConfig(), resume=begun.folder)
    assert done.model.optimizer.iterations == 6


def test_a_model_and_a_function_may_be_given_in_python(tmp_path):
    model = functional(side=28)
    done = run(RunConfig(name="mine", **SMALL), tmp_path, model=model)
    assert done.model is model
    assert done.folder.name.endswith("-mine")
    record = json.loads((done.folder / "config.json").read_text())
    # The recorded command begins from the same weights once more.
    assert record["config"]["model"] == str(done.folder / "initial.keras")

    def small_net(image_shape, num_classes):
        assert (image_shape, num_classes) == ((28, 28, 1), 10)
        return functional(side=28)

    done = run(RunConfig(**SMALL), tmp_path, model=small_net)
    assert done.folder.name.endswith("-small_net")


def test_a_run_is_loaded_with_its_model_compiled_and_its_images(here, tmp_path):
    done = run(RunConfig(model=f"{here}:own", loss="huber", **SMALL), "runs")
    recorded = load_run(done.folder)
    assert recorded.config.loss == "huber"
    assert type(recorded.model.loss) is type(done.model.loss)
    assert np.array_equal(recorded.dataset.test.images, done.dataset.test.images)
    for ours, theirs in zip(
        recorded.model.get_weights(), done.model.get_weights(), strict=True
    ):
        assert np.array_equal(ours, theirs)
    begun = run(RunConfig(**SMALL), "runs", observer=Notes(stop_after=1))
    recorded = load_run(begun.folder)
    kernel = recorded.model.layers[0].get_weights()[0]
    assert np.array_equal(kernel, begun.model.layers[0].get_weights()[0])


def test_an_application_of_keras_is_made_for_the_classes_without_a_network():
    config = RunConfig(model="keras:MobileNetV3Small")
    assert config.name == "MobileNetV3Small"
    model = find_source(config).built((32, 32, 3), 5)
    assert model.output_shape == (None, 5)
    assert input_pixels(model) == "0..255"  # it begins with a Rescaling


def test_a_model_that_is_frozen_whole_is_warned_of(tmp_path):
    model = functional(side=28)
    model.trainable = False
    notes = Notes()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The model does not have any trainable")
        run(RunConfig(**SMALL), tmp_path, model=model, observer=notes)
    assert any("every weight of the model is frozen" in note for note in notes.notes)
