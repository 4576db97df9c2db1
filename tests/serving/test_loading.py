"""A file or a folder becomes a served model; without the extra, the message says so."""

import subprocess
import sys

import pytest

import keras_cnn
from keras_cnn._checks import InputError
from keras_cnn.serving import load


@pytest.fixture(scope="module")
def model():
    return keras_cnn.article_cnn()


@pytest.fixture
def folder(model, tmp_path):
    """A version's folder as an export leaves it, of the Keras file alone."""
    folder = tmp_path / "7"
    folder.mkdir()
    model.save(folder / "model.keras")
    (folder / "manifest.json").write_text('{"name": "my digits"}')
    return folder


def test_folder_is_served_under_its_recorded_name_and_version(folder):
    served = load(folder)
    assert (served.name, served.version) == ("my_digits", 7)
    assert load(folder, name="others").name == "others"


def test_file_is_served_under_its_own_name_as_version_1(model, tmp_path):
    model.save(tmp_path / "digits.v2.keras")
    served = load(str(tmp_path / "digits.v2.keras"))
    assert (served.name, served.version) == ("digits.v2", 1)


def test_name_that_cannot_stand_in_a_url_raises(folder):
    with pytest.raises(InputError, match="`name` must be made of letters"):
        load(folder, name="a/b")


@pytest.mark.parametrize("missing", ["starlette", "msgspec", "prometheus_client"])
def test_without_the_extra_the_import_names_the_command(missing):
    code = f"""
import sys
sys.modules[{missing!r}] = None
from keras_cnn._optional import MissingExtraError
from keras_cnn.serving import Limits, ServedModel, load, own_hosts
try:
    from keras_cnn.serving import create_app
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith(f"`{missing}"), done.stderr
    assert "must be installed, as the extra `serve` does: pip install " in done.stdout
