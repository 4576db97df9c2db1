import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_cnn import __version__
from keras_cnn._kernels import ONEDNN, is_x86

# The comparison of an export takes a process that starts TensorFlow: test_export.py.
QUICK = ("--dataset", "digits", "--limit", "96", "--epochs", "1", "--no-verify")


@pytest.fixture
def run(keras_cnn):
    return keras_cnn


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which a model was trained on digits, well enough to be asked."""
    folder = tmp_path_factory.mktemp("trained")
    words = [
        "train",
        "--dataset",
        "digits",
        "--epochs",
        "3",
        "--validation-split",
        ".1",
        "--no-verify",
    ]
    command = [sys.executable, "-m", "keras_cnn", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder, done


def environment(**changes):
    """The environment of a child process that finds this checkout from any folder."""
    root = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": root, **changes}


def run_of(folder):
    (run,) = (folder / "runs").iterdir()
    return run


def test_train_prints_a_table_and_ends_with_the_accuracy(trained):
    folder, done = trained
    lines = done.stdout.splitlines()
    assert lines[0].startswith("digits (scikit-learn load_digits")
    assert "1,293 train, 144 validation, 360 test" in lines[0]
    expected = "epoch loss accuracy val loss val accuracy images/s seconds"
    assert lines[2].split() == expected.split()
    assert [line.split()[0] for line in lines[3:6]] == ["1", "2", "3"]
    noted = json.loads((run_of(folder) / "result.json").read_text())
    assert lines[-1] == f"Test accuracy: {noted['test_accuracy']:.4f}"
    assert noted["test_accuracy"] > 0.7
    assert "Traceback" not in done.stderr
    assert "oneDNN" not in done.stderr  # TensorFlow's notices are kept off the screen


def test_train_leaves_a_record_and_an_export(trained):
    folder, _ = trained
    assert {path.name for path in run_of(folder).iterdir()} == {
        "config.json",
        "confusion_matrix.png",
        "curves.png",
        "history.csv",
        "mistakes.png",
        "model.keras",
        "result.json",
    }
    rows = list(
        csv.DictReader((run_of(folder) / "history.csv").read_text().splitlines())
    )
    assert len(rows) == 3
    exported = folder / "saved_models" / "article_cnn" / "1"
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["data"]["name"] == "digits"
    assert manifest["training"]["epochs"] == 3


def test_train_again_takes_the_next_version(trained, run, monkeypatch, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained[0], folder)
    monkeypatch.chdir(folder)
    code, out, _ = run("train", *QUICK, "--runs", "others", "--out", "models")
    assert code == 0
    assert len(os.listdir("others")) == 1
    assert os.listdir("models/article_cnn") == ["1"]
    code, _, _ = run("train", *QUICK)
    assert sorted(os.listdir("saved_models/article_cnn")) == ["1", "2"]


def test_dry_run_prints_the_configuration_and_writes_nothing(run, here):
    code, out, _ = run("train", "--epochs", "3", "--out", "models", "--dry-run")
    assert code == 0
    printed = json.loads(out)
    assert printed["epochs"] == 3
    assert printed["batch_size"] == 32
    assert printed["out"] == "models"
    assert os.listdir(here) == []


@pytest.mark.parametrize("target", ["run", "file", "export"])
def test_evaluate_gives_the_accuracy_of_the_run(trained, run, target):
    folder, _ = trained
    path = {
        "run": run_of(folder),
        "file": run_of(folder) / "model.keras",
        "export": folder / "saved_models" / "article_cnn" / "1",
    }[target]
    noted = json.loads((run_of(folder) / "result.json").read_text())
    code, out, _ = run("evaluate", path)  # the data set is the one noted
    assert code == 0
    assert out.splitlines()[-1] == f"Test accuracy: {noted['test_accuracy']:.4f}"
    code, out, _ = run("evaluate", path, "--json")
    assert json.loads(out)["test_accuracy"] == noted["test_accuracy"]


def test_evaluate_on_other_images_raises(trained, run, here, rng):
    arrays = {"x_train": (6, 20, 20, 3), "x_test": (6, 20, 20, 3)}
    images = {name: rng.integers(0, 255, shape) for name, shape in arrays.items()}
    np.savez("set.npz", y_train=[0, 1] * 3, y_test=[0, 1] * 3, **images)
    code, _, err = run("evaluate", run_of(trained[0]), "--dataset", "set.npz")
    assert code == 2
    assert "must have the model's shape, (28, 28, 1)" in err
    images = {name: rng.integers(0, 255, (6, 28, 28)) for name in images}
    np.savez("set.npz", y_train=[0, 1] * 3, y_test=[0, 1] * 3, **images)
    code, _, err = run("evaluate", run_of(trained[0]), "--dataset", "set.npz")
    assert code == 2
    assert "must have the model's 10 classes" in err
    labels = np.arange(20) % 10
    images = {name: rng.integers(0, 255, (20, 28, 28)) for name in images}
    letters = np.array([*"abcdefghij"])
    np.savez("set.npz", y_train=labels, y_test=labels, class_names=letters, **images)
    code, _, err = run("evaluate", run_of(trained[0]), "--dataset", "set.npz")
    assert code == 2
    assert "must have the model's classes, 0, 1, 2" in err


def test_evaluate_takes_all_images_of_a_set_without_a_split(trained, run, here, digits):
    # one image a class: too few to hold any out
    first = [int(np.flatnonzero(digits.test.labels == label)[0]) for label in range(10)]
    for label, place in enumerate(first):
        (here / "new" / str(label)).mkdir(parents=True)
        image = Image.fromarray(digits.test.images[place, ..., 0])
        image.save(here / "new" / str(label) / "0.png")
    (here / "new" / "3" / "notes.txt").touch()
    code, out, err = run("evaluate", run_of(trained[0]), "--dataset", "./new", "--json")
    assert code == 0, err
    assert json.loads(out)["test_images"] == 10
    assert "1 files were passed over: 1 .txt" in err


def test_evaluate_on_the_folder_that_was_trained_on_takes_what_was_held_out(
    run, here, rng
):
    for name in "ab":
        (here / "set" / name).mkdir(parents=True)
        for number in range(10):
            pixels = rng.integers(0, 256, (20, 20), np.uint8)
            Image.fromarray(pixels).save(here / "set" / name / f"{number}.png")
    words = ("--dataset", "./set", "--epochs", "1", "--no-verify")
    assert run("train", *words)[0] == 0
    code, out, _ = run("evaluate", run_of(here), "--dataset", "./set", "--json")
    assert code == 0
    assert json.loads(out)["test_images"] == 4


def test_evaluate_knows_where_a_models_own_data_are_and_says_what_became_of_them(
    run, here, rng
):
    images = {name: rng.integers(0, 255, (8, 20, 20)) for name in ("x_train", "x_test")}
    np.savez("set.npz", y_train=[0, 1] * 4, y_test=[0, 1] * 4, **images)
    assert run("train", "--dataset", "set.npz", "--epochs", "1")[0] == 0
    models = (run_of(here), "saved_models/article_cnn/1")
    for model in models:
        code, out, err = run("evaluate", model, "--json")
        assert code == 0 and json.loads(out)["test_images"] == 8
        assert "has changed" not in err
    np.savez("set.npz", y_train=[0, 1] * 4, y_test=[1, 0] * 4, **images)
    for model in models:
        code, _, err = run("evaluate", model)
        assert code == 0 and "set has changed since the model was trained" in err
    Path("set.npz").rename("other.npz")
    for model in models:
        code, _, err = run("evaluate", model)
        assert code == 2 and "be named with --dataset" in err and "is gone from" in err
        assert run("evaluate", model, "--dataset", "other.npz")[0] == 0


@pytest.fixture
def drawing(digits, tmp_path):
    """A digit as someone may scan it: dark on light, large, off centre, in colour."""
    image = Image.fromarray(255 - digits.test.images[0, ..., 0]).resize((200, 200))
    page = Image.new("RGB", (640, 480), "white")
    page.paste(image, (300, 30))
    page.save(tmp_path / "drawing.png")
    return tmp_path / "drawing.png"


def test_predict_names_label_probability_and_runner_up(trained, run, drawing):
    exported = trained[0] / "saved_models" / "article_cnn" / "1"
    code, out, _ = run("predict", exported, drawing, drawing, "--json")
    first, second = json.loads(out)
    assert code == 0
    # No kernel promises equal bits at two places of a batch.
    assert second["label"] == first["label"]
    assert second["probabilities"] == pytest.approx(first["probabilities"], abs=1e-5)
    assert len(first["probabilities"]) == 10
    assert first["probability"] == max(first["probabilities"])
    code, out, _ = run("predict", exported, drawing)
    assert code == 0
    assert out.startswith(f"{drawing}: {first['label']} ({first['probability']:.2%})")
    assert f"then {first['runner_up']}" in out


def test_data_commands_say_what_there_is(run, no_network, tmp_path):
    code, out, _ = run("data", "list", "--data-dir", tmp_path)
    assert code == 0
    assert "digits" in out
    assert "fashion_mnist" in out
    assert "to be downloaded" in out
    code, out, _ = run("data", "info", "digits")
    assert "1,437 train, 360 test" in out
    code, out, _ = run("data", "prepare", "digits")
    assert code == 0
    assert out.startswith("name:     digits")


def test_data_info_of_ones_own_images_says_what_was_left_out(run, here):
    for name in "ab":
        (here / "set" / name).mkdir(parents=True)
        for number in range(3):
            image = Image.new("L", (20 + number, 20), 100)
            image.save(here / "set" / name / f"{number}.png")
    (here / "set" / "b" / "text.jpg").write_text("no image")
    code, _, err = run("data", "info", "./set", "--image-size", "16x12")
    assert code == 2
    assert "1 of 7 that are not" in err
    words = ("--image-size", "16x12", "--skip-damaged")
    code, out, _ = run("data", "info", "./set", *words)
    assert code == 0
    assert "4 train, 2 test" in out
    assert "16x12x1" in out
    assert "1 of 7 image files could not be read" in out
    code, _, err = run("data", "info", "./set", "--image-size", "16y12")
    assert code == 2
    assert "such as 64x48" in err


def test_data_prepare_from_original_files(run, originals, tmp_path, no_network):
    words = ("mnist", "--data-dir", tmp_path, "--manual-dir", originals)
    code, out, _ = run("data", "prepare", *words)
    assert code == 0
    assert "state:    prepared" in out
    assert "60,000 train, 10,000 test" in out
    assert not no_network


def test_auto_without_mnist_says_so_everywhere(run, here, no_network):
    words = ("--dataset", "auto", "--limit", "64", "--epochs", "1")
    code, out, err = run("train", *words, "--data-dir", "nowhere")
    assert code == 0
    assert err.startswith("Warning: The bundled digits stand in for MNIST")
    assert len(err.splitlines()) == 1
    noted = json.loads((run_of(here) / "config.json").read_text())
    assert "stand in for MNIST" in noted["data"]["note"]
    card = (here / "saved_models" / "article_cnn" / "1" / "README.md").read_text()
    assert "stand in for MNIST" in card


def test_mnist_is_never_substituted(run, here, no_network):
    code, _, err = run("train", "--dataset", "mnist", "--data-dir", "nowhere")
    assert code == 2
    assert err.startswith("Error: mnist must be")
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--dataset", "mnits"), "'mnits'. Did you mean"),
        (("--dataset", "./none"), "data set must exist. Received: 'none'"),
        (("--dataset", "none.npz"), "must exist. Received: 'none.npz'"),
        (("--epochs", "0"), "epochs=0"),
        (("--batch-size", "-1"), "batch_size=-1"),
        (("--learning-rate", "0"), "learning_rate=0.0"),
        (("--learning-rate", "nan"), "learning_rate=nan"),
        (("--runs", "file/runs"), "file is a file"),
        (("--out", "file"), "file is a file"),
        (("--out", ".", "--name", "file"), "file is a file"),
        (("--dataset", "./[/red]"), "must exist. Received: '[/red]'"),
        (("--name", "_x"), "name='_x'"),
        (("--optimizer", "adan"), 'Did you mean "adam"'),
        (("--manual-dir", "nowhere", "--data-dir", "empty"), "manual_dir='nowhere'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_exits_with_2_and_writes_nothing(
    run, here, no_network, words, message
):
    (here / "file").write_text("")
    code, out, err = run("train", *words)
    assert code == 2
    assert message in err
    assert err.startswith("Error: ")
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    assert os.listdir(here) == ["file"]


def test_ctrl_c_while_pictures_are_drawn_keeps_the_model(run, here, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_cnn.runs.session.write_result", interrupt)
    code, _, err = run("train", *QUICK)
    assert code == 130
    assert f"kept in {(run_of(here) / 'model.keras').relative_to(here)}" in err
    assert run("evaluate", run_of(here))[0] == 0


@pytest.mark.parametrize("head", ["logits", "sigmoid", "number"])
def test_predict_with_a_model_of_ones_own(run, here, drawing, head):
    import keras

    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    if head == "logits":
        model.add(keras.layers.Dense(4, kernel_initializer="he_normal"))
        model.save("own.keras")
        (seen,) = json.loads(run("predict", "own.keras", drawing, "--json")[1])
        assert sum(seen["probabilities"]) == pytest.approx(1)
    elif head == "sigmoid":  # two classes, as in every tutorial on cats and dogs
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        model.save("own.keras")
        code, out, err = run("predict", "own.keras", drawing, "--json")
        assert code == 0
        assert "not recorded. Taken: resize, 28x28, gray, values 0..1" in err
        (seen,) = json.loads(out)
        pixels = np.asarray(Image.open(drawing).convert("L").resize((28, 28)))
        said = float(np.asarray(model(pixels[None, ..., None] / 255))[0, 0])
        assert seen["probabilities"] == pytest.approx([1 - said, said], abs=0.02)
    else:
        model.add(keras.layers.Dense(1))
        model.save("own.keras")
        code, _, err = run("predict", "own.keras", drawing)
        assert code == 2
        assert "two or more classes" in err


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_file_that_is_no_model_exits_with_2(run, here, command):
    Path("model.keras").write_text("nothing")
    Image.new("L", (9, 9)).save("a.png")
    images = ["a.png"] if command == "predict" else []
    code, _, err = run(command, "model.keras", *images)
    assert code == 2
    assert err.startswith("Error: A model file must be a whole .keras file")


def test_an_image_that_is_none_exits_with_2(trained, run, here):
    Path("a.png").write_text("nothing")
    code, out, err = run("predict", run_of(trained[0]), "a.png")
    assert (code, out) == (2, "")
    assert "must be readable as PNG" in err


def test_version(run):
    assert run("--version") == (0, f"keras-cnn {__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [["--help"], ["train", "--help"], ["train", "--epochs", "0"], ["nonsense"]],
    ids=" ".join,
)
def test_help_and_usage_errors_import_neither_keras_nor_tensorflow(words):
    code = (
        "import sys\nfrom keras_cnn.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'keras', 'tensorflow', 'tensorflow_datasets', 'sklearn'}\n"
        "print('loaded:', *sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "loaded:"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_keeps_what_was_trained(here):
    command = [sys.executable, "-m", "keras_cnn", "train", "--dataset", "digits"]
    process = subprocess.Popen(
        [*command, "--epochs", "1000"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    for line in process.stdout:  # until the first epoch's row
        if line.split()[0] == "1":
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    (kept,) = here.rglob("interrupted.keras")
    assert f"kept in {kept.relative_to(here)}" in err
    assert "Traceback" not in err
    assert not (here / "saved_models").exists()

    from keras_cnn.saving import load_model

    assert load_model(kept).optimizer.iterations >= 45  # 1,437 images by 32


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on file size")
def test_a_disk_that_fills_up_leaves_no_half_written_model(here):
    # A limit on file size fails writes as a full disk does, without being root.
    limit = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "from keras_cnn.cli import main; main()"
    )
    command = [sys.executable, "-c", limit, "train", *QUICK]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().startswith("Error: ")
    assert not list(here.rglob("*.keras"))
    assert not list(here.rglob(".writing-*"))
    assert not (here / "saved_models").exists()


@pytest.mark.parametrize("what", ["activations", "losses"])
def test_show_draws_without_tensorflow(run, here, what):
    code, out, _ = run("show", what)
    assert (code, out) == (0, f"Drawn: {what}.png\n")
    assert (here / f"{what}.png").read_bytes().startswith(b"\x89PNG")
    code, _, err = run("show", what, "rleu", "--out", "other.png")
    assert code == 2
    assert err.startswith(f"Error: `{what}` must be one of")
    assert not (here / "other.png").exists()
    code, _, err = run("show", what, "--out", "other.foo")
    assert code == 2
    assert err == "Error: `out` must be a .png file. Received: out='other.foo'.\n"


def test_engine_fit_trains_with_keras_own(run, here, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the trainer was used")

    words = ("train", *QUICK, "--engine", "fit")
    with monkeypatch.context() as patched:
        patched.setattr("keras_cnn.training.trainer.Trainer.fit", refuse)
        assert run(*words)[0] == 0
        with pytest.raises(AssertionError, match="the trainer was used"):
            run("train", *QUICK)
    code, _, err = run(*words, "--checkpoint-every", "5")
    assert code == 2
    assert "`checkpoint_every` must be left out with Keras's own fit" in err


def test_what_looks_wrong_is_said_before_and_that_nothing_is_learned_after(run, here):
    words = (
        "--dataset",
        "digits",
        "--limit",
        320,
        "--epochs",
        11,
        "--loss",
        "mean_squared_error",
    )
    words += ("--learning-rate", 1e-9, "--no-verify")
    code, out, err = run("train", *words)
    assert code == 0
    assert "Warning: wrong-loss at" in err
    assert "keras-cnn diagnose --explain wrong-loss" in err
    (folder,) = (here / "runs").iterdir()
    assert "After 100 updates the model does no better than a constant" in err
    assert f"keras-cnn diagnose runs/{folder.name} --fresh" in err


def test_recipe_fast_gives_defaults_that_options_replace(run, here):
    printed = json.loads(run("train", "--recipe", "fast", "--dry-run")[1])
    assert (printed["epochs"], printed["batch_size"]) == (1, 64)
    assert printed["schedule"] == "one_cycle"
    assert printed["precision"] in ("float32", "mixed_bfloat16")  # auto is resolved
    words = ("--epochs", "2", "--precision", "float32")
    printed = json.loads(run("train", "--recipe", "fast", *words, "--dry-run")[1])
    assert (printed["epochs"], printed["precision"]) == (2, "float32")
    code, _, err = run("train", "--recipe", "fast", "--optimizer", "sgd")
    assert code == 2
    assert "`beta_2` must be None unless `optimizer` is one of" in err


def test_a_loss_that_is_no_number_exits_with_1_and_one_line(run, here):
    words = ("--learning-rate", "1e38", "--optimizer", "sgd")
    code, _, err = run("train", *QUICK, *words)
    assert code == 1
    *before, said = err.strip().splitlines()
    assert said.startswith("Error: The loss became NaN or infinite")
    # What the doctor's lint says of such a rate before the first step.
    assert len(before) == 1 and before[0].startswith("Warning: lr-too-high at")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_is_resumed_and_then_without_checkpoints(run, here):
    words = [
        "train",
        "--dataset",
        "digits",
        "--epochs",
        "3",
        "--checkpoint-every",
        "20",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "keras_cnn", *words],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for line in process.stdout:  # until the first epoch's row
        if line.split()[0] == "1":
            break
    process.kill()
    process.communicate()
    folder = run_of(here)
    if is_x86() and os.environ.get(ONEDNN, "1") == "1":  # the command asks for it
        machine = json.loads((folder / "config.json").read_text())["machine"]
        assert machine["kernels"] == "oneDNN"
    code, _, err = run("train", "--resume", folder, "--epochs", "4")
    assert code == 2
    assert "--verify and --dry-run. Received: --epochs" in err
    code, out, err = run("train", "--resume", folder, "--no-verify")
    assert code == 0, err
    assert out.splitlines()[-1].startswith("Test accuracy: ")
    assert not (folder / "checkpoints").exists()
    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    assert rows[-1]["epoch"] == "2"
    code, _, err = run("train", "--resume", folder)
    assert code == 2
    assert "must have left checkpoints" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--checkpoint-every", "0"), "such as 500, or a time such as 30s"),
        (("--checkpoint-every", "5d"), "checkpoint_every='5d'"),
        (("--strategy", "mirored"), 'Did you mean "mirrored"'),
        (("--engine", "fti"), 'Did you mean "fit"'),
        (("--schedule", "one_cycle"), "`learning_rate` must be given"),
        (
            ("--label-smoothing", "0.1"),
            "`label_smoothing` must be 0.0 unless",
        ),
        (("--resume", "nowhere"), "The folder of a run must hold its configuration"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_training_options_exit_with_2_and_write_nothing(run, here, words, message):
    code, _, err = run("train", *words)
    assert code == 2
    assert message in err
    assert os.listdir(here) == []


def test_a_run_records_how_images_are_prepared(trained, run, drawing):
    folder = run_of(trained[0])
    config = json.loads((folder / "config.json").read_text())
    assert config["preparation"]["fitting"] == "mnist"  # the digits were made so
    assert config["preparation"]["size"] == config["data"]["image_shape"][:2]
    code, _, err = run("predict", folder, drawing)
    assert (code, err) == (0, "")
    code, _, err = run("predict", folder, drawing, "--prepare", "crop")
    assert code == 0
    assert err.startswith("Note: Instead of prepared as MNIST's digits, 28x28, gray")
    code, _, err = run("predict", "no/such/model", drawing, "--pixels", "0..2")
    assert code == 2  # before the model is looked for
    assert err.startswith("Error: `pixels` must be one of 0..1, 0..255,")
