"""Our losses find the logits behind our sigmoid and softmax, where they saturate.

sigmoid(40) and softmax((40, -40)) have rounded to 1 and 0: a loss of these numbers is
-log(1e-7) = 16 at most, and says nothing of how wrong the logit is. Found, the logit x
of a label t costs |x| = 40 where it is wrong and 0 where it is right, and two logits
that are 80 apart cost 80 or 0. The slope is p - t for the sigmoid's logit, with p = 0
or 1, and p - t for each of the softmax's, divided by the samples of the mean.
"""

import keras
import numpy as np
import pytest

from keras_cnn import activations, layers, losses
from tests.gradients import value_and_grad

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="Keras hangs no logits on an output of other backends",
)

YES_NO = np.float32([[40], [-40], [40], [-40]])
PAIRS = np.float32([[40, -40], [-40, 40]])
# gamma = 0 and alpha = 1 leave the plain cross-entropy of a focal one.
# (loss, labels, logits, the loss of each sample, its slope by each logit)
CASES = {
    # wrong, wrong, right, right
    "binary": (
        losses.BinaryCrossentropy(),
        np.float32([[0], [1], [1], [0]]),
        YES_NO,
        [40, 40, 0, 0],
        [[1], [-1], [0], [0]],
    ),
    "binary_focal": (
        losses.BinaryFocalCrossentropy(gamma=0.0),
        np.float32([[0], [1], [1], [0]]),
        YES_NO,
        [40, 40, 0, 0],
        [[1], [-1], [0], [0]],
    ),
    # wrong, right
    "categorical": (
        losses.CategoricalCrossentropy(),
        np.float32([[0, 1], [0, 1]]),
        PAIRS,
        [80, 0],
        [[1, -1], [0, 0]],
    ),
    "sparse": (
        losses.SparseCategoricalCrossentropy(),
        np.array([1, 1]),
        PAIRS,
        [80, 0],
        [[1, -1], [0, 0]],
    ),
    # The third sample counts neither in the mean nor in the slope.
    "sparse_ignoring": (
        losses.SparseCategoricalCrossentropy(ignore_class=255),
        np.array([1, 1, 255]),
        np.float32([*PAIRS, [40, -40]]),
        [80, 0],
        [[1, -1], [0, 0], [0, 0]],
    ),
    "categorical_focal": (
        losses.CategoricalFocalCrossentropy(gamma=0.0, alpha=1.0),
        np.float32([[0, 1], [0, 1]]),
        PAIRS,
        [80, 0],
        [[1, -1], [0, 0]],
    ),
}
each_case = pytest.mark.parametrize("name", CASES)


def functional(layer, width):
    """A model of one layer, whose output passes through Keras's own machinery."""
    inputs = keras.Input((width,))
    return keras.Model(inputs, layer(inputs))


def identity(width, activation):
    return layers.Dense(
        width, activation, kernel_initializer="identity", dtype="float32"
    )


# How a prediction comes from a logit, by the activation's name and the width.
SOURCES = {
    "function": lambda kind, width: getattr(activations, kind),
    "layer": lambda kind, width: getattr(layers, kind.capitalize())(),
    "dense_by_name": lambda kind, width: identity(width, kind),
    "dense_by_function": lambda kind, width: identity(
        width, getattr(activations, kind)
    ),
    "model_of_layer": lambda kind, width: functional(
        getattr(layers, kind.capitalize())(), width
    ),
    "model_of_dense": lambda kind, width: functional(identity(width, kind), width),
}


def kind_of(name):
    return "sigmoid" if name.startswith("binary") else "softmax"


@each_case
@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
@pytest.mark.parametrize("source", SOURCES)
def test_loss_and_slope_at_logits_of_40_are_those_worked_by_hand(name, mode, source):
    import tensorflow as tf

    loss, y_true, logits, each, slopes = CASES[name]
    activate = SOURCES[source](kind_of(name), logits.shape[-1])
    activate(logits)  # builds the layer outside the function
    step = lambda x: loss(y_true, activate(x))  # noqa: E731
    if mode != "eager":
        step = tf.function(step, jit_compile=mode == "jit")
    value, grad = value_and_grad(step, logits)
    counted = len(each)
    assert value == pytest.approx(sum(each) / counted, rel=1e-6)
    np.testing.assert_allclose(grad, np.divide(slopes, counted), rtol=1e-6, atol=1e-15)


@each_case
def test_loss_of_a_copy_without_its_logits_is_clipped_at_16(name):
    # So the tests above measure the logits, and not the probabilities.
    loss, y_true, logits, _, _ = CASES[name]
    shares = np.array(getattr(activations, kind_of(name))(logits))
    value, _ = value_and_grad(lambda p: loss(y_true, p), shares)
    assert value < 17 / 2


@each_case
@pytest.mark.parametrize("run_eagerly", [False, True], ids=["graph", "eager"])
@pytest.mark.parametrize("last", ["dense", "layer"])
def test_fit_moves_saturated_weights_by_the_slope_worked_by_hand(
    name, last, run_eagerly
):
    loss, y_true, logits, each, slopes = CASES[name]
    loss = type(loss).from_config(loss.get_config())
    kind, width = kind_of(name), logits.shape[-1]
    tail = [identity(width, kind)]
    if last == "layer":
        tail = [identity(width, None), getattr(layers, kind.capitalize())()]
    model = keras.Sequential([keras.Input((width,)), *tail])
    model.compile(keras.optimizers.SGD(0.01), loss, run_eagerly=run_eagerly)
    before, _ = model.get_weights()
    history = model.fit(logits, y_true, batch_size=len(logits), verbose=0).history
    kernel, bias = model.get_weights()
    assert history["loss"] == pytest.approx([sum(each) / len(each)], rel=1e-6)
    # The logits are x W + b: their slope s gives x^T s by W and the sum of s by b.
    slopes = np.divide(slopes, len(each))
    np.testing.assert_allclose(kernel, before - 0.01 * logits.T @ slopes, rtol=1e-5)
    np.testing.assert_allclose(bias, -0.01 * slopes.sum(0), rtol=1e-5, atol=1e-15)


@pytest.mark.parametrize("kind", ["sigmoid", "softmax"])
def test_logits_survive_mixed_precision_in_fit(kind):
    name = {"sigmoid": "binary", "softmax": "categorical"}[kind]
    loss, y_true, logits, each, _ = CASES[name]
    width = logits.shape[-1]
    dense = layers.Dense(
        width, kind, kernel_initializer="identity", dtype="mixed_bfloat16"
    )
    model = keras.Sequential([keras.Input((width,)), dense])
    model.compile(keras.optimizers.SGD(0.0), loss)
    history = model.fit(logits, y_true, batch_size=len(logits), verbose=0).history
    # 40 has an exact bfloat16.
    assert history["loss"] == pytest.approx([sum(each) / len(each)], rel=1e-6)
