"""Random changes of the training images: what they do, and where they stop."""

import keras
import numpy as np
import pytest

from keras_cnn import Trainer
from keras_cnn._checks import InputError
from keras_cnn._preparation import Preparation
from keras_cnn.runs import Observer, RunConfig, run
from keras_cnn.runs.augmentation import Augmentation, make_augmentation
from keras_cnn.runs.choices import AUGMENTATIONS
from keras_cnn.runs.program import training_program

SMALL = {"dataset": "digits", "limit": 96, "epochs": 2, "seed": 3}
PLAIN = Preparation.of_shape((12, 12, 1))
CHANGES = [name for name, changes in AUGMENTATIONS.items() if changes == (name,)]


@pytest.fixture
def batch(rng):
    images = rng.random((16, 12, 12, 1)).astype("float32")
    return images, np.eye(4, dtype="float32")[rng.integers(0, 4, 16)]


class Notes(Observer):
    def __init__(self, stop_after=None):
        self.notes = []
        self.stop_after = stop_after

    def on_note(self, words):
        self.notes.append(words)

    def on_model(self, model, dataset):
        def stop(batch, logs):
            if batch + 1 == self.stop_after:
                raise KeyboardInterrupt

        if self.stop_after is None:
            return []
        return [keras.callbacks.LambdaCallback(on_train_batch_end=stop)]


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_changes_images_in_their_range_and_draws_anew(name, batch):
    images, targets = batch
    augment = make_augmentation(name, PLAIN, seed=1)
    first, labels = map(np.asarray, augment(images, targets))
    second, _ = map(np.asarray, augment(images, targets))
    again, _ = map(np.asarray, make_augmentation(name, PLAIN, seed=1)(images, targets))
    assert first.shape == images.shape
    assert first.dtype == np.float32
    assert not np.array_equal(first, images)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, again)
    slack = 0.5 if name == "noise" else 1e-5
    assert first.min() > -slack
    assert first.max() < 1 + slack
    mixing = name in ("mixup", "cutmix")
    assert np.array_equal(labels, targets) != mixing
    np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-5)
    assert augment.variables


@pytest.mark.parametrize("name", ["contrast", "noise", "erasing"])
def test_pixels_of_0_to_255_are_changed_as_those_of_0_to_1(name, batch):
    images, targets = batch
    small, _ = make_augmentation(name, PLAIN, seed=1)(images, targets)
    large, _ = make_augmentation(name, PLAIN.with_pixels("0..255"), seed=1)(
        255 * images, targets
    )
    np.testing.assert_allclose(np.asarray(large) / 255, small, atol=2e-3)


def test_digits_are_never_flipped():
    assert "flip" not in AUGMENTATIONS["digits"]
    assert "flip" in AUGMENTATIONS["photos"]
    assert make_augmentation("none", PLAIN, seed=0) is None


class Inverting:
    """Gives the model what no validation image is."""

    variables = ()

    def __call__(self, x, y):
        return 1 - x, y


def test_the_trainer_learns_from_changed_batches_and_validates_on_others():
    x, y = np.ones((8, 1), "float32"), np.zeros((8, 1), "float32")
    layers = [keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    trainer = Trainer(model, augment=Inverting())
    history = trainer.fit(x, y, validation_data=(x, y), verbose=0).history
    assert (history["loss"], history["val_loss"]) == ([0.0], [1.0])
    assert trainer.evaluate(x, y, verbose=0) == 1.0


@pytest.mark.usefixtures("determinism")
@pytest.mark.parametrize("augment", ["digits", "photos,noise,erasing", "mixup,cutmix"])
def test_a_resumed_run_draws_what_it_would_have_drawn(augment, tmp_path):
    given = {**SMALL, "checkpoint_every": "1", "deterministic": True, "limit": 80}
    config = RunConfig(augment=augment, **given)  # the last batch is of 16
    whole = run(config, tmp_path)
    begun = run(config, tmp_path, observer=Notes(stop_after=2))
    assert begun.result.interrupted
    done = run(RunConfig(), resume=begun.folder)
    for ours, theirs in zip(
        done.model.get_weights(), whole.model.get_weights(), strict=True
    ):
        assert np.array_equal(ours, theirs)
    plain = run(RunConfig(**given), tmp_path)
    assert plain.result.history["loss"] != whole.result.history["loss"]


def test_the_saved_model_knows_nothing_of_it(tmp_path):
    done = run(RunConfig(augment="photos,mixup", **SMALL), tmp_path)
    assert [type(layer).__name__ for layer in done.model.layers] == [
        *("Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Conv2D"),
        *("Flatten", "Dense", "Dense"),
    ]
    assert type(done.model.loss) is keras.losses.CategoricalCrossentropy


@pytest.mark.parametrize(("augment", "warned"), [("photos", 1), ("digits", 0)])
def test_flips_of_digits_are_warned_of(augment, warned, tmp_path):
    notes = Notes()
    config = RunConfig(**{**SMALL, "epochs": 1, "augment": augment})
    run(config, tmp_path, observer=notes)
    assert sum("flips signs" in note for note in notes.notes) == warned


def test_an_augmentation_of_ones_own_reaches_the_training(tmp_path):
    calls = []

    class Own(Augmentation):
        def __call__(self, images, targets):
            calls.append(tuple(images.shape)[1:])
            return super().__call__(images, targets)

    augment = Own([keras.layers.RandomFlip(seed=1)])
    run(RunConfig(**{**SMALL, "epochs": 1}), tmp_path, augment=augment)
    assert set(calls) == {(28, 28, 1)}


def test_keras_own_fit_and_strategies_do_not_augment(tmp_path):
    with pytest.raises(InputError, match="`augment` must be left out with Keras's own"):
        RunConfig(engine="fit", augment="digits")
    with pytest.raises(InputError, match="`augment` must be none unless `strategy`"):
        RunConfig(strategy="mirrored", augment="digits")
    config = RunConfig(engine="fit", **SMALL)
    with pytest.raises(InputError, match="`augment` must be left out"):
        run(config, tmp_path, augment=Inverting())


def test_an_augmented_run_is_looked_at_as_keras_takes_it(tmp_path):
    config = RunConfig(**{**SMALL, "epochs": 1, "augment": "digits,mixup"})
    done = run(config, tmp_path)
    program = training_program(done.folder)
    images, labels = done.dataset.train.images, done.dataset.train.labels
    np.testing.assert_allclose(program.x, images / 255, rtol=1e-6)
    assert np.array_equal(program.y, np.eye(10)[labels])  # what mixes takes rows
    loss = program.model.evaluate(program.x, program.y, verbose=0)[0]
    expected = done.model.evaluate(program.x, program.y, verbose=0)[0]
    assert loss == pytest.approx(expected)
