import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits as bundled_digits

from keras_cnn._checks import InputError
from keras_cnn._files import sha256
from keras_cnn.data import describe, load


def test_digits_are_light_on_dark_like_mnist_and_split_by_class(digits):
    assert digits.image_shape == (28, 28, 1)
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    # ink fills the middle, the left edge is ground
    images = digits.train.images
    assert images[:, :, :2].mean() < 10 < 100 < images[:, :, 12:16].mean()
    counts = np.bincount(bundled_digits().target)
    np.testing.assert_allclose(np.bincount(digits.test.labels), counts / 5, atol=1)


def test_digits_resized_are_nearest_to_bundled_ones_of_their_label(digits):
    images = digits.test.images[..., 0]
    box = Image.Resampling.BOX
    small = [Image.fromarray(image).resize((8, 8), box) for image in images]
    small = np.stack([np.asarray(image, float) for image in small]) / 255 * 16
    bundled = bundled_digits()
    distances = ((small[:, None] - bundled.images[None]) ** 2).mean(axis=(2, 3))
    nearest = distances.argmin(axis=1)
    np.testing.assert_array_equal(bundled.target[nearest], digits.test.labels)


def test_validation_is_carved_from_train_and_never_from_test(digits):
    carved = load("digits", validation_split=0.1)
    assert len(carved.validation) == 144
    assert len(carved.train) + 144 == len(digits.train)
    np.testing.assert_array_equal(carved.test.images, digits.test.images)


@pytest.mark.parametrize("fraction", [1, -0.1, float("nan")])
def test_validation_split_outside_its_range_raises(fraction):
    with pytest.raises(InputError, match="`validation_split` must be"):
        load("digits", validation_split=fraction)


# --- .npz -----------------------------------------------------------------------------


@pytest.fixture
def arrays(rng):
    return {
        "x_train": rng.integers(0, 256, (20, 20, 20), dtype=np.uint8),
        "y_train": np.arange(20) % 4,
        "x_test": rng.integers(0, 256, (8, 20, 20), dtype=np.uint8),
        "y_test": np.arange(8) % 4,
    }


def write(arrays, path, **changes):
    np.savez(path, **{**arrays, **changes})
    return path


def test_npz_gives_its_arrays_and_its_checksum(arrays, tmp_path):
    path = write(arrays, tmp_path / "set.npz")
    loaded = load(path)
    np.testing.assert_array_equal(loaded.train.images[..., 0], arrays["x_train"])
    np.testing.assert_array_equal(loaded.test.labels, arrays["y_test"])
    assert loaded.class_names == ("0", "1", "2", "3")
    assert loaded.provenance.checksum == f"sha256:{sha256(path)}"
    assert loaded.name == "set"


@pytest.mark.parametrize("name", ["digits", "set.npz"])
def test_image_size_resizes_whatever_the_source(arrays, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write(arrays, "set.npz")
    loaded = load(name, image_size=(30, 26), validation_split=0.25)
    assert {part.image_shape for part in loaded.splits.values()} == {(30, 26, 1)}
    whole = load(name, validation_split=0.25)
    # resizing keeps the amount of ink
    np.testing.assert_allclose(
        loaded.test.images.mean(axis=(1, 2, 3)),
        whole.test.images.mean(axis=(1, 2, 3)),
        rtol=0.1,
    )


@pytest.mark.parametrize("name", ["digits", "set.npz"])
def test_address_loads_the_same_set_from_another_folder(
    arrays, tmp_path, monkeypatch, name
):
    monkeypatch.chdir(tmp_path)
    write(arrays, "set.npz")
    loaded = load(name)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = load(loaded.address)
    np.testing.assert_array_equal(again.test.images, loaded.test.images)


def test_npz_with_class_names_may_lack_a_class(arrays, tmp_path):
    names = np.array(["a", "b", "c", "d", "e"])
    path = write(arrays, tmp_path / "set.npz", class_names=names)
    assert load(str(path)).class_names == tuple("abcde")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_train": np.arange(20) % 4 + 0.5}, "must be integers.*y_train in"),
        ({"y_train": np.arange(20) % 4 - 1}, ">= 0"),
        ({"y_test": np.full(8, 7)}, r"0\.\.3.*\(test\) with a label 7"),
        ({"y_train": np.zeros(20, int), "y_test": np.zeros(8, int)}, "two classes"),
        ({"y_train": np.arange(20) % 4 * 2}, "label 6 and none 1"),
        ({"x_test": np.full((8, 20, 20), np.nan)}, "finite.*x_test in"),
        ({"x_test": np.zeros((8, 21, 20), np.uint8)}, "one shape"),
        ({"y_test": np.arange(9) % 4}, "one label for each of the 8"),
        ({"y_train": np.arange(20) % 4 + 10**9}, "label 1000000003 and none 0"),
        ({"y_train": np.array([None], object)}, "without pickled objects"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_npz_that_breaks_a_rule_raises(arrays, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        load(write(arrays, tmp_path / "set.npz", **changes))


def test_npz_that_is_missing_cut_or_incomplete_raises(arrays, tmp_path):
    with pytest.raises(InputError, match="must exist.*none.npz"):
        load(tmp_path / "none.npz")
    whole = write(arrays, tmp_path / "set.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:-100])
    with pytest.raises(InputError, match="must be a whole.*cut.npz"):
        load(tmp_path / "cut.npz")
    arrays.pop("y_test")
    with pytest.raises(InputError, match="less.npz without y_test"):
        load(write(arrays, tmp_path / "less.npz"))
    with (tmp_path / "lone.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(InputError, match="must be a whole.*lone.npz"):
        load(tmp_path / "lone.npz")


def test_npz_with_any_byte_flipped_loads_or_raises(arrays, tmp_path, rng):
    np.savez_compressed(tmp_path / "set.npz", **arrays)
    whole = (tmp_path / "set.npz").read_bytes()
    refused = 0
    for position in rng.integers(0, len(whole), 150):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        (tmp_path / "set.npz").write_bytes(damaged)
        try:
            load(tmp_path / "set.npz")
        except InputError:
            refused += 1
    assert refused > 100  # a sum over each array notices; its absence is no error


def test_npz_may_call_its_arrays_as_others_do(arrays, tmp_path):
    x, y = arrays["x_train"], arrays["y_train"]
    medical = {
        f"{part}_{kind}": value
        for part in ("train", "val", "test")
        for kind, value in (("images", x), ("labels", y[:, np.newaxis]))
    }
    np.savez(tmp_path / "medical.npz", **medical)
    parts = load(tmp_path / "medical.npz").splits
    assert {part: len(split) for part, split in parts.items()} == {
        "train": 20,
        "validation": 20,
        "test": 20,
    }
    np.savez(tmp_path / "whole.npz", X=x, Y=y, mean=x.mean())
    whole = load(tmp_path / "whole.npz")
    assert (len(whole.train), len(whole.test)) == (16, 4)
    np.savez(tmp_path / "two.npz", x=x, images=x, y=y)
    with pytest.raises(InputError, match="once.*x and images"):
        load(tmp_path / "two.npz")


def test_npz_of_a_part_alone_is_a_set(arrays, tmp_path):
    alone = {name: arrays[name] for name in ("x_test", "y_test")}
    np.savez(tmp_path / "test.npz", **alone, class_names=[*"abcd"])
    loaded = load(tmp_path / "test.npz", hold_out=False)
    assert loaded.class_names == tuple("abcd")
    assert loaded.test is loaded.train
    np.testing.assert_array_equal(loaded.test.images[..., 0], arrays["x_test"])


@pytest.mark.parametrize("name", ["arrays", "arrays/x_train.npy"])
def test_npy_files_side_by_side_are_a_set(arrays, tmp_path, name):
    (tmp_path / "arrays").mkdir()
    for array, values in arrays.items():
        np.save(tmp_path / "arrays" / f"{array}.npy", values)
    loaded = load(tmp_path / name)
    np.testing.assert_array_equal(loaded.test.images[..., 0], arrays["x_test"])
    assert load(loaded.address).provenance.checksum == loaded.provenance.checksum


def test_npz_in_capitals_is_one(arrays, tmp_path):
    write(arrays, tmp_path / "set.npz").rename(tmp_path / "SET.NPZ")
    assert len(load(str(tmp_path / "SET.NPZ")).train) == 20


def test_npz_that_would_not_fit_into_memory_is_refused_before(
    arrays, tmp_path, monkeypatch
):
    monkeypatch.setattr("keras_cnn.data.npz.UNPACKED_LIMIT", 10_000)
    x_train = np.zeros((1000, 20, 20), np.uint8)
    np.savez_compressed(tmp_path / "set.npz", **{**arrays, "x_train": x_train})
    assert (tmp_path / "set.npz").stat().st_size < 10_000
    with pytest.raises(InputError, match="unpack to at most.*set.npz"):
        load(tmp_path / "set.npz")


def test_npz_whose_header_promises_more_than_there_is_costs_no_memory(arrays, tmp_path):
    header = io.BytesIO()
    promised = {"descr": "|u1", "fortran_order": False, "shape": (10**7, 1000, 1000)}
    np.lib.format.write_array_header_1_0(header, promised)
    path = write(arrays, tmp_path / "set.npz")
    with zipfile.ZipFile(path) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w") as changed:
        for name, content in {**members, "x_train.npy": header.getvalue()}.items():
            changed.writestr(name, content)
    with pytest.raises(InputError, match=r"must be whole.*\(10000000, 1000, 1000\)"):
        load(path)


# --- folders --------------------------------------------------------------------------


def write_images(folder, count=5, size=(20, 24), color=False, offset=0):
    folder.mkdir(parents=True)
    for number in range(count):
        shape = (*size, 3) if color else size
        image = np.full(shape, 10 * number + offset, np.uint8)
        if color:
            image[0, 0] = (255, 0, 0)
        Image.fromarray(image).save(folder / f"{number}.png")


def test_folder_holds_a_fifth_of_each_class_out(tmp_path):
    write_images(tmp_path / "cat", 10)
    write_images(tmp_path / "dog", 5)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    loaded = load(tmp_path)
    assert loaded.class_names == ("cat", "dog")
    assert loaded.image_shape == (20, 24, 1)
    assert np.bincount(loaded.train.labels).tolist() == [8, 4]
    assert np.bincount(loaded.test.labels).tolist() == [2, 1]
    everything = np.concatenate([loaded.train.images, loaded.test.images])
    assert len(np.unique(everything[:, 0, 0, 0])) == 10


def test_folder_with_train_and_test_keeps_them(tmp_path):
    for part, offset in (("train", 0), ("test", 1)):
        write_images(tmp_path / part / "cat", 3, offset=offset)
        write_images(tmp_path / part / "dog", 2, offset=offset)
    loaded = load(tmp_path)
    assert (len(loaded.train), len(loaded.test)) == (5, 5)
    assert set(loaded.test.images[:, 0, 0, 0]) == {1, 11, 21}
    assert loaded.test.labels.tolist() == [0, 0, 0, 1, 1]


def test_folder_with_validation_keeps_it_and_holds_a_test_part_out(tmp_path):
    for part, count in (("train", 10), ("val", 3)):
        write_images(tmp_path / part / "cat", count)
        write_images(tmp_path / part / "dog", count)
    loaded = load(tmp_path)
    assert {name: len(part) for name, part in loaded.splits.items()} == {
        "train": 16,
        "validation": 6,
        "test": 4,
    }
    with pytest.raises(InputError, match="validation split of its own"):
        load(tmp_path, validation_split=0.1)


def test_folder_with_any_colour_is_read_as_rgb(tmp_path):
    write_images(tmp_path / "gray", 5)
    write_images(tmp_path / "red", 5, color=True)
    loaded = load(tmp_path)
    assert loaded.image_shape == (20, 24, 3)
    red = loaded.train.images[loaded.train.labels == 1]
    assert (red[:, 0, 0] == (255, 0, 0)).all()


def test_folder_of_differing_sizes_raises_unless_resized(tmp_path):
    write_images(tmp_path / "a", size=(20, 24))
    write_images(tmp_path / "b", size=(30, 24))
    with pytest.raises(InputError, match="one size.*20x24 and .*30x24"):
        load(tmp_path)
    assert load(tmp_path, image_size=(18, 19)).image_shape == (18, 19, 1)


def test_folder_that_breaks_a_rule_raises(tmp_path):
    with pytest.raises(InputError, match="must exist.*nowhere"):
        load(tmp_path / "nowhere")
    write_images(tmp_path / "one" / "a")
    with pytest.raises(InputError, match="two sub-folders.*with 1"):
        load(tmp_path / "one")
    (tmp_path / "one" / "b").mkdir()
    with pytest.raises(InputError, match="at least one image.*b, empty"):
        load(tmp_path / "one")
    (tmp_path / "one" / "b" / "0.png").write_text("damaged")
    with pytest.raises(InputError, match=r"must be readable.*0\.png"):
        load(tmp_path / "one")


def test_folder_whose_parts_differ_in_classes_raises(tmp_path):
    write_images(tmp_path / "train" / "cat")
    write_images(tmp_path / "train" / "dog")
    write_images(tmp_path / "test" / "cat")
    with pytest.raises(InputError, match="same classes.*cat, dog, and test with cat"):
        load(tmp_path)


def test_folder_checksum_changes_with_a_pixel(tmp_path):
    write_images(tmp_path / "a")
    write_images(tmp_path / "b")
    before = load(tmp_path).provenance.checksum
    assert load(tmp_path).provenance.checksum == before
    Image.fromarray(np.ones((20, 24), np.uint8)).save(tmp_path / "a" / "0.png")
    assert load(tmp_path).provenance.checksum != before


def test_describe_of_local_sets_counts_their_images(arrays, tmp_path):
    described = describe(str(write(arrays, tmp_path / "set.npz")))
    assert described.images == {"train": 20, "test": 8}
    assert described.state == "local"
    assert describe("digits").state == "bundled"
