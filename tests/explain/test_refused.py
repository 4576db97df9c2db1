"""What cannot be explained is refused in one sentence; a map of zeros says why."""

import keras
import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn.explain import (
    METHODS,
    activation_maximization,
    deletion_and_insertion,
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

MODEL = linear(np.eye(4))
ONE = images([1, 2, 3, 4])


@pytest.mark.parametrize(
    ("given", "classes", "rule"),
    [
        (ONE.astype(np.uint8), None, "must be floats .* dtype uint8"),
        (ONE[0], None, r"shape \(batch, 2, 2, 1\). Received: images of shape \(2, 2"),
        (ONE[:, :1], None, r"must be of shape \(batch, 2, 2, 1\)"),
        (ONE * np.nan, None, "must be finite"),
        (ONE, 4, "from 0 to 3. Received: classes=4"),
        (ONE, -1, "from 0 to 3"),
        (ONE, [0, 1], "one for each of 1 images"),
        (ONE, 0.5, "must be one class number"),
        (ONE, "seven", "must be one class number"),
    ],
)
def test_images_and_classes_that_do_not_fit_raise(given, classes, rule):
    with pytest.raises(InputError, match=rule):
        saliency(MODEL, given, classes)


def two_outputs():
    image = keras.Input((2, 2, 1))
    flat = keras.layers.Flatten()(image)
    return keras.Model(image, [flat, flat])


def two_inputs():
    both = [keras.Input((2, 2, 1)), keras.Input((2, 2, 1))]
    return keras.Model(both, keras.layers.Flatten()(both[0] + both[1]))


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: keras.Sequential([keras.layers.Flatten()]), "must be built"),
        (two_outputs, "one row of scores .* with several for two images"),
        (two_inputs, "one input, of images"),
        (
            lambda: keras.Sequential([keras.Input((2, 2, 1)), keras.layers.ReLU()]),
            r"one row of scores .* outputs of shape \(2, 2, 2, 1\)",
        ),
        (lambda: linear([[np.nan, 1]] * 4), "scores must be finite .* for image 0"),
    ],
    ids=["not built", "two outputs", "two inputs", "an image out", "NaN"],
)
def test_models_that_cannot_be_explained_raise(build, rule):
    with pytest.raises(InputError, match=rule):
        saliency(build(), ONE)


@pytest.mark.parametrize(
    ("method", "arguments", "rule"),
    [
        (saliency, {"batch_size": 0}, "`batch_size` must be"),
        (smooth_grad, {"samples": 0}, "`samples` must be"),
        (smooth_grad, {"noise": -0.1}, "`noise` must be"),
        (smooth_grad, {"seed": -1}, "`seed` must be"),
        (integrated_gradients, {"steps": 0}, "`steps` must be"),
        (integrated_gradients, {"max_steps": 8}, "`max_steps` must be .* >= 64"),
        (integrated_gradients, {"max_gap": -1}, "`max_gap` must be"),
        (integrated_gradients, {"baseline": np.inf}, "`baseline` must be"),
        (integrated_gradients, {"baseline": np.ones((3, 2, 1))}, "`baseline` must be"),
        (occlusion, {"patch": 3}, "side, 2, .* Received: patch=3"),
        (occlusion, {"patch": 1, "stride": 2}, "`stride` at most `patch`"),
        (occlusion, {"fill": np.nan}, "`fill` must be"),
        (deletion_and_insertion, {"maps": np.ones((1, 3, 3))}, "`maps` must be"),
        (deletion_and_insertion, {"maps": [[[0, 1], [2, np.nan]]]}, "`maps` must be"),
        (
            deletion_and_insertion,
            {"maps": np.ones((1, 2, 2)), "steps": 0},
            "`steps` must be",
        ),
        (
            deletion_and_insertion,
            {"maps": np.ones((1, 2, 2)), "fill": np.inf},
            "`fill` must be",
        ),
    ],
)
def test_numbers_that_make_no_sense_raise(method, arguments, rule):
    with pytest.raises(InputError, match=rule):
        method(MODEL, ONE, **arguments)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"units": 4}, "from 0 to 3"),
        ({"value_range": (1.0, 0.0)}, "`value_range` must be"),
        ({"steps": 0}, "`steps` must be"),
        ({"step_size": 0}, "`step_size` must be"),
        ({"jitter": -1}, "`jitter` must be"),
        ({"smoothness": -1}, "`smoothness` must be"),
        ({"decay": -1}, "`decay` must be"),
        ({"layer": "flatten"}, "`layer` must name"),
        ({"image_shape": (3, 3, 1)}, "must be of shape"),
    ],
)
def test_an_ascent_that_makes_no_sense_raises(arguments, rule):
    with pytest.raises(InputError, match=rule):
        activation_maximization(MODEL, **arguments)


def test_kernels_of_a_model_without_convolutions_raise():
    with pytest.raises(InputError, match="have a convolution over images"):
        kernels(MODEL)


def reason(found):
    (note,) = found.notes
    assert not found.maps.any() and note
    return note


def test_a_map_that_is_not_zero_has_nothing_to_say():
    assert saliency(MODEL, ONE).notes == ("",)


def test_a_score_that_depends_on_no_pixel_says_so():
    dead = pointwise([[1]], [[1, 2]], bias=[-100])
    for name, method in METHODS.items():
        found = method(dead, ONE, 1)
        expected = {
            "grad_cam": "The layer conv gives 0 everywhere",
            "grad_cam_plus_plus": "The layer conv gives 0 everywhere",
            "occlusion": "The score of class 1 is the same wherever a patch",
        }.get(name, "the score of class 1 does not change with any pixel")
        assert expected in reason(found)


def test_a_black_image_says_so():
    black = np.zeros_like(ONE)
    assert "The image is 0 everywhere" in reason(gradient_x_input(MODEL, black))
    assert "The image is its baseline" in reason(integrated_gradients(MODEL, black))
    assert "The image is 0 everywhere, the value" in reason(occlusion(MODEL, black))
    assert "The image is 1 everywhere" in reason(occlusion(MODEL, black + 1, fill=1))


def test_a_score_of_black_pixels_alone_says_so():
    one = images([0, 1, 1, 1])
    assert "pixels that are 0" in reason(gradient_x_input(MODEL, one, 0))
    assert "as in the baseline" in reason(integrated_gradients(MODEL, one, 0))


def test_grad_cam_says_what_left_nothing():
    against = pointwise([[1]], [[1, -1]])
    for method in (grad_cam, grad_cam_plus_plus):
        assert "No place of the layer conv speaks for class 1" in reason(
            method(against, ONE, 1)
        )
    beside = pointwise([[1]], [[1, 0]])
    assert "does not change with anything that the layer conv" in reason(
        grad_cam(beside, ONE, 1)
    )
