"""Each method on networks small enough to be worked out on paper."""

import keras
import numpy as np
import pytest

from keras_cnn.explain import (
    activation_maximization,
    deletion_and_insertion,
    feature_maps,
    grad_cam,
    grad_cam_plus_plus,
    gradient_x_input,
    integrated_gradients,
    kernels,
    occlusion,
    saliency,
    smooth_grad,
)
from tests.explain.models import images, linear, pointwise

# score 0 = x0, score 1 = x0 - 2 x1 + 3 x3
TWO_CLASSES = [[1, 1], [0, -2], [0, 0], [0, 3]]
ONE = images([1, 2, 3, 4])  # scores 1 and 9


def square(*pixels):
    return np.array(pixels, float).reshape(2, 2)


def close(maps, *expected):
    np.testing.assert_allclose(maps, expected, atol=1e-5)


@pytest.mark.parametrize("head", [None, "softmax"])
def test_methods_on_a_linear_score_give_its_weights_and_terms(head):
    model = linear(TWO_CLASSES, head)
    found = saliency(model, ONE)
    assert found.classes.tolist() == [1]
    np.testing.assert_allclose(found.scores, [9], atol=1e-5)
    close(found.maps, square(1, 2, 0, 3))
    close(smooth_grad(model, ONE, samples=3).maps, square(1, 2, 0, 3))
    terms = square(1, -4, 0, 12)
    close(gradient_x_input(model, ONE).maps, terms)
    close(integrated_gradients(model, ONE).maps, terms)
    close(occlusion(model, ONE, patch=1).maps, terms)


def test_each_image_can_have_a_class_of_its_own():
    model = linear(TWO_CLASSES)
    two = np.concatenate([ONE, ONE])
    close(saliency(model, two, [0, 1]).maps, square(1, 0, 0, 0), square(1, 2, 0, 3))
    close(saliency(model, two, 0).maps, *[square(1, 0, 0, 0)] * 2)


def test_integrated_gradients_count_from_the_baseline():
    model = linear(TWO_CLASSES)
    expected = square(0, -2, 0, 9)  # weights times (x - 1)
    close(integrated_gradients(model, ONE, 1, baseline=1.0).maps, expected)
    grown = np.ones((2, 2, 1))
    close(integrated_gradients(model, ONE, 1, baseline=grown).maps, expected)


def test_integrated_gradients_of_a_kink_are_its_height():
    # score = 2 * sum of relu(x - 0.5): of 0.9 the way above 0.5 is 0.4, times 2
    model = pointwise([[1]], [[8]], bias=[-0.5])
    one = images([0.9, 0.5, 0.3, 0.0])
    found = integrated_gradients(model, one, 0, steps=90, max_steps=90)
    close(found.maps, square(0.8, 0, 0, 0))
    assert found.convergence_delta[0] < 1e-5
    close(gradient_x_input(model, one, 0).maps, square(1.8, 0, 0, 0))


def test_a_gap_that_is_left_is_warned_of_and_returned():
    # in two steps the gradient is taken at 0.225 and 0.675: 0.9 * (0 + 2) / 2 = 0.9,
    # where the score's change is 0.8
    model = pointwise([[1]], [[8]], bias=[-0.5])
    one = images([0.9, 0, 0, 0])
    with pytest.warns(UserWarning, match=r"1 do not .* within 1.0%.* 12.5%, after 2"):
        found = integrated_gradients(model, one, 0, steps=2, max_steps=3)
    np.testing.assert_allclose(found.convergence_delta, [0.125], atol=1e-5)


def test_smooth_grad_at_a_kink_is_the_mean_slope():
    # score = sum of relu(x) / 4 * 4; the noise is above 0 half of the time
    model = pointwise([[1]], [[4]])
    found = smooth_grad(model, images([0, 0, 0, 1]), samples=400, noise=0.1)
    np.testing.assert_allclose(found.maps[0, 0], [0.5, 0.5], atol=0.08)
    np.testing.assert_allclose(found.maps[0, 1], [0.5, 1], atol=0.08)
    without = smooth_grad(model, images([-1, 0.5, 0, 1]), samples=2, noise=0.0)
    close(without.maps, square(0, 1, 0, 1))


def test_saliency_of_colours_is_the_strongest_channels():
    weights = np.arange(12).reshape(12, 1)  # pixel 0 has the weights 0, 1, 2, ...
    weights = np.concatenate([weights, -2 * weights], axis=1)
    model = linear(weights, shape=(2, 2, 3))
    one = np.full((1, 2, 2, 3), 0.5, "float32")
    close(saliency(model, one, 1).maps, 2 * square(2, 5, 8, 11))
    close(gradient_x_input(model, one, 0).maps, square(1.5, 6, 10.5, 15))


def test_grad_cam_weights_maps_by_their_mean_gradient():
    # maps x and -x; class 0 has the weights 4 / 4 = 1 and 2, class 1 2 and -1
    model = pointwise([[1, -1]], [[4, 8], [8, -4]], activation=None)
    one = images([1, -2, 3, -4])
    close(grad_cam(model, one, 0).maps, square(0, 2, 0, 4))  # relu(x - 2x)
    close(grad_cam(model, one, 1).maps, square(3, 0, 9, 0))  # relu(2x + x)


def through_one_map(weights):
    """A score that is a weighted sum of the places of one map, which is the image."""
    model = keras.Sequential(
        [
            keras.Input((2, 2, 1)),
            keras.layers.Conv2D(1, 1, use_bias=False, kernel_initializer="ones"),
            keras.layers.Flatten(),
            keras.layers.Dense(1, use_bias=False),
        ]
    )
    model.layers[-1].set_weights([np.array(weights, "float32").reshape(4, 1)])
    return model


def test_grad_cam_averages_gradients_over_places():
    model = through_one_map([1, 2, 3, 6])  # mean 3
    close(grad_cam(model, images([1, 0, 2, 0])).maps, square(3, 0, 6, 0))


def test_grad_cam_plus_plus_weights_places_by_the_second_order():
    # the map sums to 1, so alpha = 1 / (2 + g): 1/3, 1/4, 1/5, 1/8; w = sum of alpha g
    model = through_one_map([1, 2, 3, 6])
    weight = 1 / 3 + 2 / 4 + 3 / 5 + 6 / 8
    one = images([1, 0, 0, 0])
    close(grad_cam_plus_plus(model, one).maps, square(weight, 0, 0, 0))
    # a negative gradient has no part in w
    model = through_one_map([1, -2, 3, 6])
    close(grad_cam_plus_plus(model, one).maps, square(weight - 0.5, 0, 0, 0))


def test_grad_cam_is_enlarged_to_the_image():
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(1, 2, 2, use_bias=False, kernel_initializer="ones"),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    image = np.zeros((1, 4, 4, 1), "float32")
    image[0, 0, 0, 0] = 16  # the 2x2 map is 16 at its first place, the weight 1/4
    # bilinear, pixels at -0.25, 0.25, 0.75, 1.25 of the map's: 1, 3/4, 1/4, 0
    shares = np.array([1, 0.75, 0.25, 0])
    close(grad_cam(model, image).maps, 4 * np.outer(shares, shares))


def test_occlusion_shares_out_what_a_patch_costs():
    model = linear(TWO_CLASSES)
    everything = occlusion(model, ONE, patch=2)  # one patch: the whole score, 9
    close(everything.maps, square(9, 9, 9, 9))
    weights = np.zeros((9, 1))
    weights[4] = 5  # the middle of 3x3
    model = linear(weights, shape=(3, 3, 1))
    one = np.ones((1, 3, 3, 1), "float32")
    # all four 2x2 patches cover the middle; patches that leave it cost nothing
    found = occlusion(model, one, patch=2, stride=1)
    np.testing.assert_allclose(found.maps, np.full((1, 3, 3), 5), atol=1e-5)
    corner = np.zeros((9, 1))
    corner[0] = 4  # only the first patch covers it
    found = occlusion(linear(corner, shape=(3, 3, 1)), one, patch=2, stride=1)
    # the first row: 4 / 1 patch, 4 / 2, 0
    close(found.maps, [[4, 2, 0], [2, 1, 0], [0, 0, 0]])


def test_occlusion_fills_with_what_it_is_told():
    found = occlusion(linear(TWO_CLASSES), ONE, 1, patch=1, fill=1.0)
    close(found.maps, square(0, -2, 0, 9))


def test_feature_maps_and_kernels_are_the_layers_own():
    model = pointwise([[2, -1]], [[1], [1]], bias=[0, 3])
    found = feature_maps(model, images([1, 2, 3, 4]))
    assert list(found) == ["conv"]
    expected = np.stack([square(2, 4, 6, 8), square(2, 1, 0, 0)], axis=-1)
    np.testing.assert_allclose(found["conv"], expected[np.newaxis], atol=1e-6)
    assert kernels(model)["conv"].tolist() == [[[[2, -1]]]]


def test_activation_maximization_fills_what_excites_and_no_more():
    plain = {"jitter": 0, "smoothness": 0, "decay": 0}
    model = linear([[1, -1], [-2, 2], [3, 0], [1, 0]])
    found = activation_maximization(model, [0, 1], **plain)
    close(found.images[0, ..., 0][np.newaxis], square(1, 0, 1, 1))
    assert found.images[1, 0, :, 0].tolist() == [0, 1]
    np.testing.assert_allclose(found.activations, [5, 2], atol=1e-5)
    # what does not excite decays
    found = activation_maximization(model, 1, **plain | {"decay": 0.5})
    assert found.images[0, 1].max() < 0.05
    wide = activation_maximization(model, 0, value_range=(-2.0, 3.0), **plain)
    close(wide.images[..., 0], square(3, -2, 3, 3))


def test_activation_maximization_of_a_layers_map():
    model = pointwise([[2, -1]], [[1], [1]], activation=None)
    plain = {"jitter": 0, "smoothness": 0, "decay": 0}
    found = activation_maximization(model, layer="conv", **plain)
    close(found.images[..., 0], square(1, 1, 1, 1), square(0, 0, 0, 0))
    assert found.units.tolist() == [0, 1] and found.layer == "conv"
    np.testing.assert_allclose(found.activations, [2, 0], atol=1e-5)


def test_smoothness_draws_neighbours_together():
    model = linear([[1, 0], [-1, 0], [1, 0], [-1, 0]])
    rough = activation_maximization(model, 0, jitter=0, smoothness=0).images
    even = activation_maximization(model, 0, jitter=0, smoothness=5.0).images
    assert np.ptp(rough) == 1 and np.ptp(even) < 0.5


def test_deletion_and_insertion_follow_the_map():
    # the probability of class 1 is sigmoid(8 x3 - 4): 0.98 with the pixel, 0.02 without
    model = keras.Sequential(
        [keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    model.layers[-1].set_weights(
        [np.array([[0, 0], [0, 0], [0, 0], [0, 8]], "float32"), np.array([0.0, -4])]
    )
    one = images([1, 1, 1, 1])
    yes, no = 1 / (1 + np.exp([-4, 4]))
    good = deletion_and_insertion(model, one, [square(0, 0, 0, 1)], 1, steps=4)
    np.testing.assert_allclose(good.deletion, [[yes, no, no, no, no]], atol=1e-6)
    np.testing.assert_allclose(good.insertion, [[no, yes, yes, yes, yes]], atol=1e-6)
    # one trapezoid of four falls from yes to no
    np.testing.assert_allclose(good.deletion_area, [no + (yes - no) / 8], atol=1e-6)
    np.testing.assert_allclose(good.insertion_area, [yes - (yes - no) / 8], atol=1e-6)
    bad = deletion_and_insertion(model, one, [square(0, 0, 0, -1)], 1, steps=4)
    np.testing.assert_allclose(bad.deletion, [[yes, yes, yes, yes, no]], atol=1e-6)
    assert bad.shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
