"""What was trained is kept and said, whatever fails or closes around it."""

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keras_cnn._optional import MissingExtraError
from keras_cnn.cli.lasting_output import LastingStream, lasting_output

QUICK = ("--dataset", "digits", "--limit", "64", "--epochs", "1")


def test_an_export_that_fails_costs_no_result(keras_cnn, here, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "saved_models/x")

    monkeypatch.setattr("keras_cnn.cli.training_run.run_export", full)
    words = ("--format", "saved_model,keras", "--no-verify")
    code, out, err = keras_cnn("train", *QUICK, *words)
    (folder,) = (here / "runs").iterdir()
    assert code == 1
    assert out.splitlines()[-1].startswith("Test accuracy: 0.")
    assert f"Run:        runs/{folder.name}" in out
    assert (
        f"keras-cnn export runs/{folder.name} --format saved_model,keras "
        "--out saved_models --no-verify"
    ) in err
    assert "No space left" in err.splitlines()[-1]
    assert (folder / "model.keras").is_file()


def test_an_extra_that_is_missing_is_said_before_data_are_read(
    keras_cnn, here, monkeypatch
):
    def missing(self, *, verify):
        raise MissingExtraError("`onnx` must be installed. Received: none.")

    monkeypatch.setattr("keras_cnn.formats.onnx.Onnx.check_writable", missing)
    monkeypatch.setattr("keras_cnn.runs.images.load", pytest.fail)
    code, out, err = keras_cnn("train", *QUICK, "--format", "onnx")
    assert (code, out) == (2, "")
    assert err.startswith("Error: `onnx` must be installed")
    assert list(here.iterdir()) == []


def test_a_disk_without_room_is_said_before_the_training(keras_cnn, here, monkeypatch):
    class Usage:
        free = 1_000_000

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    code, _, err = keras_cnn("train", *QUICK)
    assert code == 2
    # Of 93,322 weights in 4 bytes each: 0.4 MB, ten times.
    assert "The disk of `runs` must have room for 4 MB" in err
    assert list(here.iterdir()) == []


def test_a_stream_outlasts_its_reader():
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        stream = LastingStream(pipe)
        os.close(reading)
        for _ in range(3):
            assert stream.write("row\n" * 10_000) > 0
            stream.flush()
    # Leaving the block has flushed what was left, to nowhere.


def test_other_streams_are_written_to_as_ever(monkeypatch):
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    before = signal.getsignal(signal.SIGHUP)
    with lasting_output():
        print("row")
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert sys.stdout is text
    assert signal.getsignal(signal.SIGHUP) == before
    assert text.getvalue() == "row\n"


def test_a_reader_that_leaves_and_a_terminal_that_closes_end_no_training(here):
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, "-m", "keras_cnn", "train", *QUICK, "--no-verify"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()  # as `head -1` does
    process.stdout.close()
    process.send_signal(signal.SIGHUP)
    with process.stderr:
        err = process.stderr.read()
    assert process.wait(timeout=300) == 0, err
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
    assert list(here.glob("saved_models/article_cnn/1/saved_model.pb"))
