"""Fixtures for parts: one forward and backward pass, on any backend."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

BACKEND = keras.backend.backend()
MODES = ["eager", "graph", "jit"]


def _tensorflow_pass(layer, x, upstream, mode):
    import tensorflow as tf

    def step(x, upstream):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            total = tf.reduce_sum(tf.cast(y, upstream.dtype) * upstream)
        weights = [weight.value for weight in layer.trainable_weights]
        return y, tape.gradient(total, [x, *weights])

    if mode != "eager":
        step = tf.function(step, jit_compile=mode == "jit")
    return step(tf.constant(x), tf.constant(upstream))


def _jax_pass(layer, x, upstream, mode):
    import jax

    if not layer.built:
        layer.build(x.shape)

    def total(x, weights):
        y, _ = layer.stateless_call(weights, fixed, x)
        return (y.astype(upstream.dtype) * upstream).sum(), y

    step = jax.value_and_grad(total, argnums=(0, 1), has_aux=True)
    if mode != "eager":
        step = jax.jit(step)
    weights = [weight.value for weight in layer.trainable_variables]
    fixed = [weight.value for weight in layer.non_trainable_variables]
    (_, y), (by_x, by_weights) = step(jax.numpy.asarray(x), weights)
    return y, [by_x, *by_weights]


def _torch_pass(layer, x, upstream, mode):
    import torch

    if mode != "eager":
        pytest.skip("torch runs eagerly")
    x = torch.tensor(x, requires_grad=True)
    y = layer(x)
    weights = [weight.value for weight in layer.trainable_weights]
    total = (y.to(x.dtype) * torch.tensor(upstream)).sum()
    return y, torch.autograd.grad(total, [x, *weights])


@pytest.fixture
def run():
    """A function that runs a built layer forwards and backwards.

    It returns value, by_x and by_weights (a list), all NumPy float64: the output, and
    the gradients of sum(output * upstream).
    """
    passes = {
        "tensorflow": _tensorflow_pass,
        "jax": _jax_pass,
        "torch": _torch_pass,
    }

    def run(layer, x, upstream, mode="eager"):
        value, gradients = passes[BACKEND](layer, x, upstream, mode)
        by_x, *by_weights = [
            np.array(keras.ops.convert_to_numpy(g), np.float64) for g in gradients
        ]
        value = np.array(keras.ops.convert_to_numpy(value), np.float64)
        return SimpleNamespace(value=value, by_x=by_x, by_weights=by_weights)

    return run


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture
def drawn():
    """A function that draws normal float32 numbers of a shape."""
    rng = np.random.default_rng(20)
    return lambda *shape: rng.normal(size=shape).astype("float32")


@pytest.fixture
def mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)
