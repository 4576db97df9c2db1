"""A whole run as a library call: what it makes, in which order, and what it prints."""

import json
from dataclasses import replace

import keras
import pytest

from keras_cnn import layers
from keras_cnn._checks import InputError
from keras_cnn.runs import Observer, RunConfig, run
from keras_cnn.saving import load_model
from keras_cnn.saving.metadata import read_metadata

SMALL = RunConfig(dataset="digits", limit=96, epochs=1, seed=3)


class Listening(Observer):
    """Notes what it hears, and interrupts the training if it is asked to."""

    def __init__(self, interrupts=False):
        self.heard = []
        self.interrupts = interrupts

    def on_data(self, dataset):
        self.heard.append(("data", dataset.name))

    def on_model(self, model, dataset):
        self.heard.append(("model", model.name))
        return [InterruptInSecondStep()] if self.interrupts else []

    def on_saved(self, path, result):
        assert path.is_file()
        self.heard.append(("saved", path.name))


class InterruptInSecondStep(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            raise KeyboardInterrupt


def test_a_run_returns_what_it_made_and_prints_nothing(tmp_path, capsys):
    observer = Listening()

    def export(done):
        observer.heard.append(("export", done.result.scores.accuracy))
        assert (done.folder / "result.json").is_file()
        return "exported"

    done = run(SMALL, tmp_path, export=export, observer=observer)
    assert done.export == "exported"
    assert done.folder.parent == tmp_path
    assert done.config == SMALL
    assert [what for what, _ in observer.heard] == ["data", "model", "saved", "export"]
    assert capsys.readouterr() == ("", "")
    saved = load_model(done.model_path)
    for ours, theirs in zip(saved.get_weights(), done.model.get_weights(), strict=True):
        assert (ours == theirs).all()


def test_what_is_known_of_the_model_is_in_the_runs_folder(tmp_path):
    config = RunConfig(**{**SMALL.to_dict(), "optimizer_arguments": {"beta_1": 0.8}})
    done = run(config, tmp_path)
    assert done.export is None
    known = read_metadata(done.folder)
    assert known.name == "article_cnn"
    assert known.class_names == tuple("0123456789")
    assert known.data["name"] == "digits"
    assert known.accuracy == done.result.scores.accuracy
    assert known.test_images == len(done.result.scores.labels) == 96
    assert known.training["epochs"] == 1
    assert known.training["optimizer_arguments"] == {"beta_1": 0.8}
    assert "loss_arguments" not in known.training


@pytest.mark.parametrize("engine", ["trainer", "fit"])
def test_a_run_that_learns_nothing_is_heard_of(tmp_path, engine):
    said = []

    class Hearing(Observer):
        def on_no_learning(self, sentence, folder):
            said.append((sentence, folder))

    rate = {"engine": engine, "learning_rate": 1e-9}
    config = replace(SMALL, limit=320, epochs=11, **rate)
    done = run(config, tmp_path, observer=Hearing())
    ((sentence, folder),) = said
    assert sentence.startswith("After 100 updates") and folder == done.folder
    said.clear()
    run(replace(config, learning_rate=0.003), tmp_path, observer=Hearing())
    assert not said


def test_an_interrupted_run_keeps_its_model_and_is_not_exported(tmp_path):
    observer = Listening(interrupts=True)
    done = run(SMALL, tmp_path, export=pytest.fail, observer=observer)
    assert done.result.interrupted
    assert done.model_path == done.folder / "interrupted.keras"
    assert observer.heard[-1] == ("saved", "interrupted.keras")
    assert {path.name for path in done.folder.iterdir()} == {
        *("config.json", "history.csv", "interrupted.keras")
    }


def test_an_interrupted_run_is_resumed_to_the_end(tmp_path):
    config = RunConfig(**{**SMALL.to_dict(), "epochs": 2, "checkpoint_every": "1"})
    begun = run(config, tmp_path, observer=Listening(interrupts=True))
    assert list((begun.folder / "checkpoints").glob("*.npz"))
    done = run(RunConfig(), resume=begun.folder)  # what it is asked to do is its own
    assert done.folder == begun.folder
    assert done.config == config
    assert done.model.optimizer.iterations == 6  # 96 images by 32, twice
    assert not (done.folder / "checkpoints").exists()
    with pytest.raises(InputError, match="must have left checkpoints"):
        run(RunConfig(), resume=begun.folder)


def test_a_run_of_the_version_before_is_resumed(tmp_path):
    config = RunConfig(
        **{
            **SMALL.to_dict(),
            **{"epochs": 2, "checkpoint_every": "1"},
            **{"image_size": 20, "layers_from": "keras_cnn"},
        }
    )
    begun = run(config, tmp_path, observer=Listening(interrupts=True))
    record = json.loads((begun.folder / "config.json").read_text())
    del record["config"]["layers_from"], record["config"]["image_size"]
    del record["config"]["loss_arguments"], record["config"]["optimizer_arguments"]
    record["config"] |= {"parts": "keras_cnn", "image_size": 20}
    (begun.folder / "config.json").write_text(json.dumps(record))
    done = run(RunConfig(), resume=begun.folder)
    assert done.config == config
    assert type(done.model.layers[0]) is layers.Conv2D
    assert done.model.optimizer.iterations == 6


@pytest.mark.parametrize(
    "config",
    [
        {"dataset": "mnits"},
        {"dataset": "digits", "image_size": 12},
        {"loss": "huber", "loss_arguments": {"delta": 0}},
    ],
    ids=str,
)
def test_a_run_that_cannot_be_leaves_nothing(config, tmp_path):
    with pytest.raises(InputError):
        run(RunConfig(**config), tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


def test_a_run_works_in_another_thread_than_the_main_one(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run, SMALL, tmp_path).result()
    assert done.model_path.is_file()
