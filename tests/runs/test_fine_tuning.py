"""Where a run starts, when it ends, and how its steps are weighted and bounded."""

import json
import math

import keras
import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn.data import load
from keras_cnn.runs import Observer, RunConfig, build_model, run
from keras_cnn.runs.learning import class_weight
from keras_cnn.runs.patience import Patience
from keras_cnn.runs.starting_weights import find_weights, take_weights

SMALL = {"dataset": "digits", "limit": 96, "epochs": 1, "seed": 3}


class Notes(Observer):
    """Keeps what is said, and may interrupt the training after an epoch."""

    def __init__(self, interrupted_in=None):
        self.notes = []
        self.interrupted_in = interrupted_in

    def on_note(self, words):
        self.notes.append(words)

    def on_model(self, model, dataset):
        def interrupt(epoch, logs):
            if epoch == self.interrupted_in:
                raise KeyboardInterrupt

        return [keras.callbacks.LambdaCallback(on_epoch_begin=interrupt)]


def network(classes, *, first=4, name="net"):
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(first, 3, name=f"{name}_a"),
            keras.layers.BatchNormalization(name=f"{name}_b"),
            keras.layers.Conv2D(6, 3, name=f"{name}_c"),
            keras.layers.Flatten(),
            keras.layers.Dense(classes, activation="softmax", name=f"{name}_d"),
        ]
    )


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_every_layer_that_fits_takes_the_weights_and_the_others_are_listed(
    ending, tmp_path
):
    before, model = network(5), network(3, name="other")
    before.layers[1].moving_mean.assign(np.arange(4.0))
    path = tmp_path / f"before{ending}"
    (before.save if ending == ".keras" else before.save_weights)(path)
    head = model.layers[-1].get_weights()
    taken = take_weights(model, find_weights(str(path)))
    assert taken.layers == ("other_a", "other_b", "other_c")
    assert taken.left == ("other_d ((96, 3), (3,))",)
    for ours, theirs in zip(model.layers[:3], before.layers[:3], strict=True):
        assert all(map(np.array_equal, ours.get_weights(), theirs.get_weights()))
    assert all(map(np.array_equal, model.layers[-1].get_weights(), head))


def test_a_layer_more_shifts_nothing(tmp_path):
    before = network(3)
    before.save(tmp_path / "before.keras")
    image = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(1, 1, name="new")(image)
    inner = network(3, name="inner")
    model = keras.Model(image, inner(x))
    taken = take_weights(model, tmp_path / "before.keras")
    assert taken.layers == ("inner_a", "inner_b", "inner_c", "inner_d")
    assert taken.left == ("new ((1, 1, 1, 1), (1,))",)


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_weights_of_which_none_fits_raise(ending, tmp_path):
    other = keras.Sequential([keras.Input((7,)), keras.layers.Dense(2)])
    path = tmp_path / f"other{ending}"
    (other.save if ending == ".keras" else other.save_weights)(path)
    with pytest.raises(InputError, match="`init` must have weights for at least one"):
        take_weights(network(3), path)


@pytest.mark.parametrize("name", ["missing", "missing.keras", "notes.txt", "empty"])
def test_what_holds_no_weights_raises_before_data_are_read(name, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_cnn.runs.images.load", pytest.fail)
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    config = RunConfig(init=str(tmp_path / name), **SMALL)
    with pytest.raises(InputError, match="weights to begin with must|`init` must be"):
        run(config, tmp_path / "runs")


def test_a_damaged_file_of_weights_raises(tmp_path):
    (tmp_path / "bad.weights.h5").write_bytes(b"no weights at all")
    with pytest.raises(InputError, match="file of weights that Keras can read"):
        take_weights(network(3), tmp_path / "bad.weights.h5")


def test_a_run_begins_with_the_weights_of_another(tmp_path):
    before = run(RunConfig(**SMALL), tmp_path)
    notes = Notes(interrupted_in=0)
    config = RunConfig(**{**SMALL, "init": str(before.folder), "epochs": 2})
    begun = run(config, tmp_path, observer=notes)
    assert begun.result.interrupted  # before its first step
    for ours, theirs in zip(
        begun.model.get_weights(), before.model.get_weights(), strict=True
    ):
        assert np.array_equal(ours, theirs)
    assert notes.notes == []


class Losses(keras.callbacks.Callback):
    """Gives validation losses from a list, and the epoch as the only weight."""

    def __init__(self, losses, interrupted_in=None):
        super().__init__()
        self.losses = losses
        self.interrupted_in = interrupted_in

    def on_epoch_end(self, epoch, logs):
        if epoch == self.interrupted_in:
            raise KeyboardInterrupt
        logs["val_loss"] = self.losses[epoch]
        self.model.set_weights([np.array([[float(epoch)]])])


def fitted(patience, losses, epochs=None, initial_epoch=0, interrupted_in=None):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse")
    x = np.zeros((1, 1))
    history = model.fit(
        *(x, x),
        epochs=epochs or len(losses),
        initial_epoch=initial_epoch,
        callbacks=[Losses(losses, interrupted_in), patience],
        verbose=0,
    )
    return len(history.history["loss"]), float(model.get_weights()[0].item())


@pytest.mark.parametrize(
    ("losses", "epochs", "best"),
    [
        (
            [3, 2, 1, 4, 5, 6, 7],
            5,
            2,
        ),  # two epochs without a better one after the third
        ([3, 4, 2, 3, 1, 2, 3], 7, 4),
        ([1, 2, 3, 0], 3, 0),
        ([3, 3, 3, 3], 3, 0),  # equal is not better
        ([math.nan, math.nan, math.nan, 1], 3, None),
        ([5, 4, 3], 3, 2),
    ],
    ids=str,
)
def test_training_ends_after_the_patience_with_the_best_weights(
    losses, epochs, best, tmp_path
):
    patience = Patience(2, tmp_path)
    done, weight = fitted(patience, losses)
    assert (done, patience.best_epoch) == (epochs, best)
    assert weight == (epochs - 1 if best is None else best)


def test_a_resumed_run_knows_what_was_best(tmp_path):
    losses = [3, 1, 2, 2, 2, 2]
    with pytest.raises(KeyboardInterrupt):
        fitted(Patience(3, tmp_path), losses, interrupted_in=3)
    patience = Patience(3, tmp_path, resume=True)
    done, weight = fitted(patience, losses, initial_epoch=3)
    assert (done, patience.best_epoch, weight) == (2, 1, 1.0)  # epochs 3 and 4


def test_a_run_with_patience_validates_on_images_to_train_on(tmp_path):
    notes = Notes()
    config = RunConfig(**{**SMALL, "epochs": 3, "patience": 1, "learning_rate": 10.0})
    done = run(config, tmp_path, observer=notes)
    digits = load("digits")
    assert len(done.dataset.validation) == 96  # a tenth of 1,437, then limited
    assert np.array_equal(done.dataset.test.images, digits.limited(96).test.images)
    assert notes.notes[0].startswith("10% of the training images are validated on")
    assert done.config.validation_split == 0.1
    assert (
        "--validation-split 0.1"
        in json.loads((done.folder / "config.json").read_text())["command"]
    )
    kept = done.result.best_epoch
    losses = done.result.history["val_loss"]
    assert kept == np.argmin(losses) + 1
    images = done.dataset.validation.images.astype("float32") / 255
    loss = done.model.evaluate(images, done.dataset.validation.labels, verbose=0)[0]
    assert loss == pytest.approx(losses[kept - 1], rel=1e-3)
    assert f"The weights of epoch {kept} are kept" in notes.notes[-1]
    assert json.loads((done.folder / "result.json").read_text())["best_epoch"] == kept
    assert not (done.folder / "best.npz").exists()


def test_balanced_weights_are_those_of_scikit_learn(few):
    from sklearn.utils.class_weight import compute_class_weight

    labels = few.train.labels
    theirs = compute_class_weight("balanced", classes=np.arange(10), y=labels)
    ours = class_weight(RunConfig(class_weight="balanced"), few)
    assert ours == pytest.approx(dict(enumerate(theirs)))
    assert class_weight(RunConfig(), few) is None


def test_balanced_weights_reach_the_training(tmp_path, monkeypatch):
    given = {}
    fit = keras.Model.fit

    def listening(self, *arguments, **options):
        given.update(options)
        return fit(self, *arguments, **options)

    monkeypatch.setattr(keras.Model, "fit", listening)
    config = RunConfig(class_weight="balanced", engine="fit", **SMALL)
    done = run(config, tmp_path)
    counts = np.bincount(done.dataset.train.labels)
    assert given["class_weight"] == pytest.approx(dict(enumerate(9.6 / counts)))


def test_options_reach_the_optimizer(few):
    config = RunConfig(
        weight_decay=0.25, clip_norm=2.0, ema=0.9, warmup=4, learning_rate=0.02
    )
    optimizer = build_model(config, few).optimizer
    assert optimizer.weight_decay == 0.25
    assert optimizer.global_clipnorm == 2.0
    assert (optimizer.use_ema, optimizer.ema_momentum) == (True, 0.9)
    rates = [float(optimizer._learning_rate(step)) for step in (0, 1, 2, 4, 5, 1000)]
    assert rates == pytest.approx([0, 0.005, 0.01, 0.02, 0.02, 0.02])
    default = build_model(RunConfig(warmup=2, optimizer="sgd"), few).optimizer
    assert float(default._learning_rate(1)) == pytest.approx(0.005)  # Keras's 0.01


def test_an_option_and_its_argument_cannot_both_be_given(few):
    config = RunConfig(clip_norm=1.0, optimizer_arguments={"global_clipnorm": 2.0})
    with pytest.raises(InputError, match="`clip_norm` must be left out beside"):
        build_model(config, few)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"patience": 2, "ema": 0.9}, "`patience` must be left out with `ema`"),
        ({"patience": 2, "strategy": "multi-worker"}, "left out with several workers"),
        (
            {"warmup": 2, "schedule": "one_cycle", "learning_rate": 0.1},
            "`warmup` must be None unless `schedule` is one of constant",
        ),
        ({"fresh": True}, "`fresh` must be left out for the article's"),
    ],
    ids=str,
)
def test_options_that_do_not_go_together_raise(given, message):
    with pytest.raises(InputError, match=message):
        RunConfig(**given)
