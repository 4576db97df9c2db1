import numpy as np

from keras_cnn.runs.pictures import (
    draw_confusion_matrix,
    draw_curves,
    draw_mistakes,
)
from keras_cnn.runs.scoring import Scores


def scores_of(labels, predicted, classes=3):
    rows = np.full((len(labels), classes), 0.1, np.float32)
    rows[np.arange(len(labels)), predicted] = 0.8
    return Scores(np.asarray(labels, np.int64), rows)


def test_curves_show_each_value_and_the_test_accuracy(drawn, tmp_path):
    history = {"loss": [2.0, 1.0], "accuracy": [0.5, 0.75], "val_loss": [1.5, 1.25]}
    draw_curves(history, 0.7, tmp_path / "curves.png")
    loss, accuracy = drawn[0].axes
    assert [line.get_ydata().tolist() for line in loss.lines] == [
        [2.0, 1.0],
        [1.5, 1.25],
    ]
    assert accuracy.lines[0].get_xdata().tolist() == [1, 2]
    assert set(accuracy.lines[1].get_ydata()) == {0.7}


def test_curves_without_an_epoch_are_drawn_all_the_same(tmp_path):
    draw_curves({}, None, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000


def test_confusion_matrix_counts_and_colours_errors_only(drawn, tmp_path):
    # true 0: twice right; true 1: once taken for 2; true 2: right
    scores = scores_of([0, 0, 1, 2], [0, 0, 2, 2])
    draw_confusion_matrix(scores, ("a", "b", "c"), tmp_path / "matrix.png")
    axes = drawn[0].axes[0]
    texts = {text.get_position(): text.get_text() for text in axes.texts}
    assert texts == {(0, 0): "2", (2, 1): "1", (2, 2): "1"}
    errors = axes.images[0].get_array()
    assert errors[1, 2] == 1
    assert np.ma.is_masked(errors[0, 0]) or np.isnan(errors[0, 0])


def test_mistakes_name_what_was_seen_and_what_was_true(drawn, tmp_path):
    scores = scores_of([0, 1, 2], [0, 2, 2])
    images = np.zeros((1, 28, 28, 1), np.uint8)
    draw_mistakes(scores, images, ("cat", "dog", "owl"), tmp_path / "mistakes.png")
    titles = [axes.get_title() for axes in drawn[0].axes if axes.get_title()]
    assert titles == ["owl (80.0%)\ntruly dog"]


def test_no_mistakes_are_said_to_be_none(drawn, tmp_path):
    images = np.zeros((0, 28, 28, 1), np.uint8)
    draw_mistakes(
        scores_of([0, 1], [0, 1]), images, ("a", "b", "c"), tmp_path / "mistakes.png"
    )
    assert drawn[0].get_suptitle() == "0 mistakes in 2 test images"
