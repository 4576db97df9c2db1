"""`--config`: what `--dry-run` prints is read back; the command line replaces it."""

import json

import pytest


def configured(run, *words):
    code, out, err = run("train", *words, "--dry-run")
    assert code == 0, err
    return json.loads(out)


def test_what_a_dry_run_prints_repeats_it(keras_cnn, here):
    words = ("--recipe", "fast", "--epochs", "3", "--precision", "float32")
    more = ("--loss", "huber", "--label-smoothing", "0", "--set", "loss.delta=2")
    printed = configured(keras_cnn, *words, *more, "--runs", "other", "--out", "there")
    (here / "options.json").write_text(json.dumps(printed))
    assert configured(keras_cnn, "--config", "options.json") == printed
    assert printed["runs"] == "other"
    # A run's own record does, too.
    config = {name: printed[name] for name in printed if name not in ("runs", "out")}
    (here / "config.json").write_text(json.dumps({"config": config, "data": {}}))
    repeated = configured(keras_cnn, "--config", "config.json")
    assert repeated == printed | {"runs": "runs", "out": "saved_models"}


def test_a_toml_file_names_what_differs(keras_cnn, here):
    (here / "options.toml").write_text(
        'recipe = "fast"\nepochs = 3\nloss = "huber"\nlabel_smoothing = 0.0\n'
        'precision = "float32"\nout = "there"\n[loss_arguments]\ndelta = 2.0\n'
    )
    printed = configured(keras_cnn, "--config", "options.toml", "--epochs", "4")
    assert (printed["epochs"], printed["batch_size"]) == (4, 64)
    assert (printed["runs"], printed["out"]) == ("runs", "there")
    assert printed["loss_arguments"] == {"delta": 2.0}
    words = ("--set", "loss.reduction=sum", "--out", "here")
    printed = configured(keras_cnn, "--config", "options.toml", *words)
    assert printed["loss_arguments"] == {"delta": 2.0, "reduction": "sum"}
    assert printed["out"] == "here"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("options.json", "{", "`config` must be a .json or .toml file"),
        ("options.json", "[1]", "`config` must be a .json or .toml file"),
        ("options.toml", "epochs = ", "`config` must be a .json or .toml file"),
        ("options.yaml", "epochs: 3", "`config` must be a .json or .toml file"),
        ("options.json", '{"epoch": 3}', 'Received: epoch=3. Did you mean "epochs"?'),
        ("options.json", '{"epochs": "3"}', "`epochs` must be a whole number"),
        ("options.json", '{"out": 3}', "`out` must name a folder"),
        (None, "", "The file of `config` must exist"),
    ],
)
def test_a_bad_file_exits_with_2(name, content, message, keras_cnn, here):
    if name is not None:
        (here / name).write_text(content)
    code, out, err = keras_cnn("train", "--config", name or "missing.json")
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_a_resumed_run_takes_no_file(keras_cnn, here):
    (here / "options.json").write_text("{}")
    code, _, err = keras_cnn("train", "--resume", "x", "--config", "options.json")
    assert code == 2
    assert "Received: --config." in err
