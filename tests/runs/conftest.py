"""What tests of runs share: few images."""

import pytest


@pytest.fixture(scope="session")
def few(digits):
    """256 images to train on, and 256 to test on."""
    return digits.limited(256)
