import math

import pytest

from keras_cnn._checks import (
    InputError,
    check_choice,
    check_count,
    check_fraction,
    check_positive,
    did_you_mean,
)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3", None, math.nan])
def test_check_count_of_what_is_no_count_raises(value):
    with pytest.raises(InputError, match=r"`n` must be a whole number >= 1. Received"):
        check_count("n", value)


def test_check_count_accepts_its_bound():
    check_count("n", 1)
    check_count("n", 0, least=0)


@pytest.mark.parametrize("value", [0, -0.1, math.nan, math.inf, True, "1"])
def test_check_positive_of_what_is_not_raises(value):
    with pytest.raises(InputError, match=r"finite number > 0. Received: rate="):
        check_positive("rate", value)


@pytest.mark.parametrize("value", [-0.1, 1, 1.0, math.nan, math.inf, False])
def test_check_fraction_outside_its_range_raises(value):
    with pytest.raises(InputError, match=r"in \[0, 1\). Received: share="):
        check_fraction("share", value)


def test_check_fraction_accepts_its_bounds():
    check_fraction("share", 0)
    check_fraction("share", 0.999)


def test_check_choice_of_another_names_the_nearest():
    with pytest.raises(InputError, match='relu.*Received.*rleu.*Did you mean "relu"'):
        check_choice("activation", "rleu", ("relu", "tanh"))


def test_did_you_mean_of_nothing_near_is_empty():
    assert did_you_mean("zebra", ["mnist"]) == ""


def test_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)
