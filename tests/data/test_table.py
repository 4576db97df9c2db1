import json
import os

import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn.data import load

COUNT = 12


@pytest.fixture
def photos(tmp_path):
    """A folder of images, each of a gray of its own, without folders of classes."""
    (tmp_path / "train").mkdir()
    (tmp_path / "test").mkdir()
    for number in range(COUNT):
        image = Image.fromarray(np.full((4, 4), 20 * number, np.uint8))
        image.save(tmp_path / "train" / f"im{number}.png")
    for number in range(3):
        image.save(tmp_path / "test" / f"{number}.png")
    return tmp_path


def write_csv(path, header, rows, comma=","):
    lines = [header, *rows] if header else rows
    path.write_text("\n".join(comma.join(map(str, line)) for line in lines) + "\n")
    return path


def rows(file="im{}.png", classes="ab"):
    return [(file.format(i), classes[i % 2]) for i in range(COUNT)]


def check(loaded, names=("a", "b")):
    """Checks that each gray has the label of its row."""
    assert loaded.class_names == names
    total = 0
    for split in loaded.splits.values():
        total += len(split)
        assert (split.images[:, 0, 0, 0] // 20 % 2 == split.labels).all()
    assert total == COUNT


@pytest.mark.parametrize(
    ("header", "file"),
    [
        (("filename", "label"), "im{}.png"),
        (("id", "breed"), "im{}"),
        (("path", "class"), "train/im{}.png"),
        (("path", "class"), "./train/im{}.png"),
        (("path", "class"), "train\\im{}.png"),
        (("path", "class"), "/kaggle/input/train/im{}.png"),
        (("anything", "else"), "im{}.png"),
    ],
)
def test_csv_of_files_and_labels_gives_each_its_label(photos, header, file):
    check(load(write_csv(photos / "set.csv", header, rows(file))))


def test_csv_may_have_its_label_first_other_columns_and_semicolons(photos):
    lines = [(label, i, file) for i, (file, label) in enumerate(rows())]
    header = ("label", "width", "image")
    check(load(write_csv(photos / "set.csv", header, lines, comma=";")))


def test_numbers_as_labels_are_names_even_where_files_are_called_so(photos):
    path = write_csv(photos / "set.csv", ("image", "label"), rows(classes="12"))
    check(load(path), ("1", "2"))


def test_csv_with_a_column_for_each_class(photos):
    lines = [(f"im{i}", 1.0 - i % 2, i % 2) for i in range(COUNT)]
    check(load(write_csv(photos / "set.csv", ("image", "a", "b"), lines)))


def test_csv_with_a_column_of_parts_keeps_them(photos):
    lines = [(*row, "Test" if i < 4 else "train") for i, row in enumerate(rows())]
    loaded = load(write_csv(photos / "set.csv", ("image", "label", "split"), lines))
    check(loaded)
    assert sorted(loaded.test.images[:, 0, 0, 0]) == [0, 20, 40, 60]


@pytest.mark.parametrize(
    "content",
    [
        [{"file": file, "label": label} for file, label in rows()],
        {file: label for file, label in rows()},
        {"file": [f for f, _ in rows()], "label": [label for _, label in rows()]},
    ],
    ids=["rows", "object", "columns"],
)
def test_json_of_files_and_labels(photos, content):
    (photos / "set.json").write_text(json.dumps(content))
    check(load(str(photos / "set.json")))


def test_json_lines_of_files_and_labels(photos):
    lines = [json.dumps({"file_name": f, "label": label}) for f, label in rows()]
    (photos / "set.jsonl").write_text("\n".join(lines))
    check(load(photos / "set.jsonl"))


def test_images_that_are_not_in_the_table_are_counted(photos):
    loaded = load(write_csv(photos / "set.csv", ("image", "label"), rows()))
    assert "3 images beside the table are not in it." in loaded.provenance.note


def test_files_of_the_tables_own_part_are_meant(photos):
    for number in range(3):
        Image.new("L", (4, 4), 200).save(photos / "train" / f"{number}.png")
    lines = [(f"{i}.png", "a") for i in range(3)] + [("im0.png", "b"), ("im1.png", "b")]
    loaded = load(write_csv(photos / "train.csv", ("image", "label"), lines))
    parts = loaded.splits.values()
    images = np.concatenate([part.images[part.labels == 0] for part in parts])
    assert (images == 200).all()
    with pytest.raises(InputError, match=r"must be one.*test/0.png or .*train/0.png"):
        load(write_csv(photos / "set.csv", ("image", "label"), lines))


def test_files_that_are_missing_are_listed_or_skipped(photos):
    lines = [*rows(), ("gone.png", "a"), ("lost.png", "b")]
    path = write_csv(photos / "set.csv", ("image", "label"), lines)
    with pytest.raises(InputError, match="2 of 14") as caught:
        load(path)
    assert "gone.png" in str(caught.value)
    assert "lost.png" in str(caught.value)
    check(load(path, skip_damaged=True))


@pytest.mark.parametrize(
    ("header", "lines", "message"),
    [
        (("image", "label"), [("x", "a"), ("y", "b")], "names files.*none does"),
        (("image", "w", "h"), [("im0", 3, 4), ("im1", 5, 6)], "column `label`"),
        (("image", "label"), [("im0", "a"), ("im0", "b")], "one label.*'a' and 'b'"),
        (("image", "label"), [("im0", "a"), ("im1", "")], "1 rows without"),
        (("image", "label"), [], "with no rows"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_table_that_breaks_a_rule_raises(photos, header, lines, message):
    with pytest.raises(InputError, match=message):
        load(write_csv(photos / "set.csv", header, lines))


@pytest.mark.parametrize(
    "content", [b"{", b"3", b"[1]", b'{"images": [{"id": 1}]}', b"\xff\xfe\x00"]
)
def test_json_that_is_no_table_raises(photos, content):
    (photos / "set.json").write_bytes(content)
    with pytest.raises(InputError, match="A table must be.*set.json"):
        load(photos / "set.json")


@pytest.mark.parametrize("name", ["pipe", "pipe.csv", "pipe.npz", "pipe.json"])
def test_a_pipe_is_no_data_set(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match=f"must be a file.*{name}', a pipe"):
        load(tmp_path / name)


def test_a_file_of_another_kind_says_what_is_read(tmp_path):
    (tmp_path / "set.txt").touch()
    with pytest.raises(InputError, match=r"must be a folder, or.*\.csv.*set.txt"):
        load(tmp_path / "set.txt")


# --- pixels in a table ----------------------------------------------------------------


@pytest.fixture
def digits_as_numbers(rng):
    return np.c_[np.arange(20) % 4, rng.integers(0, 256, (20, 36))]


HEADER = ("label", *(f"pixel{i}" for i in range(36)))


@pytest.mark.parametrize("header", [HEADER, None], ids=["header", "no header"])
def test_csv_of_pixels_gives_its_images(digits_as_numbers, tmp_path, header):
    loaded = load(write_csv(tmp_path / "set.csv", header, digits_as_numbers))
    assert loaded.class_names == ("0", "1", "2", "3")
    everything = {
        (label, *image.ravel())
        for split in loaded.splits.values()
        for image, label in zip(split.images, split.labels, strict=True)
    }
    assert loaded.image_shape == (6, 6, 1)
    assert everything == {tuple(row) for row in digits_as_numbers}


def test_csv_of_pixels_may_have_its_label_last_and_in_letters(
    digits_as_numbers, tmp_path
):
    lines = [(*row[1:], "wxyz"[row[0]]) for row in digits_as_numbers]
    header = (*HEADER[1:], "label")
    loaded = load(write_csv(tmp_path / "set.csv", header, lines, comma="\t"))
    assert loaded.class_names == ("w", "x", "y", "z")
    first = digits_as_numbers[0, 1:].reshape(6, 6)
    images = np.concatenate([split.images for split in loaded.splits.values()])
    assert (images[..., 0] == first).all(axis=(1, 2)).sum() == 1


def test_csv_of_pixels_between_0_and_1_are_scaled(digits_as_numbers, tmp_path):
    lines = digits_as_numbers / np.r_[1, np.full(36, 255)]
    lines[0, 1] = 1
    loaded = load(write_csv(tmp_path / "set.csv", HEADER, lines.tolist()))
    assert loaded.train.images.max() == 255
    assert loaded.class_names == ("0", "1", "2", "3")


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        (HEADER[1:], slice(1, None), "column `label`"),
        (HEADER[:-1], slice(0, -1), "square gray images.*35 pixels"),
    ],
)
def test_csv_of_pixels_that_breaks_a_rule_raises(
    digits_as_numbers, tmp_path, header, columns, message
):
    lines = digits_as_numbers[:, columns]
    with pytest.raises(InputError, match=message):
        load(write_csv(tmp_path / "set.csv", header, lines))


def test_csv_of_pixels_with_a_short_row_raises(digits_as_numbers, tmp_path):
    lines = digits_as_numbers.tolist()
    lines[5].pop()
    with pytest.raises(InputError, match="same numbers of columns.*set.csv"):
        load(write_csv(tmp_path / "set.csv", HEADER, lines))
