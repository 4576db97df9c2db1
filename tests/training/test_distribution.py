import csv
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_cnn import Trainer
from keras_cnn._checks import InputError
from tests.training.replicated import data, model

ROOT = Path(__file__).parents[2]

# float64, summed in another order: a few hundred roundings of 1e-16.
SAME = 1e-12


def run(words, **environment):
    command = [sys.executable, "-m", "tests.training.replicated", *map(str, words)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process, timeout=600):
    _, err = process.communicate(timeout=timeout)
    return process.returncode, err


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    out = tmp_path_factory.mktemp("mirrored") / "out.json"
    code, err = finish(run(["mirrored", out]))
    assert code == 0, err
    return json.loads(out.read_text())


@pytest.mark.parametrize(
    "case",
    [
        "plain",
        "sample weights",
        "weight and activity regularisers",
        "a sum as reduction",
        "a loss over the batch",
        "clipping",
        "loss scaling",
        "a stream",
    ],
)
def test_two_replicas_give_the_numbers_of_one(mirrored, case):
    found = mirrored[case]
    assert {"weights", "loss", "accuracy", "nats", "val_loss"} <= set(found)
    for name, distance in found.items():
        assert distance <= SAME, name


def test_two_replicas_evaluate_and_predict_as_one(mirrored):
    found = mirrored["evaluate and predict"]
    assert found["evaluate"] <= SAME
    assert found["predict"] <= SAME


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def run_workers(what, folder):
    """Runs two workers on loopback; returns their exit codes, and what each wrote."""
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": workers}, "task": task})
        words = ["worker", folder / f"{what}-{index}.json", what, folder]
        processes.append(run(words, TF_CONFIG=config))
    ended = [finish(process) for process in processes]
    outs = [folder / f"{what}-{index}.json" for index in range(2)]
    found = [json.loads(out.read_text()) if out.exists() else None for out in outs]
    return [code for code, _ in ended], found, [err for _, err in ended]


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """A folder in which two workers trained, and what each of them saw."""
    folder = tmp_path_factory.mktemp("workers")
    codes, found, errors = run_workers("train", folder)
    assert codes == [0, 0], errors
    return folder, found


@pytest.mark.large
def test_two_workers_give_the_numbers_of_one_process(workers, tmp_path):
    _, found = workers
    assert [one["chief"] for one in found] == [True, False]
    out = tmp_path / "alone.json"
    code, err = finish(run(["alone", out, tmp_path]))
    assert code == 0, err
    alone = json.loads(out.read_text())
    for one in found:
        for ours, theirs in zip(one["weights"], alone["weights"], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=SAME)
        for name, values in alone["history"].items():
            np.testing.assert_allclose(one["history"][name], values, atol=SAME)
        np.testing.assert_allclose(one["evaluate"], alone["evaluate"], atol=SAME)


@pytest.mark.large
def test_only_the_chief_writes(workers):
    folder, _ = workers
    assert not (folder / "log-False.csv").exists()
    rows = list(csv.DictReader((folder / "log-True.csv").read_text().splitlines()))
    assert len(rows) == 3
    assert len(list((folder / "kept").iterdir())) == 3


@pytest.mark.large
def test_a_lost_worker_is_named_and_the_run_resumes(tmp_path):
    codes, found, errors = run_workers("lose", tmp_path)
    assert codes == [0, 9], errors
    assert found[0]["lost"].startswith("All workers must stay up: one is gone")
    codes, resumed, errors = run_workers("lose", tmp_path)
    assert codes == [0, 0], errors
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "died").touch()  # from start to end, nobody dies
    codes, whole, errors = run_workers("lose", tmp_path / "again")
    assert codes == [0, 0], errors
    for ours, theirs in zip(resumed[0]["weights"], whole[0]["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=SAME)


@pytest.mark.large
def test_keras_fit_still_fails_with_several_workers(tmp_path):
    """Keras 3.15.1: once it no longer fails, the docs must no longer say so."""
    codes, found, errors = run_workers("fit", tmp_path)
    assert codes == [0, 0], errors
    assert all("PerReplica" in one["error"] for one in found), keras.__version__


class WithOwnStep(keras.Sequential):
    def train_step(self, data):
        return super().train_step(data)


def test_what_a_strategy_cannot_share_raises(monkeypatch):
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    for module in ("distribution", "compiled_loops"):  # as if it had several replicas
        monkeypatch.setattr(f"keras_cnn.training.{module}.shares", lambda _: True)
    with pytest.raises(InputError, match="whose model was made outside"):
        Trainer(model(), strategy=strategy)
    accumulating = keras.optimizers.SGD(gradient_accumulation_steps=2)
    with strategy.scope():
        beside = model(optimizer=accumulating)
    with pytest.raises(InputError, match="whose optimizer was made outside"):
        Trainer(beside, strategy=strategy)
    x, y, _ = data()
    with strategy.scope():
        mirrored = model()
        own = WithOwnStep([keras.Input((8, 8, 1)), keras.layers.Flatten()])
        own.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(InputError, match="replicas cannot undo a forward pass"):
        Trainer(mirrored, strategy=strategy, on_nonfinite="skip").fit(x, y, verbose=0)
    with strategy.scope():
        accumulating = keras.optimizers.SGD(gradient_accumulation_steps=2)
        unshared = model(optimizer=accumulating)
    with pytest.raises(InputError, match="`gradient_accumulation_steps` must be None"):
        Trainer(unshared, strategy=strategy).fit(x, y, verbose=0)
    with pytest.raises(InputError, match="must have Keras's own train_step"):
        Trainer(own, strategy=strategy).fit(x, y, verbose=0)


def compiled_outside(strategy):
    with strategy.scope():
        made = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
        made.add(keras.layers.Dense(10, activation="softmax"))
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def with_own_step(strategy):
    with strategy.scope():
        made = WithOwnStep([keras.Input((8, 8, 1)), keras.layers.Flatten()])
        made.add(keras.layers.Dense(10, activation="softmax"))
        made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def with_keras_step(strategy):
    with strategy.scope():
        return model()


def run_eagerly(strategy):
    made = with_keras_step(strategy)
    made.run_eagerly = True
    return made


@pytest.mark.parametrize(
    "build", [with_keras_step, with_own_step, compiled_outside, run_eagerly]
)
def test_a_model_of_a_scope_trains_in_its_own_strategy_as_in_fit(build):
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    x, y, _ = data()
    arguments = {
        "x": x,
        "y": y,
        "epochs": 2,
        "batch_size": 20,
        "validation_data": (x[:30], y[:30]),
        "shuffle": False,
        "verbose": 0,
    }
    keras.utils.set_random_seed(1)
    theirs = build(strategy)
    theirs.fit(**arguments)
    keras.utils.set_random_seed(1)
    ours = build(strategy)
    trainer = Trainer(ours)
    trainer.fit(**arguments)
    assert list(ours.history.history) == list(theirs.history.history)
    for name, values in theirs.history.history.items():
        np.testing.assert_allclose(
            ours.history.history[name], values, rtol=1e-4, err_msg=name
        )
    np.testing.assert_allclose(
        trainer.predict(x[:30], verbose=0), theirs.predict(x[:30], verbose=0), atol=1e-5
    )
