"""What tests share: data sets, why one of them is skipped, a small model, figures."""

import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from keras_cnn.data.catalogue import MANUAL_DIR_VARIABLE

# Some tests import ONNX Runtime by themselves; see `formats/onnx.py`.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# What the small model tells apart.
CLASSES = ("ant", "bee", "cat")

# The files that take longest. Two processes share the files out one by one, so a long
# one that comes last would keep one of them waiting.
LONGEST_FIRST = (
    *("runs/test_training", "training/test_distribution", "training/test_trainer_"),
    *("cli/test_cli", "export/test_parity", "training/test_checkpoints", "runs/"),
    *("doctor/test_cases", "examples/test_examples", "data/test_catalogue"),
    *("losses/test_all_losses", "cli/test_serve", "doctor/", "test_docs"),
)


def pytest_collection_modifyitems(items):
    """Puts the longest files first, and leaves the order within a file."""

    def place(item):
        return next(
            (n for n, name in enumerate(LONGEST_FIRST) if name in item.nodeid),
            len(LONGEST_FIRST),
        )

    items.sort(key=place)


@pytest.fixture(scope="session")
def originals():
    """The folder with MNIST's four original files."""
    beside = Path(__file__).parents[2] / "shared" / "mnist"
    folder = Path(os.environ.get(MANUAL_DIR_VARIABLE, beside))
    if not list(folder.glob("*-ubyte.gz")):
        pytest.skip(
            "MNIST's original files are not here: put them into ../shared/mnist or "
            f"name their folder in {MANUAL_DIR_VARIABLE}"
        )
    return folder


@pytest.fixture(scope="session")
def mnist_dir(originals, tmp_path_factory):
    """A TFDS folder in which MNIST is prepared, once for all tests and processes."""
    import tensorflow_datasets as tfds

    from keras_cnn.data import load

    tfds.disable_progress_bar()
    session = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        session = session.parent  # which all its processes share
    folder = session / "tfds"
    with (session / "tfds.lock").open("w") as lock, locked(lock):
        load("mnist", data_dir=str(folder), manual_dir=str(originals))
    return folder


@contextmanager
def locked(file):
    """Holds a file's lock; where the system has none, each prepares for itself."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


@pytest.fixture(scope="session")
def mnist(mnist_dir):
    from keras_cnn.data import load

    return load("mnist", data_dir=str(mnist_dir))


@pytest.fixture(scope="session")
def digits():
    from keras_cnn.data import load

    return load("digits")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def no_network(monkeypatch):
    """Whatever is asked of the network fails at once, and tests see that it was."""
    asked = []

    def refuse(url, timeout=5.0):
        asked.append(url)
        return "the network is off"

    monkeypatch.setattr("keras_cnn.data.catalogue.why_unreachable", refuse)
    monkeypatch.delenv(MANUAL_DIR_VARIABLE, raising=False)
    return asked


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved, for a look at what stands on them."""
    figures = []
    save = Figure.savefig

    def kept(figure, *args, **kwargs):
        figures.append(figure)
        return save(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", kept)
    return figures


@pytest.fixture(scope="session")
def small_model():
    """A small model that the tests of export and loading share."""
    import keras

    from keras_cnn import layers as ours

    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 6, 1)),
            ours.Conv2D(4, 3, activation="relu"),
            ours.Flatten(),
            ours.Dense(3, activation="softmax"),
        ],
        name="small",
    )


@pytest.fixture(scope="session")
def exported(small_model, tmp_path_factory):
    """The folder of an export in every format."""
    from keras_cnn.export import export
    from keras_cnn.saving import ModelMetadata

    pytest.importorskip("ai_edge_litert", reason="the extra litert is not installed")
    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
    formats = ("saved_model", "litert", "onnx", "keras")
    folder = tmp_path_factory.mktemp("models")
    metadata = ModelMetadata("small", CLASSES, data={"name": "animals"})
    images = np.random.default_rng(0).integers(0, 256, (50, 8, 6, 1), np.uint8)
    return export(
        small_model,
        folder,
        formats,
        metadata=metadata,
        calibration=images,
        verify=False,
    ).folder
