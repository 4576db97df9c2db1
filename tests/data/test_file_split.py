"""Images that stay in their files: the same pixels, order and rules as in memory."""

import dataclasses
import json
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn.data import ArraySplit, FileSplit, load
from keras_cnn.data.file_split import file_errors
from keras_cnn.data.in_memory import decoded_bytes, memory, pixels_in_memory


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder as people have it: every kind of file, gray and color, two parts."""
    root = tmp_path_factory.mktemp("sets") / "photos"
    rng = np.random.default_rng(0)

    def noise(*shape, high=256, dtype=np.uint8):
        return Image.fromarray(rng.integers(0, high, shape).astype(dtype))

    for part, count in (("train", 7), ("test", 3)):
        for name in ("cat", "dog"):
            folder = root / part / name
            (folder / "more" / "deeper").mkdir(parents=True)
            for number in range(count):
                noise(20, 30, 3).save(folder / f"{number}.jpg")
            rotated = noise(30, 20, 3)
            rotated.getexif()[0x0112] = 6  # a camera held upright
            rotated.save(folder / "rotated.jpg", exif=rotated.getexif())
            noise(20, 30).save(folder / "more" / "gray.png")
            noise(20, 30, 4).save(folder / "more" / "deeper" / "opacity.png")
            noise(20, 30, high=4096, dtype=np.uint16).save(folder / "twelve.png")
            noise(20, 30).convert("P").save(folder / "palette.gif")
    return root


def pixels(split):
    """Returns the images of a part that is streamed, and their labels, by batches."""
    batches = list(split.batches(4, normalize=lambda x: x).as_numpy_iterator())
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)


@pytest.mark.parametrize(
    "options",
    [{}, {"image_size": (9, 11)}, {"validation_split": 0.3}, {"white": 5000}],
    ids=str,
)
def test_a_streamed_folder_has_the_pixels_of_the_folder_in_memory(photos, options):
    whole = load(photos, **options, stream="no")
    streamed = load(photos, **options, stream="yes")
    assert streamed.white == whole.white
    assert streamed.image_shape == whole.image_shape
    assert streamed.provenance.checksum == whole.provenance.checksum
    assert list(streamed.splits) == list(whole.splits)
    for name, part in streamed.splits.items():
        assert isinstance(part, FileSplit)
        expected = whole.splits[name]
        assert isinstance(expected, ArraySplit)
        images, labels = pixels(part)
        np.testing.assert_array_equal(images, expected.images)
        np.testing.assert_array_equal(labels, expected.labels)
        np.testing.assert_array_equal(part.labels, expected.labels)
        np.testing.assert_array_equal(part.images_at([3, 0]), images[[3, 0]])


@pytest.mark.parametrize("stream", ["no", "yes"])
def test_a_white_that_files_exceed_is_refused_when_they_are_loaded(photos, stream):
    with pytest.raises(InputError, match="up to that of white.*twelve.*2,?000"):
        load(photos, white=2000, stream=stream)


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint8)).save(path)


def test_a_streamed_folder_is_gray_unless_an_image_has_color(tmp_path, rng):
    for name in "ab":
        for number in range(6):
            gray = rng.integers(0, 256, (4, 4, 1))
            save(tmp_path / name / f"{number}.png", np.repeat(gray, 3, axis=2))
    assert load(tmp_path, stream="yes").image_shape == (4, 4, 1)
    save(tmp_path / "b" / "5.png", rng.integers(0, 256, (4, 4, 3)))
    assert load(tmp_path, stream="yes").image_shape == (4, 4, 3)
    # a spot of color that is lost when the image is made smaller is none
    spot = np.full((400, 400, 3), 100)
    spot[200, 200, 0] = 101
    save(tmp_path / "b" / "5.png", spot)
    for stream in ("yes", "no"):
        loaded = load(tmp_path, stream=stream, image_size=(2, 2))
        assert loaded.image_shape == (2, 2, 1)


@pytest.fixture
def numbered(tmp_path):
    """Eleven images in two classes; each pixel is the image's number."""
    for number in range(11):
        save(tmp_path / "ab"[number % 2] / f"{number:02}.png", np.full((2, 2), number))
    return load(tmp_path, hold_out=False, stream="yes").train


def order(batches):
    return [images[:, 0, 0, 0].tolist() for images, _ in batches.as_numpy_iterator()]


def as_is(images):
    return images


def test_each_epoch_is_a_permutation_drawn_from_the_seed(numbered):
    shuffled = numbered.batches(4, shuffle=True, seed=1, normalize=as_is)
    assert len(shuffled) == 3
    first, second = order(shuffled), order(shuffled)
    assert [len(batch) for batch in first] == [4, 4, 3]
    assert sorted(sum(first, [])) == sorted(sum(second, [])) == list(range(11))
    assert first != second
    again = numbered.batches(4, shuffle=True, seed=1, normalize=as_is)
    assert [order(again), order(again)] == [first, second]
    other = numbered.batches(4, shuffle=True, seed=2, normalize=as_is)
    assert order(other) != first
    # by the rule of arrays in memory, written out
    expected = np.arange(11)
    np.random.default_rng([1, 0]).shuffle(expected)
    in_order = numbered.images_at(range(11))[:, 0, 0, 0]
    assert sum(first, []) == in_order[expected].tolist()


def test_batches_may_be_larger_than_the_part(numbered):
    assert [len(batch) for batch in order(numbered.batches(100, normalize=as_is))] == [
        11
    ]


def test_a_few_batches_are_in_memory_at_a_time(tmp_path, monkeypatch):
    """However many there are, and however long each is computed with."""
    from keras_cnn.data.pixel_reader import PixelReader

    for number in range(60):
        save(tmp_path / "ab"[number % 2] / f"{number:02}.png", np.full((2, 2), number))
    read = []
    original = PixelReader.read

    def counted(self, path):
        read.append(path)
        return original(self, path)

    monkeypatch.setattr(PixelReader, "read", counted)
    part = load(tmp_path, hold_out=False, stream="yes").train
    assert not read
    for taken, _ in enumerate(part.batches(2), 1):
        time.sleep(0.05)  # long enough to read all, if nothing held it back
        # two are being read, and two wait
        assert len(read) <= 2 * (taken + 4)
        if taken == 10:
            break


def test_what_is_read_of_a_survey_is_let_go(tmp_path, monkeypatch):
    """Looking at all files, which comes first, keeps no pixels either."""
    import gc

    from keras_cnn.data import image_files

    for number in range(40):
        save(tmp_path / "ab"[number % 2] / f"{number:02}.png", np.full((2, 2), number))

    class Pixels(np.ndarray):
        """Can be counted."""

    decode = image_files.decode_values

    def counted(*arguments, **options):
        decoded = decode(*arguments, **options)
        return type(decoded)(decoded.values.view(Pixels))

    monkeypatch.setattr(image_files, "decode_values", counted)
    monkeypatch.setattr(image_files, "_AT_A_TIME", 4)
    alive = []

    def progress(done, total):
        gc.collect()
        alive.append(sum(isinstance(each, Pixels) for each in gc.get_objects()))

    load(tmp_path, stream="yes", progress=progress)
    assert len(alive) == 10
    assert max(alive) <= 4


def test_images_of_a_streamed_part_say_what_to_use(numbered):
    with pytest.raises(AttributeError, match=r"`batches\(batch_size\)`.*stream=\"no\""):
        numbered.images  # noqa: B018
    assert not hasattr(numbered, "images")


def test_a_table_is_streamed_as_it_is_held_in_memory(photos, tmp_path):
    table = tmp_path / "table.json"
    for file in ("0.jpg", "1.jpg", "rotated.jpg", "twelve.png"):
        for name in ("cat", "dog"):
            shutil.copy(photos / "train" / name / file, tmp_path / f"{name}_{file}")
    names = [path.name for path in tmp_path.iterdir()]
    table.write_text(json.dumps({name: name[:3] for name in names}))
    whole, streamed = (load(table, stream=stream) for stream in ("no", "yes"))
    for part in ("train", "test"):
        images, labels = pixels(streamed.splits[part])
        np.testing.assert_array_equal(images, whole.splits[part].images)
        np.testing.assert_array_equal(labels, whole.splits[part].labels)


def test_damaged_files_are_listed_or_skipped_as_in_memory(tmp_path, rng):
    for number in range(12):
        image = rng.integers(0, 256, (8, 8, 3))
        save(tmp_path / "ab"[number % 2] / f"{number:02}.png", image)
    for name in ("a/02.png", "b/05.png"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
    told = []
    for stream in ("no", "yes"):
        with pytest.raises(InputError) as error:
            load(tmp_path, stream=stream)
        told.append(str(error.value))
    assert told[0] == told[1]
    assert "02.png" in told[0] and "05.png" in told[0] and "2 of 12" in told[0]
    whole = load(tmp_path, stream="no", skip_damaged=True)
    streamed = load(tmp_path, stream="yes", skip_damaged=True)
    np.testing.assert_array_equal(pixels(streamed.train)[0], whole.train.images)
    assert "2 of 12 image files" in streamed.provenance.note


def test_differing_sizes_are_refused_before_all_is_read(tmp_path):
    save(tmp_path / "a" / "0.png", np.zeros((2, 3)))
    for number in range(600):
        save(tmp_path / "b" / f"{number:03}.png", np.zeros((3, 2)))
    looked_at = []
    with pytest.raises(InputError, match="one size.*2x3.*3x2"):
        load(tmp_path, stream="yes", progress=lambda *seen: looked_at.append(seen))
    assert looked_at == []


def test_progress_is_told_up_to_the_last_file(photos):
    told = []
    load(photos, stream="yes", progress=lambda *seen: told.append(seen))
    assert told[-1] == (40, 40)


def test_a_file_that_vanishes_or_changes_is_named(tmp_path, numbered):
    batches = numbered.batches(4)
    gone = tmp_path / "b" / "03.png"
    gone.unlink()
    with pytest.raises(InputError, match=r"must exist\. Received: '.*b/03\.png'\.$"):
        with file_errors():
            list(batches)
    save(gone, np.zeros((5, 5)))
    with pytest.raises(InputError, match="must stay as it was.*03.png.*5x5.*2x2"):
        with file_errors():
            list(batches)
    with pytest.raises(InputError, match="must stay as it was"):
        numbered.images_at(range(11))
    with pytest.raises(ZeroDivisionError):  # other errors are as they were
        with file_errors():
            1 / 0  # noqa: B018


def test_a_limit_draws_the_images_that_it_draws_in_memory(photos):
    whole, streamed = (load(photos, stream=stream) for stream in ("no", "yes"))
    images, labels = pixels(streamed.limited(5).train)
    np.testing.assert_array_equal(images, whole.limited(5).train.images)
    np.testing.assert_array_equal(labels, whole.limited(5).train.labels)


def test_every_class_is_on_both_sides_of_a_streamed_set(tmp_path):
    for name, count in (("many", 20), ("few", 2)):
        for number in range(count):
            save(tmp_path / name / f"{number}.png", np.full((2, 2), number))
    streamed = load(tmp_path, stream="yes")
    assert set(streamed.train.labels) == set(streamed.test.labels) == {0, 1}
    assert set(streamed.train.files).isdisjoint(streamed.test.files)
    with pytest.raises(InputError, match="enough to split off"):
        load(tmp_path, stream="yes", validation_split=0.5)


def test_what_is_streamed_depends_on_the_size_of_the_pixels(photos):
    paths = sorted(path for path in photos.rglob("*") if path.is_file())
    assert decoded_bytes(paths, None) == 40 * 20 * 30 * 3
    assert decoded_bytes(paths, (4, 5)) == 40 * 4 * 5 * 3
    grays = [path for path in paths if path.name == "gray.png"]
    assert decoded_bytes(grays, None) == 4 * 20 * 30
    assert decoded_bytes([photos / "nothing.png", photos], None) == 0
    limit = 40 * 20 * 30 * 3
    assert isinstance(load(photos, memory_limit=limit).train, ArraySplit)
    streamed = load(photos, memory_limit=limit - 1)
    assert isinstance(streamed.train, FileSplit)
    assert "read from their files in each epoch" in streamed.provenance.note
    assert isinstance(load(photos, memory_limit=0, stream="no").train, ArraySplit)
    assert isinstance(load(photos).train, ArraySplit)  # 72 kB


def test_the_rule_is_an_eighth_of_the_memory(monkeypatch, tmp_path):
    from keras_cnn.data import in_memory

    assert pixels_in_memory() == memory() // 40
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(in_memory, "_LIMITS", (str(limit), str(tmp_path / "none")))
    machine = memory()
    limit.write_text("400000\n")
    assert memory() == 400_000
    assert pixels_in_memory() == 10_000
    limit.write_text("max\n")
    assert memory() == machine


def test_arrays_cannot_be_streamed(tmp_path):
    path = tmp_path / "set.npz"
    np.savez(path, x=np.zeros((9, 2, 2), np.uint8), y=np.arange(9) % 2)
    with pytest.raises(InputError, match="auto or no for arrays"):
        load(path, stream="yes", white=255)
    with pytest.raises(InputError, match="auto or no for arrays"):
        load("digits", stream="yes")
    with pytest.raises(InputError, match="`stream` must be one of auto, yes, no"):
        load(path, stream="maybe")


def test_a_fingerprint_tells_other_images_labels_and_sizes(numbered, tmp_path):
    known = {numbered.fingerprint, numbered[:10].fingerprint}
    known.add(numbered[::-1].fingerprint)
    known.add(dataclasses.replace(numbered, labels=1 - numbered.labels).fingerprint)
    again = load(tmp_path, hold_out=False, stream="yes").train
    assert again.fingerprint == numbered.fingerprint
    save(tmp_path / "a" / "00.png", np.full((2, 2), 99))
    known.add(load(tmp_path, hold_out=False, stream="yes").train.fingerprint)
    resized = load(tmp_path, hold_out=False, stream="yes", image_size=(3, 3)).train
    known.add(resized.fingerprint)
    assert len(known) == 6
