import json
import sys

import keras
import numpy as np
import pytest

from keras_cnn import load_model
from keras_cnn.cli import main


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs the command line in this process; gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["keras-cnn", "diagnose", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        return stopped.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture
def files(tmp_path):
    """A data file and a builder of model files that fit it."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    np.savez(tmp_path / "data.npz", x=x, y=y)

    def save(rate):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(8, "relu"),
                keras.layers.Dense(1, "sigmoid"),
            ]
        )
        model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
        model.save(tmp_path / "model.keras")
        return tmp_path / "model.keras"

    return tmp_path / "data.npz", save


def test_a_healthy_model_exits_with_0_and_leaves_json(run, files, tmp_path):
    data, save = files
    code, out, _ = run(save(0.01), "--data", data)
    assert code == 0 and "Healthy." in out.splitlines()[-1]
    assert json.loads((tmp_path / "diagnosis/diagnosis.json").read_text())["healthy"]


def test_a_fault_exits_with_1_and_is_repaired_in_a_new_file(run, files, tmp_path):
    data, save = files
    model = save(1e-9)
    before = model.read_bytes()
    words = ("--data", data, "--json", "--repair", "--report", "report.html")
    code, out, _ = run(model, *words, "--out", "found")
    content = json.loads(out)
    assert code == 1 and content["findings"][0]["code"] == "lr-too-low"
    patch = json.loads((tmp_path / "found/patch.json").read_text())
    assert patch["after"] > 0.8 > patch["before"]
    rate = patch["arguments"]["learning_rate"]
    repaired = load_model(tmp_path / "found/repaired.keras")
    assert float(repaired.optimizer.learning_rate) == pytest.approx(rate)
    assert "lr-too-low" in (tmp_path / "report.html").read_text()
    assert model.read_bytes() == before


def test_a_table_names_fault_evidence_and_change(run, files):
    data, save = files
    code, out, _ = run(save(1e-9), "--data", data)
    assert code == 1 and "lr-too-low" in out and "Not healthy." in out


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ((), "`dataset` or `data` must be given"),
        (("--data", "absent.npz"), "`data` must be an .npz file"),
        (("--dataset", "digits", "--report", "a.png"), "`report` must be an .html"),
        (("--data", "other.npz"), "`data` must hold x and y"),
        (("--data", "data.npz", "--batch-size", "0"), "`batch_size` must be"),
    ],
)
def test_bad_input_exits_with_2(run, files, tmp_path, words, rule):
    _, save = files
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    code, _, err = run(save(0.01), *words)
    assert code == 2 and rule in err


def test_a_repair_is_never_written_over_the_model(run, files, tmp_path):
    data, save = files
    model = save(1e-9).rename(tmp_path / "repaired.keras")
    code, _, err = run(model, "--data", data, "--repair", "--out", tmp_path)
    assert code == 2 and "another folder" in err
