"""A run on a folder whose images stay in their files, beside one in memory."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn._images import scale
from keras_cnn.data import FileSplit
from keras_cnn.export.dataset_images import calibration_images, parity_images
from keras_cnn.runs import Observer, RunConfig, run
from keras_cnn.runs.program import training_program


@pytest.fixture(scope="module")
def folder(tmp_path_factory, digits):
    """120 digits as files, twelve of each class."""
    root = tmp_path_factory.mktemp("sets") / "digits"
    for label in range(10):
        (root / str(label)).mkdir(parents=True)
        for place in np.flatnonzero(digits.train.labels == label)[:12]:
            image = Image.fromarray(digits.train.images[place, :, :, 0])
            image.save(root / str(label) / f"{place}.png")
    return root


@pytest.fixture(scope="module")
def config(folder):
    return RunConfig(
        dataset=str(folder), epochs=2, batch_size=16, validation_split=0.25, seed=3
    )


class Watching(Observer):
    """Notes what it hears; interrupts the training in a step, counted from 0."""

    def __init__(self, interrupt_in=None):
        self.read, self.interrupt_in = [], interrupt_in

    def on_reading(self, done, total):
        self.read.append((done, total))

    def on_data(self, dataset):
        self.dataset = dataset

    def on_model(self, model, dataset):
        stop_in, step = self.interrupt_in, [0]

        class Interrupt(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if step[0] == stop_in:
                    raise KeyboardInterrupt
                step[0] += 1

        return [Interrupt()]


@pytest.fixture(scope="module")
def streamed(config, tmp_path_factory):
    watching = Watching()
    runs = tmp_path_factory.mktemp("runs")
    return run(dataclasses.replace(config, stream="yes"), runs, observer=watching)


def test_a_streamed_run_trains_as_one_in_memory(config, streamed, tmp_path):
    whole = run(config, tmp_path)
    assert isinstance(streamed.dataset.train, FileSplit)
    for name, values in whole.result.history.items():
        np.testing.assert_allclose(
            streamed.result.history[name], values, rtol=1e-3, err_msg=name
        )
    ours, theirs = streamed.result.scores, whole.result.scores
    np.testing.assert_array_equal(ours.labels, theirs.labels)
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-3)
    made = {path.name for path in streamed.folder.iterdir()}
    assert made == {path.name for path in whole.folder.iterdir()}
    records = [
        json.loads((done.folder / "config.json").read_text())["data"]
        for done in (streamed, whole)
    ]
    assert records[0]["checksum"] == records[1]["checksum"]
    assert "read from their files" in records[0]["note"]


def test_the_program_of_a_streamed_run_is_a_stream_as_keras_takes_it(streamed):
    program = training_program(streamed.folder)
    images, labels = next(iter(program.x))
    assert images.shape == (16, 28, 28, 1)
    np.testing.assert_array_equal(labels, streamed.dataset.train.labels[:16])
    held_out, _ = next(iter(program.validation_data))
    np.testing.assert_array_equal(
        held_out, scale(streamed.dataset.validation.images_at(range(16)))
    )


@pytest.mark.parametrize("step", [2, 7], ids=["first epoch", "second epoch"])
def test_a_streamed_run_is_resumed_in_the_middle_of_an_epoch(
    config, streamed, tmp_path, step
):
    asked = dataclasses.replace(config, stream="yes", checkpoint_every="1")
    begun = run(asked, tmp_path, observer=Watching(interrupt_in=step))
    assert begun.result.interrupted
    watching = Watching()
    done = run(RunConfig(), resume=begun.folder, observer=watching)
    assert done.config == asked
    assert watching.read[-1] == (120, 120)
    assert done.model.optimizer.iterations == 2 * 5  # 72 images by 16
    np.testing.assert_allclose(
        done.result.history["loss"][-1], streamed.result.history["loss"][-1], rtol=1e-3
    )
    ours, theirs = done.result.scores, streamed.result.scores
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-3)


def test_keras_fit_trains_on_a_streamed_folder(config, tmp_path):
    asked = dataclasses.replace(config, stream="yes", engine="fit", loss="huber")
    done = run(asked, tmp_path)
    assert done.model.optimizer.iterations == 2 * 5
    assert len(done.result.history["val_loss"]) == 2


def test_images_for_an_export_are_labelled(streamed):
    parity = parity_images(streamed.dataset)
    test = streamed.dataset.test
    assert parity.labels[: len(test)].tolist() == test.labels.tolist()
    assert len(parity.images) == 24 + 72
    assert len(calibration_images(streamed.dataset)) == 72


def test_a_file_that_vanishes_in_training_ends_it_with_a_sentence(
    config, folder, tmp_path, monkeypatch
):
    gone = sorted((folder / "3").iterdir())[0]

    class Deleting(Observer):
        def on_data(self, dataset):
            self.content = gone.read_bytes()
            gone.unlink()

    deleting = Deleting()
    asked = dataclasses.replace(config, stream="yes", validation_split=0.0)
    try:
        with pytest.raises(InputError, match=r"must exist\. Received: .*\.png"):
            run(asked, tmp_path, observer=deleting)
    finally:
        gone.write_bytes(deleting.content)
