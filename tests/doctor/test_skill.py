import keras
import numpy as np
import pytest

from keras_cnn.doctor.findings import Attempt
from keras_cnn.doctor.program.outputs import read_head
from keras_cnn.doctor.trials.score import skill_score
from keras_cnn.doctor.verdict import credits

LOSSES = {
    "binary": "binary_crossentropy",
    "classes": "sparse_categorical_crossentropy",
    "rows": "categorical_crossentropy",
    "amounts": "mse",
}


def skill(y, outputs, loss):
    """Returns the skill of outputs whose layers are not known."""
    y = np.asarray(y)
    loss = LOSSES.get(loss, loss)
    head = read_head(0, "y", y, [], np.asarray(outputs, "float32"), loss)
    return skill_score(head, np.asarray(outputs, "float32"))


def test_a_constant_answer_has_no_skill_and_a_perfect_one_all():
    y = np.array([0, 1, 2, 0, 1, 2])
    rows = np.eye(3)[y]
    constant = np.tile([0.9, 0.05, 0.05], (6, 1))
    assert skill(y, constant, "classes") == 0
    assert skill(y, rows, "classes") == skill(rows, rows, "rows") == 1


def test_skill_of_classes_is_what_accuracy_makes_up_of_the_majority():
    # 4 of 6 are class 0; 5 of 6 right: (5/6 - 4/6) / (1 - 4/6) = 1/2, and by recall
    # the mean of 1 and 1/2, so (3/4 - 1/2) / (1 - 1/2) = 1/2.
    y = np.array([0, 0, 0, 0, 1, 1])[:, None]
    outputs = np.array([0.1, 0.2, 0.3, 0.4, 0.9, 0.2])[:, None]
    assert skill(y, outputs, "binary") == pytest.approx(0.5)
    logits = keras.losses.BinaryCrossentropy(from_logits=True)
    assert skill(y, 10 * outputs - 5, logits) == pytest.approx(0.5)


def test_skill_of_two_classes_does_not_mind_what_they_are_called():
    outputs = np.array([0.1, 0.2, 0.9, 0.8])[:, None]
    for no, yes in ((0, 1), (1, 2), (-1, 1), (0, 255)):
        y = np.array([no, no, yes, yes])[:, None]
        assert skill(y, outputs, "binary") == 1, (no, yes)


def test_a_distance_means_yes_where_it_is_small():
    def contrastive(same, distance):
        near = same * distance**2
        return near + (1 - same) * keras.ops.maximum(1 - distance, 0) ** 2

    same = np.array([1.0, 1.0, 0.0, 0.0])[:, None]
    assert skill(same, np.array([0.1, 0.2, 0.9, 1.5])[:, None], contrastive) == 1
    assert skill(same, np.array([0.9, 1.5, 0.1, 0.2])[:, None], contrastive) == 0


def test_labels_of_places_are_compared_with_the_places_of_the_output():
    tags = np.array([[0, 1, 2], [2, 1, 0]])
    outputs = np.eye(3)[tags]  # (2, 3, 3)
    assert skill(tags, outputs, "classes") == 1
    # Three of six are right: (1/2 - 1/3) / (1 - 1/3) = 1/4, by recall as well.
    half = np.eye(3)[np.array([[0, 1, 2], [0, 2, 1]])]
    assert skill(tags, half, "classes") == pytest.approx(0.25)


def test_skill_of_numbers_does_not_mind_a_few_absurd_targets():
    y = np.linspace(-1, 1, 101)[:, None]
    absurd = y.copy()
    absurd[3] = 1e6
    assert skill(absurd, y, "amounts") == pytest.approx(1.0)
    assert skill(y, np.zeros_like(y), "amounts") == 0
    assert skill(y, 0.5 * y, "amounts") == pytest.approx(0.5)


def test_a_loss_of_ones_own_says_itself_how_good_amounts_are():
    def pinball(y_true, y_pred):
        error = y_true - y_pred
        return keras.ops.mean(keras.ops.maximum(0.9 * error, -0.1 * error), -1)

    y = np.random.default_rng(0).normal(size=(500, 1)).astype("float32")
    # The best constant is the quantile of 0.9: it has no skill, the targets have all.
    assert skill(y, np.full_like(y, np.quantile(y, 0.9)), pinball) < 0.02
    assert skill(y, y, pinball) == pytest.approx(1)
    # Half-way above the targets costs a tenth of the error of half-way below.
    assert skill(y, y + 0.5, pinball) > skill(y, y - 0.5, pinball) + 0.5


def test_answers_that_are_not_finite_have_no_skill():
    assert skill(np.array([[1.0], [2.0]]), np.array([[np.nan], [1.0]]), "amounts") == 0


def test_a_pair_credits_each_remedy_with_what_the_other_lacks():
    attempts = [
        Attempt(("a",), ("",), 0.1, 0.2, False),
        Attempt(("b",), ("",), 0.1, 0.5, False),
        Attempt(("a", "b"), ("", ""), 0.1, 0.9, True),
    ]
    assert credits(attempts) == pytest.approx({"a": 0.4, "b": 0.7})
