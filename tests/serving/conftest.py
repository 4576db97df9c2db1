import numpy as np
import pytest

from keras_cnn.prediction import Predictor
from keras_cnn.serving import Heat, ServedModel
from tests.serving.running import NAMES, by_quarter, served_at


@pytest.fixture(scope="session")
def quarters():
    def grad_cam(image, label):
        values = image[..., 0] * (label + 1.0)
        return Heat(values, "" if values.any() else "all black")

    predictor = Predictor(by_quarter, (28, 28, 1), NAMES)
    return ServedModel(predictor, "quarters", 3, grad_cam)


@pytest.fixture(scope="session")
def port(quarters):
    """The port of a server of `quarters`, which all tests share."""
    with served_at(quarters) as port:
        yield port


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
