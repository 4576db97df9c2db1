"""Copies of models, for swapped activations, trials and new weights."""

import keras
import numpy as np
import pytest

from keras_cnn.doctor.trials import copies
from keras_cnn.models.copying import copy_model
from keras_cnn.runs.own_model import with_new_weights

NUMBERS = np.float32([[1.0, 5.0], [3.0, 7.0], [8.0, 0.5]])


def adapted(layer):
    layer.adapt(NUMBERS)
    return layer


PREPROCESSING = {
    "measured mean": lambda: adapted(keras.layers.Normalization()),
    "mean in the code": lambda: keras.layers.Normalization(mean=2.0, variance=4.0),
    "measured bins": lambda: adapted(keras.layers.Discretization(num_bins=3)),
    "bins in the code": lambda: keras.layers.Discretization([2.0, 6.0]),
}
COPIES = {
    "swapping": lambda model: copy_model(model).model,
    "trials": copies.copy_model,
    "new weights": with_new_weights,
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", PREPROCESSING)
def test_a_copy_prepares_its_input_as_the_original(name, way):
    layer = PREPROCESSING[name]()
    model = keras.Sequential([keras.Input((2,)), layer])
    expected = keras.ops.convert_to_numpy(model(NUMBERS))
    assert len(np.unique(expected)) > 1
    copy = COPIES[way](model)
    np.testing.assert_array_equal(copy(NUMBERS), expected)
