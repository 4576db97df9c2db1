"""What tests of runs share: few images."""

import pytest


@pytest.fixture(scope="session")
def few(digits):
    """256 images to train on, and 256 to test on."""
    return digits.limited(256)


@pytest.fixture
def determinism():
    """Leaves TensorFlow as it was after a deterministic run, for the tests after it."""
    yield
    from tensorflow.python.framework import config

    config.disable_op_determinism()  # which has no public name
