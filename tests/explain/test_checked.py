"""Explanations are checked, not admired: on real digits, and by what must hold."""

import gzip

import keras
import numpy as np
import pytest
from scipy.stats import spearmanr

from keras_cnn.explain import METHODS, deletion_and_insertion, integrated_gradients
from tests.explain.conftest import learned

QUICK = {
    "smooth_grad": {"samples": 4},
    "integrated_gradients": {"steps": 16, "max_gap": 1.0},
    "occlusion": {"patch": 6, "stride": 3},
}
FAITHFUL = ["gradient_x_input", "integrated_gradients", "occlusion"]


def logits_of(model, images):
    """The last layer's sums, in NumPy float64."""
    features = keras.Sequential(model.layers[:-1])(images)
    kernel, bias = model.layers[-1].get_weights()
    return np.asarray(features, np.float64) @ kernel.astype(np.float64) + bias


def assert_complete(model, images):
    found = integrated_gradients(model, images)
    rows = np.arange(len(images))
    after = logits_of(model, images)[rows, found.classes]
    before = logits_of(model, np.zeros_like(images))[rows, found.classes]
    np.testing.assert_allclose(found.scores, after, rtol=1e-4, atol=1e-4)
    missing = np.abs(found.maps.sum(axis=(1, 2), dtype=float) - (after - before))
    shares = missing / np.abs(after - before)
    assert shares.max() <= 0.01
    np.testing.assert_allclose(found.convergence_delta, shares, atol=1e-3)
    return found


def test_integrated_gradients_of_real_digits_sum_to_the_score_within_1_percent(
    reader, unseen
):
    assert_complete(reader, unseen[:100])


def idx(path, count):
    """Returns the first images or labels of one of MNIST's original files."""
    content = gzip.decompress(path.read_bytes())
    is_images = "images" in path.name
    values = np.frombuffer(content, np.uint8, offset=16 if is_images else 8)
    return values.reshape(-1, 28, 28, 1)[:count] if is_images else values[:count]


@pytest.mark.large
def test_integrated_gradients_of_mnist_sum_to_the_score_within_1_percent(originals):
    images = idx(originals / "train-images-idx3-ubyte.gz", 3000)
    labels = idx(originals / "train-labels-idx1-ubyte.gz", 3000)
    model = learned(images, labels, epochs=1)
    tested = idx(originals / "t10k-images-idx3-ubyte.gz", 100)
    assert_complete(model, tested.astype(np.float32) / 255)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "smooth_grad"])
def test_a_shifted_image_has_a_shifted_map(name, rng):
    """SmoothGrad is left out: its noise does not move with the image."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((24, 24, 1)),
            keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(4, 3, padding="same", activation="tanh"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    # without biases the black border counts nothing, wherever the edge of it lies
    image = np.zeros((1, 24, 24, 1), np.float32)
    image[:, 8:14, 8:14] = rng.random((1, 6, 6, 1))
    moved = np.roll(image, (4, -3), axis=(1, 2))
    chosen = {"patch": 3, "stride": 1} if name == "occlusion" else {}
    here, there = (METHODS[name](model, x, 1, **chosen).maps for x in (image, moved))
    assert here.any()
    inside = (slice(None), slice(7, 21), slice(4, 17))  # nothing wraps round there
    np.testing.assert_allclose(
        there[inside], np.roll(here, (4, -3), axis=(1, 2))[inside], atol=1e-6
    )


@pytest.fixture(scope="module")
def maps(reader, unseen):
    """The maps of the network that has learned, and of one that has not."""
    keras.utils.set_random_seed(7)
    ignorant = keras.models.clone_model(reader)
    images = unseen[:20]
    classes = np.asarray(reader(images)).argmax(axis=1)
    return images, [
        {
            name: method(model, images, classes, **QUICK.get(name, {})).maps
            for name, method in METHODS.items()
        }
        for model in (reader, ignorant)
    ]


@pytest.mark.parametrize("name", list(METHODS))
def test_other_weights_give_another_map(name, maps):
    """The sanity check by randomised weights of Adebayo et al., 2018.

    Of each map the mean over the images is taken away first: pixels near the middle
    reach the score by more ways, whatever the weights are. Ranks are compared where
    there is ink: a product with the image is 0 elsewhere.
    """
    images, both = maps
    own, other = (of[name] - of[name].mean(axis=0) for of in both)
    ink = images[..., 0] > 0
    ranks = [
        spearmanr(own[i][ink[i]], other[i][ink[i]]).statistic
        for i in range(len(images))
    ]
    assert np.mean(ranks) < 0.5


@pytest.mark.parametrize("name", FAITHFUL)
def test_maps_point_at_what_the_network_uses(name, maps, reader, rng):
    images, (trained, _) = maps
    found = deletion_and_insertion(reader, images, trained[name], steps=14)
    random = rng.random(trained[name].shape)
    by_chance = deletion_and_insertion(reader, images, random, steps=14)
    fall = by_chance.deletion_area - found.deletion_area
    rise = found.insertion_area - by_chance.insertion_area
    for gain in (fall, rise):  # above 0 by twice its standard error
        assert gain.mean() > 2 * gain.std(ddof=1) / np.sqrt(len(gain))
