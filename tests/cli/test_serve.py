import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_cnn.cli import main
from tests.serving.running import ask, served_at, served_quarters

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which a model was trained for a moment, and exported."""
    folder = tmp_path_factory.mktemp("trained")
    words = ("train", "--dataset", "digits", "--limit", "96", "--epochs", "1")
    subprocess.run(
        [sys.executable, "-m", "keras_cnn", *words, "--name", "of_digits"],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def exported(trained):
    return trained / "saved_models" / "of_digits" / "1"


@pytest.fixture(scope="module")
def server(exported):
    """`keras-cnn serve` as a process of its own, and the port that it has printed."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "keras_cnn", "serve", str(exported)),
            *("--port", "0", "--allow-host", "Digits.example.org"),
            *("--allow-host", "proxy.example.org:8443"),
        ],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = [process.stdout.readline() for _ in range(4)]
    yield process, lines
    process.kill()
    process.communicate()


def port_of(lines):
    return int(re.search(r"http://127\.0\.0\.1:(\d+)/", lines[1])[1])


def test_serve_says_where_and_answers_as_the_saved_model(server, exported):
    import tensorflow as tf

    _, lines = server
    assert lines[0] == "of_digits, version 1: 28x28x1, 10 classes\n"
    assert lines[2].endswith("/v1/models/of_digits\n")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
    model = tf.saved_model.load(str(exported))
    expected = model.signatures["uint8"](image=tf.constant(pixels))
    body = {"signature_name": "uint8", "inputs": pixels.tolist()}
    status, content = ask(port_of(lines), "/v1/models/of_digits:predict", body)
    assert status == 200
    found = content["outputs"]
    assert set(found) == set(expected)
    assert found["label"] == expected["label"].numpy().tolist()
    np.testing.assert_allclose(
        found["probabilities"], expected["probabilities"], atol=1e-6
    )
    # Logits are known up to a constant of each row: these have softmax's own.
    difference = np.array(found["logits"]) - expected["logits"].numpy()
    np.testing.assert_allclose(np.ptp(difference, axis=1), 0, atol=1e-4)


def test_serve_listens_on_loopback_only(server):
    _, lines = server
    port = port_of(lines)
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    listening = [row[1] for row in table if row[1].endswith(f":{port:04X}")]
    assert "0100007F" in {address.split(":")[0] for address in listening}
    assert "00000000" not in {address.split(":")[0] for address in listening}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("digits.example.org", 200),
        ("proxy.example.org:8443", 200),
        ("proxy.example.org", 403),
        ("other.example.org", 403),
    ],
)
def test_serve_answers_to_the_hosts_allowed(server, host, expected):
    _, lines = server
    assert ask(port_of(lines), "/v1/models/of_digits", Host=host)[0] == expected


def test_serve_ends_quietly_at_sigterm(server):
    process, _ = server
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in errors


def fails(monkeypatch, capsys, *words):
    """Runs the command, which must say what is wrong; returns what it says."""
    monkeypatch.setattr(sys, "argv", ["keras-cnn", "serve", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_serve_of_a_missing_model_is_an_error(monkeypatch, capsys, tmp_path):
    said = fails(monkeypatch, capsys, str(tmp_path / "none.keras"), "--port", "0")
    assert "A model file must exist" in said


def test_serve_at_a_port_that_is_taken_is_an_error(monkeypatch, capsys, tmp_path):
    with served_at(served_quarters()) as port:
        said = fails(monkeypatch, capsys, str(tmp_path), "--port", str(port))
    assert f"port={port}" in said


def test_serve_under_a_name_that_is_none_is_an_error(monkeypatch, capsys, exported):
    said = fails(monkeypatch, capsys, str(exported), "--port", "0", "--name", "a/b")
    assert "`name` must be made of" in said


def test_serve_without_its_extra_names_the_command(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    said = fails(monkeypatch, capsys, str(tmp_path))
    assert "pip install " in said


def test_run_is_served(trained):
    from keras_cnn.serving import load

    (run,) = (trained / "runs").iterdir()
    served = load(run)
    assert (served.name, served.version) == ("of_digits", 1)
    images = np.zeros((2, *served.image_shape), np.uint8)
    assert served.probabilities(images).shape == (2, 10)
