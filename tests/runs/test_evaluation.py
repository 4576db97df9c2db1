"""What is said of a model's predictions, worked out by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_cnn.data import ArraySplit, ImageDataset, Provenance, load
from keras_cnn.runs.evaluation import evaluation_of
from keras_cnn.runs.evaluation_folder import write_evaluation
from keras_cnn.runs.scoring import Scores

NAMES = ("ant", "bee", "cat")


# Three are right, two wrong; none is taken for a cat.
LABELS = np.array([0, 0, 1, 1, 2])
PROBABILITIES = np.array(
    [
        [0.90, 0.05, 0.05],  # right
        [0.30, 0.60, 0.10],  # wrong: bee
        [0.10, 0.80, 0.10],  # right
        [0.02, 0.98, 0.00],  # right
        [0.95, 0.03, 0.02],  # wrong: ant
    ],
    np.float32,
)


@pytest.fixture
def told():
    return evaluation_of(Scores(LABELS, PROBABILITIES), NAMES)


def test_confusion_precision_recall_and_f1(told):
    assert told.confusion.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]
    ant, bee, cat = told.classes
    assert (ant.precision, ant.recall, ant.f1, ant.images) == (0.5, 0.5, 0.5, 2)
    assert (bee.precision, bee.recall) == (pytest.approx(2 / 3), 1)
    assert bee.f1 == pytest.approx(0.8)
    assert (cat.precision, cat.recall, cat.f1, cat.images) == (0, 0, 0, 1)


def test_accuracy_with_wilsons_interval(told):
    # p = 3/5, n = 5, z = 1.959964:
    # (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
    assert told.accuracy == 0.6
    assert told.interval == pytest.approx((0.230724, 0.882379), abs=1e-5)


def test_calibration_error_is_the_mean_gap_of_the_bins(told):
    # Bins of 1/15. 0.6 is in (0.533, 0.6] or, as float32, just above; 0.8 likewise;
    # 0.90 in (0.867, 0.933]; 0.95 and 0.98 in (0.933, 1].
    filled = [part for part in told.calibration if part.images]
    assert [part.images for part in filled] == [1, 1, 1, 2]
    assert filled[-1].confidence == pytest.approx(0.965)
    assert filled[-1].accuracy == 0.5
    # (|0 - 0.6| + |1 - 0.8| + |1 - 0.9| + 2 |0.5 - 0.965|) / 5
    assert told.calibration_error == pytest.approx(0.366)


def test_a_confidence_of_one_is_in_the_last_bin():
    told = evaluation_of(Scores(np.array([0]), np.array([[1.0, 0.0]])), ("a", "b"))
    assert told.calibration[-1].images == 1
    assert told.calibration_error == 0


def test_mistakes_begin_with_the_most_confident(told):
    first, second = told.mistakes
    assert (first.position, first.label, first.predicted) == (4, "cat", "ant")
    assert first.probability == pytest.approx(0.95)
    assert (second.position, second.label, second.predicted) == (1, "ant", "bee")
    assert len(told.to_dict(max_mistakes=1)["mistakes"]) == 1


def test_mistakes_name_the_files_of_a_folder(rng, tmp_path):
    for name in NAMES:
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(5):
            pixels = rng.integers(0, 256, (6, 6), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "set" / name / f"{number}.png")
    test = load(tmp_path / "set").test  # a fifth of each class, held out
    assert [Path(file).parent.name for file in test.files] == [*NAMES]
    np.testing.assert_array_equal(
        [np.asarray(Image.open(file)) for file in test.files], test.images[..., 0]
    )
    always_ant = np.array([[0.8, 0.1, 0.1]] * 3, np.float32)
    told = evaluation_of(Scores(test.labels, always_ant), NAMES, test.files)
    assert [mistake.file for mistake in told.mistakes] == list(test.files[1:])


def test_what_is_said_is_kept_in_a_folder(told, rng, tmp_path):
    split = ArraySplit(rng.integers(0, 256, (5, 6, 6, 1), np.uint8), LABELS)
    dataset = ImageDataset("animals", NAMES, split, split, Provenance("here"))
    scores = Scores(LABELS, PROBABILITIES)
    content = {"dataset": "animals", **told.to_dict()}
    write_evaluation(content, told, scores, dataset, tmp_path / "out")
    kept = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert kept["test_accuracy"] == 0.6 and kept["dataset"] == "animals"
    assert kept["classes"][1]["recall"] == 1
    assert kept["mistakes"][0]["position"] == 4
    assert sum(part["images"] for part in kept["calibration"]) == 5
    for name in ("reliability", "confusion_matrix", "mistakes"):
        assert (tmp_path / "out" / f"{name}.png").stat().st_size > 1000
