"""The board's formulas: by hand, and each derivative against finite differences."""

import itertools

import numpy as np
import pytest

from keras_cnn.reference import layers as reference

EXACT = {"rtol": 1e-9, "atol": 1e-9}  # the differences below are of linear functions

WINDOWS = [
    pytest.param(strides, padding, dilation, id=f"s{strides}-{padding}-d{dilation}")
    for strides, padding, dilation in itertools.product(
        [(1, 1), (2, 1), (3, 2)], ["valid", "same"], [(1, 1), (2, 3)]
    )
    if max(strides) == 1 or max(dilation) == 1
]


def difference_quotient(function, x, upstream):
    """d sum(function(x) * upstream) / dx, one coordinate at a time."""
    gradient = np.empty(x.shape)
    for at in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[at] = 0.5
        gradient[at] = np.sum((function(x + step) - function(x - step)) * upstream)
    return gradient


def draw(*shape):
    return np.random.default_rng(7).normal(size=shape)


def test_padding_along_follows_the_window_that_must_fit():
    # ceil(5 / 2) = 3 windows of 3 start at 0, 2, 4 and reach 7: 2 more than 5.
    assert reference.padding_along(5, 3, 2, "same") == (1, 1)
    # 2 windows of 2 at 0, 3 reach 5 of 6: nothing to add.
    assert reference.padding_along(6, 2, 3, "same") == (0, 0)
    # A window of 2 with dilation 4 reaches 5: 4 more, for 7 positions of 7.
    assert reference.padding_along(7, 2, 1, "same", dilation=4) == (2, 2)
    assert reference.padding_along(7, 2, 1, "valid", dilation=4) == (0, 0)


def test_conv2d_of_a_small_image_equals_sums_by_hand():
    x = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).reshape(1, 3, 3, 1)
    kernel = np.array([[1, -1], [2, 0]]).reshape(2, 2, 1, 1)
    # 1 - 2 + 2 * 4 = 7, 2 - 3 + 2 * 5 = 9; 4 - 5 + 2 * 7 = 13, 5 - 6 + 2 * 8 = 15
    y = reference.conv2d(x, kernel, [0.5])
    assert y.ravel().tolist() == [7.5, 9.5, 13.5, 15.5]
    # "same" pads a row below and a column to the right: 3 + 2 * 6, 6 + 2 * 9
    y = reference.conv2d(x, kernel, padding="same")
    assert y[0, :, :, 0].tolist() == [[7, 9, 15], [13, 15, 24], [-1, -1, 9]]
    # dilation 2: 1 - 3 + 2 * 7
    assert reference.conv2d(x, kernel, dilation_rate=(2, 2)).ravel().tolist() == [12]
    # strides 2, "same": the corners of the padded result above
    y = reference.conv2d(x, kernel, padding="same", strides=(2, 2))
    assert y.ravel().tolist() == [7, 15, -1, 9]


def test_conv2d_in_groups_lets_a_filter_see_its_own_channels_only():
    x = np.array([1.0, 10.0, 100.0, 1000.0]).reshape(1, 1, 1, 4)
    kernel = np.array([[1, 2], [3, 4]]).reshape(1, 1, 2, 2)
    # filter 0: 1 * 1 + 3 * 10; filter 1: 2 * 100 + 4 * 1000
    assert reference.conv2d(x, kernel, groups=2).ravel().tolist() == [31, 4200]


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("strides, padding, dilation", WINDOWS)
def test_conv2d_gradients_equal_difference_quotients(
    strides, padding, dilation, groups
):
    x, kernel, bias = draw(2, 6, 7, 4), draw(2, 3, 4 // groups, 6), draw(6)
    options = {
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilation,
        "groups": groups,
    }
    u = draw(*reference.conv2d(x, kernel, bias, **options).shape)
    by_x = difference_quotient(
        lambda x: reference.conv2d(x, kernel, bias, **options), x, u
    )
    by_kernel = difference_quotient(
        lambda k: reference.conv2d(x, k, bias, **options), kernel, u
    )
    by_bias = difference_quotient(
        lambda b: reference.conv2d(x, kernel, b, **options), bias, u
    )
    ours = reference.conv2d_input_gradient(kernel, u, x.shape, **options)
    np.testing.assert_allclose(ours, by_x, **EXACT)
    ours = reference.conv2d_kernel_gradient(x, u, (2, 3), **options)
    np.testing.assert_allclose(ours, by_kernel, **EXACT)
    np.testing.assert_allclose(reference.conv2d_bias_gradient(u), by_bias, **EXACT)


def test_max_pooling2d_at_a_border_ignores_the_padding():
    x = -np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).reshape(1, 3, 3, 1)
    y = reference.max_pooling2d(x, padding="same")
    assert y[0, :, :, 0].tolist() == [[-1, -3], [-7, -9]]


def test_max_pooling2d_gradient_at_a_tie_goes_to_the_first():
    x = np.array([[5, 5], [5, 1]]).reshape(1, 2, 2, 1)
    gradient = reference.max_pooling2d_input_gradient(x, [[[[3.0]]]])
    assert gradient[0, :, :, 0].tolist() == [[3, 0], [0, 0]]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("pool, strides", [((2, 2), None), ((3, 2), (1, 2))])
def test_max_pooling2d_gradient_equals_difference_quotients(pool, strides, padding):
    # Steps of 0.5 must not change which value is the largest: spread them by 10.
    x = 10.0 * np.random.default_rng(7).permutation(2 * 5 * 6 * 3).reshape(2, 5, 6, 3)
    u = draw(*reference.max_pooling2d(x, pool, strides, padding).shape)
    expected = difference_quotient(
        lambda x: reference.max_pooling2d(x, pool, strides, padding), x, u
    )
    ours = reference.max_pooling2d_input_gradient(x, u, pool, strides, padding)
    np.testing.assert_allclose(ours, expected, **EXACT)


def test_average_pooling2d_at_a_border_is_a_mean_of_fewer():
    x = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).reshape(1, 3, 3, 1)
    y = reference.average_pooling2d(x, padding="same")
    # (1 + 2 + 4 + 5) / 4, (3 + 6) / 2; (7 + 8) / 2, 9
    assert y[0, :, :, 0].tolist() == [[3, 4.5], [7.5, 9]]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("pool, strides", [((2, 2), None), ((3, 2), (1, 2))])
def test_average_pooling2d_gradient_equals_difference_quotients(pool, strides, padding):
    x = draw(2, 5, 6, 3)
    u = draw(*reference.average_pooling2d(x, pool, strides, padding).shape)
    expected = difference_quotient(
        lambda x: reference.average_pooling2d(x, pool, strides, padding), x, u
    )
    ours = reference.average_pooling2d_input_gradient(
        u, x.shape, pool, strides, padding
    )
    np.testing.assert_allclose(ours, expected, **EXACT)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)], ids=str)
def test_dense_gradients_equal_difference_quotients(shape):
    x, kernel, bias = draw(*shape), draw(4, 5), draw(5)
    u = draw(*shape[:-1], 5)
    by_x = difference_quotient(lambda x: reference.dense(x, kernel, bias), x, u)
    by_kernel = difference_quotient(lambda k: reference.dense(x, k, bias), kernel, u)
    by_bias = difference_quotient(lambda b: reference.dense(x, kernel, b), bias, u)
    ours = reference.dense_input_gradient(kernel, u)
    np.testing.assert_allclose(ours, by_x, **EXACT)
    np.testing.assert_allclose(
        reference.dense_kernel_gradient(x, u), by_kernel, **EXACT
    )
    np.testing.assert_allclose(reference.dense_bias_gradient(u), by_bias, **EXACT)


def test_flatten_lets_the_channels_run_fastest_and_its_gradient_undoes_it():
    x = np.arange(8).reshape(1, 2, 2, 2)
    assert reference.flatten(x).tolist() == [[0, 1, 2, 3, 4, 5, 6, 7]]
    assert (reference.flatten_input_gradient(reference.flatten(x), x.shape) == x).all()
