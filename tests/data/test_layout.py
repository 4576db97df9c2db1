import os

import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn.data import load
from keras_cnn.data.layout import find_layout
from keras_cnn.data.split_names import part_named


def make(root, *folders, count=3):
    """Makes folders with empty files that are called like images."""
    for folder in folders:
        (root / folder).mkdir(parents=True)
        for number in range(count):
            (root / folder / f"{number}.png").touch()


def classes(layout):
    return {part: list(names) for part, names in layout.parts.items()}


@pytest.mark.parametrize(
    "names",
    [
        {"train": "train", "validation": "valid", "test": "test"},
        {"train": "Train", "validation": "Val", "test": "Test"},
        {"train": "training", "validation": "dev", "test": "testing"},
        {"train": "training_set", "test": "test_set"},
        {"train": "seg_train/seg_train", "test": "seg_test/seg_test"},
        {"train": "flowers/train", "test": "flowers/test"},
        {"train": "TRAIN", "test": "TEST"},
    ],
    ids=lambda names: names["train"],
)
def test_parts_are_known_by_any_usual_name(tmp_path, names):
    make(tmp_path, *(f"{folder}/{c}" for folder in names.values() for c in "ab"))
    layout = find_layout(tmp_path)
    assert classes(layout) == {part: ["a", "b"] for part in names}
    assert not layout.notes


@pytest.mark.parametrize(
    "folder", ["train", "flowers", "flowers/flowers", "x/Training"]
)
def test_a_lone_folder_stands_for_what_it_holds(tmp_path, folder):
    make(tmp_path, f"{folder}/a", f"{folder}/b", "__MACOSX/flowers/a")
    assert classes(find_layout(tmp_path)) == {"train": ["a", "b"]}


@pytest.mark.parametrize("unlabeled", ["test", "test/test", "seg_pred/seg_pred"])
def test_a_part_without_classes_is_left_out_and_said_so(tmp_path, unlabeled):
    make(tmp_path, "train/a", "train/b", unlabeled)
    layout = find_layout(tmp_path)
    assert classes(layout) == {"train": ["a", "b"]}
    left_out = unlabeled.split("/")[0]
    assert layout.notes == [f"{left_out} has no folders of classes and was left out."]


def test_a_class_may_be_called_like_a_part(tmp_path):
    make(tmp_path, "train", "car", "bus")
    assert classes(find_layout(tmp_path)) == {"train": ["bus", "car", "train"]}


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (["train/a", "train/b", "extra/c"], "all be classes, or all.*extra, train"),
        (["train/a", "train/b", "Train/a", "Train/b"], "one folder.*stand for train"),
        (["train", "test"], "must hold a sub-folder for each class.*test, train"),
        (["test/a", "test/b", "car"], "all be classes, or all be splits"),
    ],
)
def test_folders_that_can_be_read_in_two_ways_raise(tmp_path, folders, message):
    make(tmp_path, *folders)
    with pytest.raises(InputError, match=message):
        find_layout(tmp_path)


def test_a_class_has_its_images_at_any_depth_and_the_rest_is_counted(tmp_path):
    make(tmp_path, "a/2023/may", "a/2024", "b")
    for name in ("a/list.txt", "b/scan.DCM", "b/LICENSE", "a/2024/more.txt"):
        (tmp_path / name).touch()
    (tmp_path / "b" / ".hidden.txt").touch()
    layout = find_layout(tmp_path)
    assert [len(files) for files in layout.parts["train"].values()] == [6, 3]
    assert layout.notes == [
        "4 files were passed over: 2 .txt, 1 without suffix, 1 .dcm.",
        "6 images lie in sub-folders of their class.",
    ]


def test_a_class_without_images_says_what_it_has(tmp_path):
    make(tmp_path, "a", "b", count=0)
    for number in range(3):
        (tmp_path / "a" / f"{number}.dcm").touch()
    with pytest.raises(InputError, match="at least one image.*a, with 3 .dcm"):
        find_layout(tmp_path)


def test_a_link_back_up_raises(tmp_path):
    make(tmp_path, "a", "b")
    os.symlink("..", tmp_path / "a" / "up")
    with pytest.raises(InputError, match="must have an end.*a link to a folder"):
        find_layout(tmp_path)


def test_links_to_folders_elsewhere_are_followed(tmp_path):
    make(tmp_path, "set/a", "set/b", "more")
    os.symlink(tmp_path / "more", tmp_path / "set" / "a" / "more")
    assert len(find_layout(tmp_path / "set").parts["train"]["a"]) == 6


def test_a_name_with_its_accents_composed_in_two_ways_is_one_class(tmp_path):
    make(tmp_path, "e\u0301", "\u00e9", "z")
    parts = find_layout(tmp_path).parts["train"]
    assert {name: len(files) for name, files in parts.items()} == {"\u00e9": 6, "z": 3}


def test_names_that_are_not_utf8_are_readable_classes(tmp_path):
    make(tmp_path, "a", os.fsdecode(b"caf\xe9"), "e\u0301t\u00e9", count=0)
    for folder in tmp_path.iterdir():
        for number in range(2):
            name = os.fsdecode(f"{number}".encode() + b"\xff.png")
            Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / name)
    loaded = load(tmp_path)
    assert loaded.class_names == ("a", "caf\\xe9", "\u00e9t\u00e9")
    assert loaded.provenance.checksum


def test_damaged_files_are_found_in_one_pass_and_listed(tmp_path):
    image = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    for name in "ab":
        (tmp_path / name).mkdir()
        for number in range(3):
            image.save(tmp_path / name / f"{number}.png")
    whole = (tmp_path / "a" / "0.png").read_bytes()
    (tmp_path / "a" / "cut.png").write_bytes(whole[:-30])
    (tmp_path / "a" / "text.jpg").write_text("no image")
    os.mkfifo(tmp_path / "b" / "pipe.png")
    os.symlink("/dev/zero", tmp_path / "b" / "device.png")
    os.symlink("loop.png", tmp_path / "b" / "loop.png")
    os.symlink("nowhere", tmp_path / "b" / "gone.png")
    with pytest.raises(InputError, match="6 of 12 that are not") as caught:
        load(tmp_path)
    message = str(caught.value)
    for what in (
        "cut.png",
        "text.jpg",
        "pipe.png', a pipe",
        "device.png', a device",
        "loop.png', a link that leads to itself",
        "must exist. Received: ",
    ):
        assert what in message
    loaded = load(tmp_path, skip_damaged=True)
    assert len(loaded.train) + len(loaded.test) == 6
    assert "6 of 12 image files could not be read" in loaded.provenance.note


def test_a_class_of_which_nothing_can_be_read_raises(tmp_path):
    make(tmp_path, "a", "b", "c", count=0)
    for name in "ab":
        for number in range(2):
            Image.new("L", (4, 4)).save(tmp_path / name / f"{number}.png")
    (tmp_path / "c" / "0.png").touch()
    with pytest.raises(InputError, match="can be read. .* with none of c"):
        load(tmp_path, skip_damaged=True)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Validation", "validation"),
        ("train2017", "train"),
        ("sign_mnist_train", None),
        ("trainer", None),
        ("train_test", None),
        ("images", None),
    ],
)
def test_part_named_wants_little_beside_the_word(name, part):
    assert part_named(name) == part


def test_part_named_loosely_lets_other_words_stand():
    assert part_named("sign_mnist_train", loosely=True) == "train"
    assert part_named("train_vs_test", loosely=True) is None
