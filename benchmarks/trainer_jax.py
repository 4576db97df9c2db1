"""The article's training in JAX alone: `jax.numpy`, `jax.lax` and one jitted step.

The images lie in memory as one array, and the step draws its batch from it. Loss and
hits are added up on the way, as Keras's metrics are, and read once a round.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from trainer_data import mnist_like
from trainer_line import Contender, Line

# (shape of the kernel), in order: three convolutions, two dense layers.
_KERNELS = ((3, 3, 1, 32), (3, 3, 32, 64), (3, 3, 64, 64), (576, 64), (64, 10))
_RATE, _BETA_1, _BETA_2, _EPSILON = 1e-3, 0.9, 0.999, 1e-7  # Keras's defaults


def initial_weights() -> list[tuple[Any, Any]]:
    """Returns a kernel and a bias for each layer, as Keras draws them."""
    draw = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(jax.random.key(0), len(_KERNELS))
    return [
        (draw(key, shape), jnp.zeros(shape[-1]))
        for key, shape in zip(keys, _KERNELS, strict=True)
    ]


def logits(weights: list[tuple[Any, Any]], x: Any) -> Any:
    """Computes the article's network on images (batch, 28, 28, 1)."""
    for index, (kernel, bias) in enumerate(weights[:3]):
        x = lax.conv_general_dilated(
            x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        x = jax.nn.relu(x + bias)
        if index < 2:
            window = (1, 2, 2, 1)
            x = lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
    x = x.reshape(x.shape[0], -1)
    (kernel, bias), (last_kernel, last_bias) = weights[3:]
    return jax.nn.relu(x @ kernel + bias) @ last_kernel + last_bias


def loss_and_hits(weights: list[tuple[Any, Any]], x: Any, y: Any) -> Any:
    """Returns the cross-entropy and how many samples are classified right."""
    scores = logits(weights, x)
    likelihoods = jax.nn.log_softmax(scores)[jnp.arange(len(y)), y]
    return -likelihoods.mean(), (scores.argmax(-1) == y).sum()


def adam(weights: Any, gradients: Any, moments: Any, step: Any) -> Any:
    """Returns the weights and both moments after one update."""
    mean, square = moments
    mean = jax.tree.map(lambda m, g: _BETA_1 * m + (1 - _BETA_1) * g, mean, gradients)
    square = jax.tree.map(
        lambda v, g: _BETA_2 * v + (1 - _BETA_2) * g * g, square, gradients
    )
    rate = _RATE * jnp.sqrt(1 - _BETA_2**step) / (1 - _BETA_1**step)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + _EPSILON), weights, mean, square
    )
    return weights, (mean, square)


def train(contender: Contender, data: Path, line: Line) -> None:
    """Trains round by round; the first is the warm-up."""
    images, labels = map(jnp.asarray, mnist_like(data, contender.samples))

    @jax.jit
    def advance(state: Any, images: Any, labels: Any, row: Any) -> Any:
        weights, moments, step, total, hits = state
        (loss, more), gradients = jax.value_and_grad(loss_and_hits, has_aux=True)(
            weights, images[row], labels[row]
        )
        weights, moments = adam(weights, gradients, moments, step + 1.0)
        return weights, moments, step + 1.0, total + loss, hits + more

    weights = initial_weights()
    zeros = jax.tree.map(jnp.zeros_like, weights)
    state = (weights, (zeros, zeros), jnp.zeros(()), jnp.zeros(()), jnp.zeros((), int))
    rows = np.random.default_rng(0).permutation(contender.samples)
    rows = rows.reshape(contender.rounds + 1, contender.steps, contender.batch)
    for number in range(contender.rounds + 1):
        if number:
            line.begin()
        state = (*state[:3], jnp.zeros_like(state[3]), jnp.zeros_like(state[4]))
        for row in rows[number]:
            state = advance(state, images, labels, row)
        if not np.isfinite(state[3]):  # waits for the last step
            raise ValueError(f"The loss is {float(state[3])}.")
        if number:
            line.end()
        else:
            line.say(ready=True, version=jax.__version__)
