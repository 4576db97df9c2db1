import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn.data.labels import class_labels


def read(*columns, **arguments):
    labels, names, _ = class_labels(
        {f"y{number}": np.array(column) for number, column in enumerate(columns)},
        **arguments,
    )
    assert all(column.dtype == np.int64 for column in labels.values())
    return [column.tolist() for column in labels.values()], names


@pytest.mark.parametrize(
    ("column", "labels", "names"),
    [
        ([[1], [0]], [1, 0], ("0", "1")),
        ([1.0, 0.0], [1, 0], ("0", "1")),
        ([[0, 1, 0], [1, 0, 0], [0, 0, 1]], [1, 0, 2], ("0", "1", "2")),
        ([[0.0, 1.0], [1.0, 0.0]], [1, 0], ("0", "1")),
        (["dog", "cat", "dog"], [1, 0, 1], ("cat", "dog")),
        ([b"caf\xc3\xa9", b"bar"], [1, 0], ("bar", "café")),
        (["10", "9", "2"], [2, 1, 0], ("2", "9", "10")),
        ([True, False], [1, 0], ("0", "1")),
    ],
)
def test_labels_of_any_kind_become_numbers(column, labels, names):
    assert read(column) == ([labels], names)


def test_text_has_the_classes_of_the_training_images_in_all_parts():
    assert read(["a", "c", "b"], ["c"])[0] == [[0, 2, 1], [2]]
    with pytest.raises(InputError, match="among the classes.*y1 with 'd'"):
        read(["a", "b"], ["d"])


def test_labels_that_begin_at_1_are_shifted_and_said_so():
    labels, names, notes = class_labels({"y": np.array([3, 1, 2])})
    assert (labels["y"].tolist(), names) == ([2, 0, 1], ("1", "2", "3"))
    assert "begin at 1 (y): class 1 is output 0" in notes[0]
    assert read([1, 2], names=["cat", "dog"]) == ([[0, 1]], ("cat", "dog"))
    # class 0 has a name: it has no images
    assert read([1, 2], names=["a", "b", "c"]) == ([[1, 2]], ("a", "b", "c"))


def test_class_names_in_bytes_are_read_as_text():
    assert read([0, 1], names=np.array([b"cat", b"dog"]))[1] == ("cat", "dog")


def test_numbers_in_a_table_are_names():
    assert read([7, 3, 7], named=True) == ([[1, 0, 1]], ("3", "7"))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([0.5, 1.0], "integers, text or one-hot.*float64"),
        ([0, -1], ">= 0.*-1"),
        ([0, 2], "label 2 and none 1"),
        ([2, 3], "label 3 and none 0"),
        ([[0, 1, 1], [1, 0, 0]], r"single 1.*row 0 is \[0, 1, 1\]"),
        ([[[1]]], "one label for each"),
        ([0, 10**9], "label 1000000000 and none 1"),
    ],
)
def test_labels_that_break_a_rule_raise(column, message):
    with pytest.raises(InputError, match=message):
        read(column)
