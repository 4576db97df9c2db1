import numpy as np
import pytest

from tests.serving.running import served_at, served_quarters


@pytest.fixture(scope="session")
def quarters():
    return served_quarters()


@pytest.fixture(scope="session")
def port(quarters):
    """The port of a server of `quarters`, which all tests share."""
    with served_at(quarters) as port:
        yield port


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
