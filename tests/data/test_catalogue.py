import gzip
import shutil
import socket
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn.data import DataUnavailable, StreamedSplit, catalogue, describe, load
from keras_cnn.data.catalogue import MANUAL_DIR_VARIABLE
from keras_cnn.data.network import why_unreachable


def read_idx(path):
    """Reads MNIST's original format: two zero bytes, type, rank, sizes, then values."""
    raw = gzip.decompress(path.read_bytes())
    rank = raw[3]
    sizes = np.frombuffer(raw, ">u4", rank, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(sizes)


def test_mnist_holds_the_images_of_its_original_files(mnist, originals):
    for part, stem, count in (("train", "train", 60000), ("test", "t10k", 10000)):
        split = getattr(mnist, part)
        assert split.images.shape == (count, 28, 28, 1)
        images = read_idx(originals / f"{stem}-images-idx3-ubyte.gz")
        labels = read_idx(originals / f"{stem}-labels-idx1-ubyte.gz")
        # TFDS stores them in an order of its own: compare them sorted by content
        ours = np.c_[split.labels.astype(np.uint8), split.images.reshape(count, -1)]
        theirs = np.c_[labels, images.reshape(count, -1)]
        np.testing.assert_array_equal(
            ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)]
        )
    assert mnist.provenance.version == "3.0.1"
    assert mnist.name == "mnist"
    assert mnist.class_names == tuple("0123456789")


def test_prepared_mnist_needs_neither_originals_nor_network(mnist_dir, no_network):
    assert len(load("mnist", data_dir=str(mnist_dir)).train) == 60000
    assert not no_network


def test_validation_is_carved_from_train(mnist, mnist_dir):
    carved = load("mnist", data_dir=str(mnist_dir), validation_split=0.1)
    assert [len(part) for part in carved.splits.values()] == [54000, 6000, 10000]
    np.testing.assert_array_equal(carved.test.images, mnist.test.images)
    rejoined = np.concatenate([carved.train.images, carved.validation.images])
    np.testing.assert_array_equal(rejoined, mnist.train.images)


def test_a_set_above_the_memory_limit_is_streamed(mnist, mnist_dir):
    streamed = load(
        "mnist", data_dir=str(mnist_dir), validation_split=0.1, memory_limit=10**6
    )
    assert all(isinstance(part, StreamedSplit) for part in streamed.splits.values())
    assert [len(part) for part in streamed.splits.values()] == [54000, 6000, 10000]
    images, labels = next(streamed.test.batches(100).as_numpy_iterator())
    np.testing.assert_array_equal(labels, mnist.test.labels[:100])
    np.testing.assert_array_equal(np.rint(images * 255), mnist.test.images[:100])
    np.testing.assert_array_equal(
        streamed.test.images_at([70, 3]), mnist.test.images[[70, 3]]
    )


def test_streamed_training_images_come_in_a_new_order_each_epoch(mnist_dir):
    train = load("mnist", data_dir=str(mnist_dir), memory_limit=0).train
    batches = train.batches(64, shuffle=True, seed=3)
    first, second = (next(batches.as_numpy_iterator())[1] for _ in range(2))
    assert not np.array_equal(first, second)


def test_a_streamed_set_is_cached_where_asked(mnist_dir, tmp_path):
    path = tmp_path / "images"
    loaded = load("mnist", data_dir=str(mnist_dir), memory_limit=0, cache=str(path))
    assert len(list(loaded.test.batches(5000))) == 2
    assert {file.name.split(".")[0] for file in tmp_path.iterdir()} == {"images-test"}


def test_image_size_resizes(mnist_dir):
    loaded = load("mnist", data_dir=str(mnist_dir), image_size=(20, 22), memory_limit=0)
    images = loaded.test.images_at([0, 1])
    assert images.shape == (2, *loaded.image_shape) == (2, 20, 22, 1)
    whole = load("mnist", data_dir=str(mnist_dir)).test.images[:2]
    # averaging keeps the amount of ink
    np.testing.assert_allclose(
        images.mean(axis=(1, 2, 3)), whole.mean(axis=(1, 2, 3)), rtol=0.05
    )


@pytest.fixture
def copied(originals, tmp_path):
    folder = tmp_path / "originals"
    shutil.copytree(originals, folder)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700)
    return folder


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda data: data[:-1000],
            r"train-labels.*27,881 bytes instead of 28,881: truncated",
        ),
        (
            lambda data: data[:-1] + b"\1",
            r"train-labels.*does not match the registered checksum",
        ),
    ],
    ids=["truncated", "altered"],
)
def test_damaged_originals_are_named(copied, tmp_path, no_network, damage, message):
    path = copied / "train-labels-idx1-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    for name in ("mnist", "auto"):  # auto does not paper over damage
        with pytest.raises(InputError, match=message):
            load(name, data_dir=str(tmp_path / "tfds"), manual_dir=str(copied))
    assert not no_network


def test_missing_originals_are_named(copied, tmp_path, no_network):
    (copied / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match="All original files.*t10k-labels.*missing"):
        load("mnist", data_dir=str(tmp_path / "tfds"), manual_dir=str(copied))


def test_originals_of_another_set_with_the_same_names_are_passed_over(
    originals, tmp_path, no_network
):
    # MNIST, Fashion-MNIST and KMNIST call their files alike
    words = {"data_dir": str(tmp_path), "manual_dir": str(originals)}
    assert describe("fashion_mnist", **words).state == "to be downloaded"
    with pytest.raises(DataUnavailable, match="fashion_mnist must be"):
        load("fashion_mnist", **words)
    assert len(no_network) == 1


def test_originals_may_lie_in_a_folder_of_the_sets_name(copied, tmp_path, no_network):
    manual = tmp_path / "manual"
    manual.mkdir()
    copied.rename(manual / "mnist")
    words = {"data_dir": str(tmp_path / "tfds"), "manual_dir": str(manual)}
    assert describe("mnist", **words).state == "original files at hand"


def test_a_download_that_fails_is_no_traceback_and_auto_goes_on(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.delenv(MANUAL_DIR_VARIABLE, raising=False)
    monkeypatch.setattr(
        "keras_cnn.data.catalogue.why_unreachable", lambda url, timeout=5.0: ""
    )

    def fail(self, **arguments):
        raise tfds.download.DownloadError("403 Forbidden")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(DataUnavailable, match="DownloadError: 403 Forbidden"):
        load("mnist", data_dir=str(tmp_path))
    assert load("auto", data_dir=str(tmp_path)).name == "digits"


def test_damaged_prepared_set_is_named(mnist_dir, tmp_path):
    shutil.copytree(mnist_dir, tmp_path / "tfds")
    for record in (tmp_path / "tfds").rglob("*train.tfrecord*"):
        record.write_bytes(record.read_bytes()[:5000])
    with pytest.raises(InputError, match="must be whole.*mnist.*train"):
        load("mnist", data_dir=str(tmp_path / "tfds"))


def test_mnist_that_is_nowhere_says_what_was_tried(tmp_path, no_network):
    with pytest.raises(DataUnavailable, match="mnist.*storage.*the network is off"):
        load("mnist", data_dir=str(tmp_path))
    assert no_network == [
        "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-images-idx3-ubyte.gz"
    ]


def test_auto_without_mnist_gives_digits_and_says_so(tmp_path, no_network):
    loaded = load("auto", data_dir=str(tmp_path))
    assert loaded.name == "digits"
    assert "digits stand in for MNIST" in loaded.provenance.note
    assert "the network is off" in loaded.provenance.note


def test_auto_is_mnist_where_it_can_be_had(mnist_dir):
    loaded = load("auto", data_dir=str(mnist_dir))
    assert loaded.name == "mnist"
    assert loaded.provenance.note == ""


def test_manual_dir_that_does_not_exist_raises(tmp_path, no_network):
    with pytest.raises(InputError, match="manual directory must exist.*nowhere"):
        load("mnist", data_dir=str(tmp_path), manual_dir=str(tmp_path / "nowhere"))


def test_unknown_name_gets_near_matches():
    with pytest.raises(InputError, match="'mnits'.*Did you mean .*\"mnist\""):
        load("mnits")


def test_unknown_name_of_an_existing_folder_gets_its_path(tmp_path, monkeypatch):
    (tmp_path / "flowers").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="Did you mean ./flowers"):
        load("flowers")


def test_a_set_that_is_no_image_classification_raises():
    with pytest.raises(
        InputError, match="must be an image classification.*'wider_face'"
    ):
        load("wider_face")


def test_describe_names_where_a_set_would_come_from(
    mnist_dir, originals, tmp_path, no_network
):
    assert describe("mnist", data_dir=str(mnist_dir)).state == "prepared"
    unprepared = describe("mnist", data_dir=str(tmp_path), manual_dir=str(originals))
    assert unprepared.state == "original files at hand"
    nowhere = describe("fashion_mnist", data_dir=str(tmp_path))
    assert nowhere.state == "to be downloaded"
    assert nowhere.class_names[0] == "T-shirt/top"
    assert not no_network


def test_why_unreachable_of_a_server_that_never_answers_keeps_its_time():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        begin = time.monotonic()
        assert why_unreachable(f"http://127.0.0.1:{port}/", timeout=0.3)
        assert time.monotonic() - begin < 3


def test_why_unreachable_of_a_server_that_refuses_is_empty():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answer():
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                )

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        assert why_unreachable(f"http://127.0.0.1:{port}/") == ""
        thread.join(5)


def test_why_unreachable_goes_through_the_proxy_of_the_environment(monkeypatch):
    asked = []
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()

        def answer():
            connection, _ = proxy.accept()
            with connection:
                asked.append(connection.recv(4096).split(b"\r\n")[0])
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert why_unreachable("http://images.example/set.gz") == ""
        thread.join(5)
    assert asked == [b"HEAD http://images.example/set.gz HTTP/1.1"]


@pytest.mark.parametrize(
    ("version", "labels", "expected"),
    [("letters", [1, 26], ["A", "Z"]), ("balanced", [0, 36, 46], ["0", "a", "t"])],
)
def test_emnist_stands_upright_and_names_its_letters(version, labels, expected):
    import tensorflow as tf

    lying = np.arange(len(labels) * 6, dtype=np.uint8).reshape(-1, 2, 3, 1)
    stored = tf.data.Dataset.from_tensor_slices((lying, np.array(labels)))
    builder = SimpleNamespace(
        name="emnist",
        builder_config=SimpleNamespace(name=version),
        as_dataset=lambda **_: stored,
    )
    pairs = list(catalogue._dataset(builder, "train", None).as_numpy_iterator())
    names = catalogue.class_names(builder)
    assert [names[label] for _, label in pairs] == expected
    np.testing.assert_array_equal(pairs[1][0][..., 0], lying[1, ..., 0].T)


def test_emnist_is_described_by_its_letters():
    assert len(describe("emnist/letters").class_names) == 26
    assert describe("emnist/byclass").class_names[-1] == "z"
