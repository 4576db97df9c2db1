import csv
import json
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn._images import scale
from keras_cnn.data import ArraySplit, ImageDataset, Provenance, StreamedSplit
from keras_cnn.runs import RunConfig, build_model, evaluate_split, train
from keras_cnn.runs.choices import ONE_HOT_LOSSES
from keras_cnn.runs.fit_arguments import feed
from keras_cnn.runs.folder import new_run_folder
from keras_cnn.runs.record import (
    save_model,
    write_config,
    write_result,
)
from keras_cnn.runs.task import task_of
from tests.models.test_article import published_model


def streamed(split):
    import tensorflow as tf

    return StreamedSplit(
        lambda shuffle, seed: tf.data.Dataset.from_tensor_slices(
            (split.images, split.labels)
        ),
        len(split),
        split.image_shape,
    )


def run(config, dataset):
    model = build_model(config, dataset)
    return model, train(model, config, dataset)


def test_train_with_keras_fit_does_what_the_articles_lines_do(few):
    config = RunConfig(epochs=2, seed=3, engine="fit")
    model, result = run(config, few)

    keras.utils.set_random_seed(3)
    article = published_model()
    article.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = article.fit(
        scale(few.train.images), few.train.labels, epochs=2, verbose=0
    ).history
    # same weights, same order, same steps: only the threads' rounding may differ
    np.testing.assert_allclose(result.history["loss"], history["loss"], rtol=1e-3)
    for ours, theirs in zip(model.get_weights(), article.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=5e-3)


@pytest.mark.parametrize("loss", ONE_HOT_LOSSES)
def test_every_one_hot_loss_learns(loss, few):
    _, result = run(RunConfig(loss=loss, epochs=3, batch_size=16), few)
    assert result.history["loss"][-1] < result.history["loss"][0]
    assert result.history["accuracy"][-1] > 0.3


def test_feed_gives_one_hot_rows_in_memory_and_from_a_stream(few):
    config = RunConfig(loss="huber", batch_size=256)
    part, task = few.test, task_of(config, few, build_model(config, few))
    in_memory = feed(config, part, 10, task)
    stream = feed(config, streamed(part), 10, task)["x"]
    images, rows = next(stream.as_numpy_iterator())
    np.testing.assert_array_equal(images, in_memory["x"])
    np.testing.assert_array_equal(rows, in_memory["y"])
    assert (rows.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(rows.argmax(axis=1), part.labels)


def test_a_streamed_set_trains_validates_and_scores(few):
    streams = replace(
        few,
        train=streamed(few.train),
        validation=streamed(few.test),
        test=streamed(few.test),
    )
    _, result = run(RunConfig(epochs=3), streams)
    assert result.history["val_accuracy"][-1] == pytest.approx(result.scores.accuracy)
    np.testing.assert_array_equal(result.scores.labels, few.test.labels)
    assert result.scores.accuracy > 0.3


def test_scores_agree_with_evaluate(few):
    model, result = run(RunConfig(epochs=1), few)
    _, accuracy = model.evaluate(scale(few.test.images), few.test.labels, verbose=0)
    assert result.scores.accuracy == pytest.approx(accuracy, abs=1e-6)


def test_mistakes_come_with_the_most_confident_first():
    split = ArraySplit(np.zeros((4, 2, 2, 1), np.uint8), np.array([0, 0, 1, 1]))
    # right; wrong at 0.6; wrong at 0.9; right
    rows = np.array([[0.7, 0.3], [0.4, 0.6], [0.9, 0.1], [0.2, 0.8]])
    scores = evaluate_split(lambda images: rows, split)
    assert scores.accuracy == 0.5
    assert scores.mistakes().tolist() == [2, 1]


def test_images_too_small_for_the_network_raise():
    small = ArraySplit(np.zeros((4, 12, 12, 1), np.uint8), np.array([0, 1, 0, 1]))
    dataset = ImageDataset("small", ("a", "b"), small, small, Provenance("here"))
    with pytest.raises(InputError, match="at least 18x18"):
        build_model(RunConfig(), dataset)


class InterruptAfter(keras.callbacks.Callback):
    """Raises what Ctrl-C raises, after some steps."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 == self.steps:
            raise KeyboardInterrupt


def test_interrupted_training_keeps_what_was_learned(few):
    config = RunConfig(epochs=2)
    model = build_model(config, few)
    before = model.get_weights()
    result = train(model, config, few, callbacks=[InterruptAfter(3)])
    assert result.interrupted
    assert result.scores is None
    assert model.optimizer.iterations == 3
    assert not np.array_equal(model.get_weights()[0], before[0])


def test_seed_fixes_initial_weights_and_order(few):
    first, again, other = (
        build_model(RunConfig(seed=seed), few).get_weights()[0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_seed_fixes_the_order_of_the_images(few):
    def first_losses(seed):
        model = build_model(RunConfig(seed=seed, epochs=1), few)
        same_start = build_model(RunConfig(seed=9), few).get_weights()
        keras.utils.set_random_seed(seed)
        model.set_weights(same_start)
        return train(model, RunConfig(seed=seed, epochs=1), few).history["loss"]

    np.testing.assert_allclose(first_losses(1), first_losses(1), rtol=1e-4)
    assert abs(first_losses(1)[0] - first_losses(2)[0]) > 1e-3


def test_mixed_float16_scales_its_loss(few):
    config = RunConfig(precision="mixed_float16", learning_rate=0.02, epochs=1)
    model = build_model(config, few)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
    assert np.isfinite(train(model, config, few).history["loss"]).all()


def test_deterministic_runs_end_with_the_same_bits(tmp_path):
    code = (
        "import sys; from keras_cnn.data import load\n"
        "from keras_cnn.runs import RunConfig, build_model, train\n"
        "digits = load('digits').limited(512)\n"
        "config = RunConfig(epochs=2, deterministic=True)\n"
        "model = build_model(config, digits); train(model, config, digits)\n"
        "import numpy as np; np.savez(sys.argv[1], *model.get_weights())\n"
    )
    runs = []
    for name in ("a.npz", "b.npz"):
        subprocess.run([sys.executable, "-c", code, tmp_path / name], check=True)
        runs.append(np.load(tmp_path / name))
    assert len(runs[0].files) == 10
    for weight in runs[0].files:
        np.testing.assert_array_equal(runs[0][weight], runs[1][weight])


def test_run_folders_never_collide(tmp_path):
    folders = {new_run_folder(tmp_path, "a") for _ in range(5)}
    assert len(folders) == 5
    assert all(folder.is_dir() for folder in folders)


def test_record_holds_what_repeats_the_run(few, tmp_path):
    config = RunConfig(epochs=2, limit=256)  # auto, which was digits here
    model = build_model(config, few)
    write_config(tmp_path, config, few, model)
    logger = keras.callbacks.CSVLogger(str(tmp_path / "history.csv"))
    result = train(model, config, few, callbacks=[logger])
    write_result(tmp_path, result, few)
    save_model(model, tmp_path / "model.keras")

    noted = json.loads((tmp_path / "config.json").read_text())
    assert RunConfig.from_dict(noted["config"]) == replace(config, dataset="digits")
    assert noted["command"] == (
        "keras-cnn train --dataset digits --limit 256 --epochs 2"
    )
    assert noted["data"]["checksum"] == few.provenance.checksum
    assert noted["data"]["images"] == {"train": 256, "test": 256}
    assert noted["versions"]["keras"] == keras.__version__
    outcome = json.loads((tmp_path / "result.json").read_text())
    assert outcome["test_accuracy"] == result.scores.accuracy
    rows = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    assert [float(row["loss"]) for row in rows] == pytest.approx(result.history["loss"])
    for picture in ("curves.png", "confusion_matrix.png", "mistakes.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.gpu
def test_training_on_a_gpu_learns(few):
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        pytest.skip("TensorFlow sees no GPU")
    with tf.device("/GPU:0"):
        _, result = run(RunConfig(epochs=3), few)
    assert result.scores.accuracy > 0.3


@pytest.mark.large
def test_mnist_after_five_epochs_reaches_the_stated_accuracy(mnist):
    _, result = run(RunConfig(), mnist)
    assert result.scores.accuracy >= 0.985


@pytest.mark.large
def test_digits_after_five_epochs_reach_the_stated_accuracy(digits):
    _, result = run(RunConfig(), digits)
    assert result.scores.accuracy >= 0.93
