"""What the experiments measure with, against values worked by hand."""

import numpy as np
import pytest

from keras_cnn.claims.crossentropy import calibration_error
from keras_cnn.claims.images import Images, images
from keras_cnn.claims.imbalance import imbalanced
from keras_cnn.claims.kernels import edges, likeness, oriented_filters
from keras_cnn.claims.learning_curve import LearningCurve
from keras_cnn.claims.open_problems import spoiled
from keras_cnn.data import load


def curve(steps, accuracy):
    seconds = np.array(steps) / 10
    return LearningCurve(np.array(steps), np.array(accuracy), seconds, state=None)


def test_a_goal_is_reached_on_the_line_between_two_points():
    run = curve([50, 100, 150], [0.5, 0.9, 0.8])
    assert run.steps_to(0.7) == pytest.approx(75)
    assert run.seconds_to(0.7) == pytest.approx(7.5)
    assert run.steps_to(0.4) == 50
    assert run.steps_to(0.9) == 100


def test_what_never_arrives_counts_as_twice_the_whole():
    assert curve([50, 100], [0.5, 0.6]).steps_to(0.97) == 200


def test_calibration_error_by_hand():
    sure = np.array([[0.95, 0.05], [0.95, 0.05], [0.45, 0.55], [0.45, 0.55]])
    # Half right at 0.95, all right at 0.55: (0.45 + 0.45) / 2.
    assert calibration_error(sure, np.array([0, 1, 1, 1])) == pytest.approx(0.45)
    certain = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert calibration_error(certain, np.array([0, 1])) == 0


@pytest.mark.parametrize(("ratio", "rare"), [(1, 50), (10, 9), (100, 2)])
def test_a_rarer_class_leaves_the_number_of_images(ratio, rare):
    labels = np.repeat([0, 1], 200).astype("int32")
    some = Images(np.arange(400, dtype="float32"), labels)
    chosen = imbalanced(some, ratio, 100, seed=0)
    assert len(chosen) == 100 and chosen.y.sum() == rare
    assert len(np.unique(chosen.x)) == 100


@pytest.fixture
def bright():
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 1, (2000, 2, 2, 1)).astype("float32")
    return Images(x, rng.integers(0, 10, 2000).astype("int32"))


def test_four_labels_in_ten_are_wrong(bright):
    noisy = spoiled(bright, "label noise", 1)
    assert np.mean(noisy.y != bright.y) == pytest.approx(0.4, abs=0.04)
    assert set(noisy.y) <= set(range(10))
    np.testing.assert_array_equal(noisy.x, bright.x)


def test_one_image_in_ten_is_twenty_times_brighter(bright):
    far = spoiled(bright, "outliers", 1)
    times = (far.x / bright.x).reshape(2000, -1)
    assert np.mean(np.isclose(times, 20).all(axis=1)) == pytest.approx(0.1, abs=0.02)
    assert (np.isclose(times, 20) | np.isclose(times, 1)).all()
    np.testing.assert_array_equal(far.y, bright.y)


@pytest.mark.parametrize("condition", ["clean", "large rate"])
def test_other_conditions_leave_the_images(bright, condition):
    assert spoiled(bright, condition, 1) is bright


def test_an_edge_is_like_an_edge_and_a_flat_kernel_like_none():
    vertical = np.array([[-1.0, 0, 1]] * 3).reshape(3, 3, 1, 1)
    assert likeness(vertical) > 0.9
    assert likeness(-5 * vertical) == pytest.approx(likeness(vertical))
    assert likeness(np.ones((3, 3, 1, 1))) == pytest.approx(0, abs=1e-12)
    assert edges(np.concatenate([vertical, np.ones((3, 3, 1, 1))], axis=3)) == 0.5


def test_oriented_filters_are_unit_vectors_without_a_mean():
    filters = oriented_filters()
    np.testing.assert_allclose(np.linalg.norm(filters, axis=1), 1)
    np.testing.assert_allclose(filters.mean(axis=1), 0, atol=1e-12)


def test_what_chooses_is_neither_trained_nor_tested_on(monkeypatch):
    whole = load("digits")
    monkeypatch.setattr("keras_cnn.claims.images.load", lambda name: whole)
    splits = images.__wrapped__()
    assert len(splits.train) + len(splits.validation) == len(whole.train)
    assert len(splits.validation) == pytest.approx(len(whole.train) / 6, abs=10)
    assert len(splits.test) == len(whole.test)
    assert all(set(each.y) == set(range(10)) for each in (splits.train, splits.test))

    def seen(split):
        return {image.tobytes() for image in split.x}

    assert not seen(splits.validation) & (seen(splits.train) | seen(splits.test))


def test_two_classes_are_labelled_by_their_place():
    some = Images(np.arange(5, dtype="float32"), np.array([4, 9, 1, 9, 4], "int32"))
    pair = some.of(4, 9)
    assert pair.x.tolist() == [0, 1, 3, 4] and pair.y.tolist() == [0, 1, 1, 0]
