"""Cross-entropy finds the logits behind our sigmoid and softmax, as behind Keras's."""

import keras
import numpy as np
import pytest

from keras_cnn import activations, layers
from keras_cnn._logits import attach_logits, keep_logits
from tests.gradients import value_and_grad

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="Keras recovers logits on TensorFlow only",
)

# Wrong by 40: the loss is 40 and its derivative -1 or 1. From clipped probabilities it
# would be 16 with derivative 0.
BINARY_LOGITS = np.array([[-40.0], [40.0]], "float32")
BINARY_LABELS = np.array([[1.0], [0.0]], "float32")
SCORES = np.array([[-40.0, 0.0, 0.0], [0.0, 40.0, 0.0]], "float32")
CLASSES = np.array([0, 2])
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]

BINARY = (activations.sigmoid, layers.Sigmoid, BINARY_LOGITS, BINARY_LABELS)
CASES = {
    "binary": (*BINARY, keras.losses.BinaryCrossentropy),
    "categorical": (
        activations.softmax, layers.Softmax, SCORES, ONE_HOT,
        keras.losses.CategoricalCrossentropy,
    ),
    "sparse": (
        activations.softmax, layers.Softmax, SCORES, CLASSES,
        keras.losses.SparseCategoricalCrossentropy,
    ),
}  # fmt: skip
each_case = pytest.mark.parametrize("case", CASES)


def expected_loss(case):
    # log(2) more for the first row of scores, whose two other classes tie.
    return 40.0 if case == "binary" else 40.0 + np.log(2) / 2


@pytest.mark.parametrize("mode", ["eager", "graph", "jit"])
@pytest.mark.parametrize("form", ["function", "layer"])
@each_case
def test_cross_entropy_of_far_logits_has_right_loss_and_gradient(case, form, mode):
    import tensorflow as tf

    function, layer, logits, labels, loss = CASES[case]
    apply = function if form == "function" else layer()
    objective = loss()

    def total(x):
        return objective(labels, apply(x))

    if mode != "eager":
        total = tf.function(total, jit_compile=mode == "jit")
    value, grad = value_and_grad(total, logits)
    np.testing.assert_allclose(value, expected_loss(case), rtol=1e-6)
    if case == "binary":
        want = [[-0.5], [0.5]]
    else:
        want = [[-0.5, 0.25, 0.25], [0.0, 0.5, -0.5]]
    np.testing.assert_allclose(grad, want, atol=1e-6)


@each_case
def test_fit_from_far_logits_moves_the_weights(case):
    function, _, logits, labels, loss = CASES[case]
    inputs = keras.Input(logits.shape[1:])
    layer = keras.layers.EinsumDense("bi,i->bi", logits.shape[1:])
    outputs = function(layer(inputs))
    model = keras.Model(inputs, outputs)
    layer.set_weights([np.ones(logits.shape[1:], "float32")])
    model.compile(keras.optimizers.SGD(1e-2), loss())
    history = model.fit(logits, labels, epochs=1, verbose=0, batch_size=2)
    np.testing.assert_allclose(history.history["loss"][0], expected_loss(case), 1e-6)
    assert np.abs(layer.get_weights()[0] - 1).max() > 0.1


def test_attributes_that_cannot_be_set_are_left_out():
    value = 3.0
    assert attach_logits(value, 1.0) is value
    assert keep_logits(value, attach_logits(2.0, 1.0)) is value
