import pytest
from keras.src.initializers.random_initializers import compute_fans

from keras_cnn._fans import fans


@pytest.mark.parametrize("shape", [(), (7,), (7, 5), (3, 7, 5), (2, 3, 7, 5)])
def test_fans_are_those_by_which_keras_scales(shape):
    assert fans(shape) == compute_fans(shape)
