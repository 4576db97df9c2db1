import numpy as np
import pytest

from keras_cnn.doctor.findings import Attempt
from keras_cnn.doctor.trials.score import skill_score as skill
from keras_cnn.doctor.verdict import credits


def test_a_constant_answer_has_no_skill_and_a_perfect_one_all():
    y = np.array([0, 1, 2, 0, 1, 2])
    rows = np.eye(3)[y]
    constant = np.tile([0.9, 0.05, 0.05], (6, 1))
    assert skill(y, constant, "multiclass") == 0
    assert skill(y, rows, "multiclass") == skill(rows, rows, "multiclass") == 1


def test_skill_of_classes_is_what_accuracy_makes_up_of_the_majority():
    # 4 of 6 are class 0; 5 of 6 right: (5/6 - 4/6) / (1 - 4/6) = 1/2, and by recall
    # the mean of 1 and 1/2, so (3/4 - 1/2) / (1 - 1/2) = 1/2.
    y = np.array([0, 0, 0, 0, 1, 1])[:, None]
    answer = np.array([0.1, 0.2, 0.3, 0.4, 0.9, 0.2])[:, None]
    assert skill(y, answer, "binary") == pytest.approx(0.5)
    assert skill(y, 10 * answer - 5, "binary", threshold=0.0) == pytest.approx(0.5)


def test_skill_of_numbers_does_not_mind_a_few_absurd_targets():
    y = np.linspace(-1, 1, 101)[:, None]
    absurd = y.copy()
    absurd[3] = 1e6
    assert skill(absurd, y, "regression") == pytest.approx(1.0)
    assert skill(y, np.zeros_like(y), "regression") == 0
    assert skill(y, 0.5 * y, "regression") == pytest.approx(0.5)


def test_answers_that_are_not_finite_have_no_skill():
    assert skill(np.array([[1.0]]), np.array([[np.nan]]), "regression") == 0


def test_a_pair_credits_each_remedy_with_what_the_other_lacks():
    attempts = [
        Attempt(("a",), ("",), 0.1, 0.2, False),
        Attempt(("b",), ("",), 0.1, 0.5, False),
        Attempt(("a", "b"), ("", ""), 0.1, 0.9, True),
    ]
    assert credits(attempts) == pytest.approx({"a": 0.4, "b": 0.7})
