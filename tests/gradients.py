"""Gradients on any backend, for tests that compare them."""

import keras


def gradient(fn, x):
    """Returns d(sum(fn(x))) / dx as a NumPy array, for a NumPy array `x`."""
    return value_and_grad(fn, x)[1]


def value_and_grad(fn, x):
    """Returns `fn(x)` and d(sum(fn(x))) / dx as NumPy arrays, for a NumPy `x`."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        x = tf.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = fn(x)
        grad = tape.gradient(y, x)
    elif backend == "jax":
        import jax

        x = jax.numpy.asarray(x)
        y, vjp = jax.vjp(fn, x)
        (grad,) = vjp(jax.numpy.ones_like(y))
    elif backend == "torch":
        x = keras.ops.convert_to_tensor(x).detach().requires_grad_()
        y = fn(x)
        y.backward(y.new_ones(y.shape))
        grad = x.grad
        y = y.detach()
    else:
        raise NotImplementedError(backend)
    return keras.ops.convert_to_numpy(y), keras.ops.convert_to_numpy(grad)
