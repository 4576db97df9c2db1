"""Optimizers of one's own, or none: what `fit` trains with, the trainer does, too."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tests.training._compare import (
    FLOAT32_TOLERANCE,
    assert_same_history,
    run_both,
)
from tests.training.models import compiled_dense, rows

X, Y = rows(18)


class Signs(keras.optimizers.Optimizer):
    """A rule of its own."""

    def __init__(self):
        super().__init__(learning_rate=0.01)

    def update_step(self, gradient, variable, learning_rate):
        rate = ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, rate * ops.sign(gradient))


class HalvedInApply(keras.optimizers.SGD):
    def apply(self, grads, trainable_variables=None):
        return super().apply([grad / 2 for grad in grads], trainable_variables)


class HalvedInApplyGradients(keras.optimizers.SGD):
    def apply_gradients(self, grads_and_vars):
        return super().apply_gradients([(g / 2, v) for g, v in grads_and_vars])


class Wrapped(keras.optimizers.Optimizer):
    """Hands its gradients on to another one."""

    def __init__(self):
        super().__init__(learning_rate=0.1)
        self.inner = keras.optimizers.Adam(0.01)

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.inner.build(variables)

    def apply(self, grads, trainable_variables=None):
        self.iterations.assign_add(1)
        return self.inner.apply(grads, trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        raise NotImplementedError


class ByLayer(keras.optimizers.Optimizer):
    """Another optimizer for each half of the weights."""

    def __init__(self):
        super().__init__(learning_rate=0.1)
        self.halves = [keras.optimizers.SGD(0.1), keras.optimizers.Adam(0.01)]

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.halves[0].build(variables[:2])
            self.halves[1].build(variables[2:])

    def apply_gradients(self, grads_and_vars):
        pairs = list(grads_and_vars)
        self.build([variable for _, variable in pairs])
        self.halves[0].apply_gradients(pairs[:2])
        self.halves[1].apply_gradients(pairs[2:])
        self.iterations.assign_add(1)

    def update_step(self, gradient, variable, learning_rate):
        raise NotImplementedError


class NotOfKeras:
    """Has no more than what `Model.train_step` calls."""

    variables = ()

    def scale_loss(self, loss):
        return loss

    def apply_gradients(self, grads_and_vars):
        for gradient, variable in grads_and_vars:
            variable.assign_sub(0.1 * gradient)


def with_one_that_is_not_of_keras():
    model = compiled_dense("sgd")
    model.optimizer = NotOfKeras()
    return model


class WithoutOptimizer(keras.Model):
    """Updates its weights itself."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = ops.mean((self(x) - y) ** 2)
        weights = self.trainable_weights
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.1 * gradient)
        self._loss_tracker.update_state(loss)
        return {"loss": self._loss_tracker.result()}


def without_optimizer():
    model = WithoutOptimizer()
    model.compile(optimizer=None)
    return model


BUILDS = {
    "a_rule": lambda: compiled_dense(Signs()),
    "an_apply": lambda: compiled_dense(HalvedInApply(0.1)),
    "an_apply_gradients": lambda: compiled_dense(HalvedInApplyGradients(0.1)),
    "a_wrapper": lambda: compiled_dense(Wrapped()),
    "one_a_layer": lambda: compiled_dense(ByLayer()),
    "not_of_keras": with_one_that_is_not_of_keras,
    "none": without_optimizer,
}


@pytest.mark.parametrize("name", BUILDS)
def test_an_optimizer_of_ones_own_trains_as_in_fit(name):
    theirs, ours = run_both(
        BUILDS[name], lambda: {"x": X, "y": Y, "batch_size": 4, "epochs": 2}
    )
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, FLOAT32_TOLERANCE, FLOAT32_TOLERANCE)
