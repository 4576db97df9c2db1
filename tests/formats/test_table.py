"""Each format is one object, and all that names formats follows from their table."""

import builtins
import symtable
import textwrap
import tomllib
from inspect import getsource
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_cnn import export as exports
from keras_cnn._checks import InputError
from keras_cnn._optional import MissingExtraError
from keras_cnn.cli.export import split_formats
from keras_cnn.formats import FORMATS, Format, LoadedModel
from keras_cnn.prediction import load

ROOT = Path(__file__).parents[2]

by_name = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


@by_name
def test_a_format_says_all_of_itself(format):
    assert FORMATS[format.name] is format and format.needs
    assert format.files
    for file in format.files.values():
        assert Path(file).suffix == format.suffix
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    if format.extra:
        assert format.extra in extras["optional-dependencies"] and format.runtime
    # What runs it is not blocked while it runs.
    assert not {name.partition(".")[0] for name in format.runtime} & set(format.without)


@by_name
def test_no_two_formats_claim_one_file(format, tmp_path):
    for file in filter(None, format.files.values()):
        path = tmp_path / file
        path.touch()
        assert [each.name for each in FORMATS.values() if each.is_at(path)] == [
            format.name
        ]


@by_name
def test_what_runs_alone_uses_nothing_from_around_it(format):
    """Its source is all that the process of the comparison gets of it."""
    source = textwrap.dedent(getsource(format.run))
    used = _globals_of(symtable.symtable(source, "run", "exec")) - {"run"}
    annotations = {"Any", "Runner", "dict", "str", "staticmethod"}
    assert used <= set(dir(builtins)) | annotations


def _globals_of(table):
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return names.union(*map(_globals_of, table.get_children()))


@by_name
def test_help_and_page_name_the_format(format, capsys):
    from keras_cnn.cli import options

    (option,) = options.Formats.__metadata__
    assert format.name in option.help
    (argument,) = options.ModelPath.__metadata__
    assert format.suffix in argument.help
    page = (ROOT / "docs" / "export.md").read_text()
    (row,) = (line for line in page.splitlines() if f"| `{format.name}` |" in line)
    for file in filter(None, format.files.values()):
        assert f"`{file}`" in row
    assert format.needs in row


class Npz(Format):
    """A dense layer's weights as NumPy's own file: a format made up for a test.

    The layer has a softmax; a model without a layer gives its flat images.
    """

    name = "npz"
    suffix = ".npz"
    files = {"float32": "model.npz"}
    without = ("keras", "keras_cnn", "tensorflow")
    needs = "NumPy"
    bias_share = 1.0

    def write(self, classifier, path, precision, calibration=None):
        shape = classifier.image_shape
        names = list(classifier.outputs(np.zeros((1, *shape), "float32")))
        weights = classifier.model.get_weights()
        if weights:
            weights[1] = weights[1] * self.bias_share
        with open(path, "wb") as file:
            np.savez(file, *weights, names=names, image_shape=shape)
        return {}

    @staticmethod
    def run(path):
        import numpy as np

        content = np.load(path)
        names = content["names"].tolist()

        def call(images):
            logits = probabilities = images.reshape(len(images), -1)
            if "arr_0" in content:
                logits = logits @ content["arr_0"] + content["arr_1"]
                powers = np.exp(logits - logits.max(-1, keepdims=True))
                probabilities = powers / powers.sum(-1, keepdims=True)
            outputs = {
                "logits": logits,
                "probabilities": probabilities,
                "label": probabilities.argmax(-1),
                "value": probabilities,
            }
            return {name: outputs[name] for name in names}

        return call

    def load(self, path, *, trust=False):
        with np.load(path) as content:
            shape = tuple(map(int, content["image_shape"]))
            classes = len(content["arr_1"])
        call = self.run(path)
        return LoadedModel(lambda x: call(x)["probabilities"], shape, classes)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(3, "softmax", name="last"),
        ],
        name="flat",
    )
    model.layers[-1].bias.assign([0.5, -0.5, 0.0])
    return model


def test_a_new_format_needs_its_object_and_its_line_in_the_table(
    model, tmp_path, monkeypatch, digits
):
    monkeypatch.setitem(FORMATS, "npz", Npz())
    names = ("ant", "bee", "cat")
    done = exports.export(model, tmp_path, split_formats("npz"), class_names=names)
    (record,) = done.parity.artifacts
    assert (record.file, record.kind, record.problem) == ("model.npz", "npz", "")
    assert record.difference < 1e-5
    assert record.bytes == (done.folder / "model.npz").stat().st_size
    card = (done.folder / "README.md").read_text()
    assert 'prediction.load("flat/1/model.npz")' in card
    predictor = load(done.folder / "model.npz")
    pixels = digits.test.images[:5, :8, :8]
    expected = model.predict(pixels / np.float32(255), verbose=0)
    found = [row.probabilities for row in predictor.predict(pixels)]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert predictor.labels == names  # of the manifest beside it


def test_what_a_new_format_writes_wrong_is_caught(model, tmp_path, monkeypatch):
    monkeypatch.setitem(FORMATS, "npz", Npz())
    monkeypatch.setattr(Npz, "bias_share", 0.5)
    told = "model.npz differs from the Keras .* the first layer to differ is last"
    with pytest.raises(exports.ParityError, match=told):
        exports.export(model, tmp_path, ("npz",))
    assert list((tmp_path / "flat").iterdir()) == []


def test_a_new_formats_missing_package_is_named_before_anything_is_written(
    model, tmp_path, monkeypatch
):
    format = Npz()
    monkeypatch.setattr(Npz, "extra", "onnx", raising=False)
    monkeypatch.setattr(Npz, "writers", ("no_such_writer",), raising=False)
    monkeypatch.setitem(FORMATS, "npz", format)
    with pytest.raises(MissingExtraError, match="`no_such_writer` .*extra `onnx`"):
        exports.export(model, tmp_path, ("npz",))
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_is_refused_with_those_there_are(model, tmp_path):
    with pytest.raises(InputError, match="saved_model, litert, onnx, keras"):
        exports.export(model, tmp_path, ("npz",))
