"""Files without an end, and small ones that unpack to gigabytes: refused at once."""

import os
import sys
import zipfile

import numpy as np
import pytest

from keras_cnn import load_model
from keras_cnn._checks import InputError
from keras_cnn._decoding import read_image
from keras_cnn.data import load as load_data
from keras_cnn.doctor.datasets import read_arrays
from keras_cnn.prediction import load
from keras_cnn.saving.metadata import read_metadata

NAMES = ["model.onnx", "model.tflite", "model.keras", "saved_model.pb"]


def pipe(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


def loop(path):
    path.symlink_to(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("make", [pipe, device, loop])
@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_is_not_a_file_is_refused(tmp_path, make, name):
    path = tmp_path / name
    make(path)
    said = "must (exist|be a file|be readable)|a run's folder"
    with pytest.raises(InputError, match=said):
        load(tmp_path if name == "saved_model.pb" else path)
    if name == "model.keras":
        with pytest.raises(InputError, match=said):
            load_model(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("make", [pipe, device, loop])
def test_an_image_or_manifest_that_is_not_a_file_is_not_read(tmp_path, make):
    make(tmp_path / "a.png")
    with pytest.raises(InputError, match="An image file must"):
        read_image(tmp_path / "a.png")
    make(tmp_path / "manifest.json")
    assert read_metadata(tmp_path / "model.onnx").class_names is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_saved_model_with_a_pipe_among_its_files_is_refused(exported, tmp_path):
    import shutil

    folder = shutil.copytree(exported, tmp_path / "1")
    (folder / "fingerprint.pb").unlink()
    os.mkfifo(folder / "fingerprint.pb")
    with pytest.raises(InputError, match="fingerprint.pb"):
        load(folder)


def bomb(path):
    zeros = np.zeros(2**28 + 1, np.uint8)
    np.savez_compressed(path, x=zeros, y=zeros[:1])


def many(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"{number:0100}", b"")


@pytest.mark.parametrize(
    ("make", "reason"), [(bomb, "must unpack to at most 0.25 GiB"), (many, "directory")]
)
def test_an_archive_of_arrays_that_takes_all_memory_is_refused(tmp_path, make, reason):
    make(tmp_path / "set.npz")
    for read in (load_data, lambda path: read_arrays(path, None)):
        with pytest.raises(InputError, match=reason):
            read(tmp_path / "set.npz")


def test_a_model_with_a_million_members_is_refused(tmp_path):
    many(tmp_path / "model.keras")
    with pytest.raises(InputError, match="its directory has 4,"):
        load_model(tmp_path / "model.keras")
