import json
import os
import random
import shutil
import signal
import time
from datetime import timedelta
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_cnn import Trainer
from keras_cnn._checks import InputError
from tests.training.guides import gan
from tests.training.interrupted import small_data, small_model, start
from tests.training.models import rows

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL"
)

KILLS = 10


def finish(tmp_path, **options):
    """Runs to the end and returns the final variables and the history."""
    process = start(**options)
    process.join()
    assert process.exitcode == 0
    return dict(np.load(options["out"]))


def assert_same_bits(ours, theirs):
    assert ours.keys() == theirs.keys()
    assert any(name.startswith("history_") for name in ours)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


@pytest.fixture(
    scope="module", params=[False, True, "indexed"], ids=["arrays", "stream", "indexed"]
)
def streamed(request):
    return request.param


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, streamed):
    folder = tmp_path_factory.mktemp("whole")
    options = {"folder": folder / "kept", "out": str(folder / "end.npz")}
    return finish(folder, streamed=streamed, seconds=0, **options)


@pytest.mark.large
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(
    tmp_path, uninterrupted, streamed
):
    moments = random.Random(0)
    options = {"folder": tmp_path / "kept", "out": str(tmp_path / "end.npz")}
    begun = Path(options["out"] + ".begun")
    killed = 0
    for _ in range(KILLS):
        begun.unlink(missing_ok=True)
        process = start(streamed=streamed, **options)
        while not begun.exists() and process.is_alive():
            time.sleep(0.005)
        # A whole run takes 0.7 s or more, so none of the attempts comes to its end.
        time.sleep(moments.uniform(0, 0.25))
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.join()
    assert killed == KILLS
    assert_same_bits(finish(tmp_path, streamed=streamed, **options), uninterrupted)


def test_a_run_killed_in_the_middle_of_a_save_ends_with_the_same_bits(
    tmp_path, uninterrupted, streamed
):
    options = {"folder": tmp_path / "kept", "out": str(tmp_path / "end.npz")}
    for save in (1, 4):
        process = start(die_in_save=save, seconds=0, streamed=streamed, **options)
        process.join()
        assert process.exitcode == -signal.SIGKILL
    assert list((tmp_path / "kept").glob(".writing-*"))  # what the death left
    end = finish(tmp_path, seconds=0, streamed=streamed, **options)
    assert_same_bits(end, uninterrupted)
    assert not list((tmp_path / "kept").glob(".writing-*"))


@pytest.fixture
def kept(tmp_path):
    """A folder with checkpoints, and the model that left them."""
    model = small_model()
    x, y = small_data()
    trainer = Trainer(model, checkpoint_dir=tmp_path / "kept", checkpoint_every=4)
    trainer.fit(x, y, verbose=0)
    return tmp_path / "kept"


def test_the_newest_checkpoints_are_kept(kept):
    names = [path.name for path in sorted(kept.iterdir())]
    # 500 samples in batches of 32: 16 steps, a checkpoint every 4
    assert names == [f"checkpoint-000000-{step:09d}.npz" for step in (8, 12, 16)]


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "other"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_taken(kept, damage):
    newest = sorted(kept.iterdir())[-1]
    content = newest.read_bytes()
    middle = len(content) // 2
    newest.write_bytes(
        {
            "cut": content[:middle],
            "flipped": content[:middle]
            + bytes([content[middle] ^ 255])
            + content[middle + 1 :],
            "emptied": b"",
            "other": b"no archive at all",
        }[damage]
    )
    model = small_model()
    trainer = Trainer(model, checkpoint_dir=kept, resume=True)
    x, y = small_data()
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged"):
        trainer.fit(x, y, epochs=1, verbose=0)
    assert model.optimizer.iterations == 16  # 12 of the one before, and 4 more


def test_only_damaged_checkpoints_raise(kept):
    for path in kept.iterdir():
        path.write_bytes(b"")
    trainer = Trainer(small_model(), checkpoint_dir=kept, resume=True)
    x, y = small_data()
    with (
        pytest.warns(UserWarning, match="is damaged"),
        pytest.raises(InputError, match="every one is damaged"),
    ):
        trainer.fit(x, y, verbose=0)


def test_a_checkpoint_of_another_model_raises(kept):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = model.get_weights()
    x, y = small_data()
    with pytest.raises(InputError, match="with the model, optimizer and metrics"):
        Trainer(model, checkpoint_dir=kept, resume=True).fit(x, y, verbose=0)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_a_run_beside_anothers_checkpoints_raises(kept):
    x, y = small_data()
    with pytest.raises(InputError, match="without checkpoints when a run begins"):
        Trainer(small_model(), checkpoint_dir=kept).fit(x, y, verbose=0)


def test_resume_without_checkpoints_begins_anew(tmp_path):
    model = small_model()
    x, y = small_data()
    Trainer(model, checkpoint_dir=tmp_path / "none", resume=True).fit(x, y, verbose=0)
    assert model.optimizer.iterations == 16
    names = [path.name for path in (tmp_path / "none").iterdir()]
    assert names == ["checkpoint-000001-000000000.npz"]  # at the end of the epoch


def test_resuming_a_finished_run_changes_nothing(tmp_path):
    x, y = small_data()
    first = small_model()
    whole = Trainer(first, checkpoint_dir=tmp_path).fit(x, y, epochs=2, verbose=0)
    again = small_model(seed=1)
    history = Trainer(again, checkpoint_dir=tmp_path, resume=True).fit(
        x, y, epochs=2, verbose=0
    )
    assert history.history == whole.history
    assert history.epoch == [0, 1]
    assert again.optimizer.iterations == first.optimizer.iterations


def test_checkpoints_by_time_are_written(tmp_path):
    x, y = small_data()
    every = timedelta(microseconds=1)  # after each call of the loop
    Trainer(small_model(), checkpoint_dir=tmp_path, checkpoint_every=every).fit(
        x, y, verbose=0
    )
    assert list(tmp_path.glob("checkpoint-000000-*.npz"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checkpoint_every": 0}, "whole number >= 1. Received: checkpoint_every=0"),
        ({"checkpoint_every": 2.5}, "checkpoint_every=2.5"),
        ({"checkpoint_every": timedelta(0)}, "must be above 0"),
        ({"checkpoints_kept": 0}, "checkpoints_kept=0"),
        ({"checkpoint_dir": None, "resume": True}, "`checkpoint_dir` must be given"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_bad_arguments_raise_before_anything_is_written(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        Trainer(small_model(), **{"checkpoint_dir": tmp_path / "kept", **options})
    assert not (tmp_path / "kept").exists()


def test_a_checkpoint_dir_that_is_a_file_raises(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="must name a folder"):
        Trainer(small_model(), checkpoint_dir=tmp_path / "file")


def assert_nothing_changed(model, before):
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


OTHER_RUNS = {
    "half_the_data": (lambda x, y: {"x": x[:250], "y": y[:250]}, "the data differs"),
    "other_data": (lambda x, y: {"x": x * 2, "y": y}, "the data differs"),
    "another_batch_size": (
        lambda x, y: {"x": x, "y": y, "batch_size": 50},
        "`batch_size` differs",
    ),
    "other_steps": (
        lambda x, y: {"x": x, "y": y, "steps_per_epoch": 4, "batch_size": 32},
        "`steps_per_epoch` differs",
    ),
    "no_shuffling": (
        lambda x, y: {"x": x, "y": y, "shuffle": False},
        "`shuffle` differs",
    ),
}


@pytest.mark.parametrize("name", OTHER_RUNS)
def test_a_run_with_other_data_or_batches_is_not_resumed(kept, name):
    change, words = OTHER_RUNS[name]
    model = small_model(seed=1)
    before = model.get_weights()
    with pytest.raises(InputError, match=words):
        Trainer(model, checkpoint_dir=kept, resume=True).fit(
            **change(*small_data()), epochs=2, verbose=0
        )
    assert_nothing_changed(model, before)


def rewritten(path, change):
    """Writes a checkpoint again, whole as an archive, but changed inside."""
    with np.load(path) as archive:
        arrays = dict(archive)
    note = json.loads(arrays["note"].tobytes())
    change(arrays, note)
    if "note" in arrays:
        arrays["note"] = np.frombuffer(json.dumps(note).encode(), np.uint8)
    np.savez(path, **arrays)


INSIDE = {
    "no_note": lambda arrays, note: arrays.pop("note"),
    "a_short_array": lambda arrays, note: arrays.update({"000000": np.zeros(3, "u1")}),
    "a_missing_array": lambda arrays, note: arrays.pop("000003"),
    "a_missing_field": lambda arrays, note: note["progress"].pop("step"),
    "no_settings": lambda arrays, note: note["progress"].pop("settings"),
    "an_unknown_field": lambda arrays, note: note["progress"].update(further=1),
    "a_field_of_another_kind": lambda arrays, note: note["progress"].update(step="two"),
    "random_states_cut_off": lambda arrays, note: note["random"]["python"].pop(),
}


@pytest.mark.parametrize("name", [*INSIDE, "an_array_in_its_place"])
def test_damage_within_a_checkpoint_passes_over_to_the_one_before(kept, name):
    newest = sorted(kept.iterdir())[-1]
    if name == "an_array_in_its_place":
        with newest.open("wb") as file:
            np.save(file, np.zeros(3))
    else:
        rewritten(newest, INSIDE[name])
    model = small_model()
    trainer = Trainer(model, checkpoint_dir=kept, resume=True)
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged"):
        trainer.fit(*small_data(), epochs=1, verbose=0)
    assert model.optimizer.iterations == 16  # 12 of the one before, and 4 more


def test_a_checkpoint_of_the_first_format_goes_on_and_says_what_it_cannot_tell(kept):
    """That format named neither itself nor the data that the run was begun with."""

    def as_first_format(_arrays, note):
        del note["format"], note["progress"]["settings"]

    first = shutil.copytree(kept, kept.with_name("first"))
    for path in first.iterdir():
        rewritten(path, as_first_format)

    def resumed(folder):
        model = small_model()
        Trainer(model, checkpoint_dir=folder, resume=True).fit(
            *small_data(), epochs=2, verbose=0
        )
        return model.get_weights()

    expected = resumed(kept)
    with pytest.warns(UserWarning, match=r"000016.npz is of an earlier version.*data"):
        found = resumed(first)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_full_disk_is_said_and_does_not_end_the_training(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    model = small_model()
    trainer = Trainer(model, checkpoint_dir=tmp_path / "kept")
    with pytest.warns(UserWarning, match=r"could not be written.*No space left"):
        trainer.fit(*small_data(), epochs=2, verbose=0)
    assert model.optimizer.iterations == 32
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_class_with_its_own_optimizers_is_resumed_with_them(tmp_path):
    x, _ = rows(20)

    def fit(model, epochs, folder):
        trainer = Trainer(model, checkpoint_dir=folder, resume=True)
        trainer.fit(x, epochs=epochs, batch_size=8, verbose=0, shuffle=False)
        return [np.asarray(weight) for weight in model.get_weights()]

    keras.utils.set_random_seed(0)
    whole = fit(gan(), 2, tmp_path / "whole")
    keras.utils.set_random_seed(0)
    fit(gan(), 1, tmp_path / "halves")
    halves = fit(gan(), 2, tmp_path / "halves")
    for one, other in zip(halves, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
