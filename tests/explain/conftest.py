"""A network that has learned to read digits, and digits that it has not seen."""

import keras
import numpy as np
import pytest

from keras_cnn import Trainer, article_cnn


def learned(images, labels, epochs):
    keras.utils.set_random_seed(0)
    model = article_cnn()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    images = images.astype(np.float32) / 255
    Trainer(model).fit(images, labels, epochs=epochs, verbose=0)
    return model


@pytest.fixture(scope="session")
def reader(digits):
    return learned(digits.train.images, digits.train.labels, epochs=5)


@pytest.fixture(scope="session")
def unseen(digits):
    return digits.test.images.astype(np.float32) / 255
