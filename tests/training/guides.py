"""Models with nothing but a `train_step`, as the guides on keras.io write them."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

WIDTH = 5


def _apply(optimizer: Any, tape: Any, loss: Any, weights: Any) -> None:
    gradients = tape.gradient(loss, weights)
    optimizer.apply_gradients(zip(gradients, weights, strict=True))


class GAN(keras.Model):
    """A generator against a discriminator: two optimizers, no `call`, no `loss`."""

    def __init__(self) -> None:
        super().__init__()
        self.discriminator = keras.Sequential(
            [keras.Input((WIDTH,)), layers.Dense(4, "relu"), layers.Dense(1)]
        )
        self.generator = keras.Sequential(
            [keras.Input((2,)), layers.Dense(4, "relu"), layers.Dense(WIDTH)]
        )
        self.seeds = keras.random.SeedGenerator(3)
        self.of_discriminator = keras.metrics.Mean(name="d_loss")
        self.of_generator = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer: Any, g_optimizer: Any, loss_fn: Any) -> None:
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self) -> list[Any]:
        return [self.of_discriminator, self.of_generator]

    def train_step(self, real: Any) -> dict[str, Any]:
        count = ops.shape(real)[0]
        noise = keras.random.normal((count, 2), seed=self.seeds)
        both = ops.concatenate([self.generator(noise), real])
        labels = ops.concatenate([ops.ones((count, 1)), ops.zeros((count, 1))])
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(both))
        _apply(self.d_optimizer, tape, d_loss, self.discriminator.trainable_weights)
        noise = keras.random.normal((count, 2), seed=self.seeds)
        with tf.GradientTape() as tape:
            guesses = self.discriminator(self.generator(noise))
            g_loss = self.loss_fn(ops.zeros((count, 1)), guesses)
        _apply(self.g_optimizer, tape, g_loss, self.generator.trainable_weights)
        self.of_discriminator.update_state(d_loss)
        self.of_generator.update_state(g_loss)
        return {metric.name: metric.result() for metric in self.metrics}


class VAE(keras.Model):
    """A variational autoencoder whose parts are built by the first step alone."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = keras.Sequential([layers.Dense(4, "relu"), layers.Dense(4)])
        self.decoder = keras.Sequential([layers.Dense(4, "relu"), layers.Dense(WIDTH)])
        self.seeds = keras.random.SeedGenerator(3)
        self.total = keras.metrics.Mean(name="total_loss")
        self.kl = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self) -> list[Any]:
        return [self.total, self.kl]

    def train_step(self, data: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            mean, log_variance = ops.split(self.encoder(data), 2, axis=1)
            noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
            drawn = mean + ops.exp(log_variance / 2) * noise
            error = ops.mean(ops.sum((data - self.decoder(drawn)) ** 2, axis=1))
            kl = 1 + log_variance - mean**2 - ops.exp(log_variance)
            kl = ops.mean(ops.sum(-kl / 2, axis=1))
            loss = error + kl
        _apply(self.optimizer, tape, loss, self.trainable_weights)
        self.total.update_state(loss)
        self.kl.update_state(kl)
        return {metric.name: metric.result() for metric in self.metrics}


class Diffusion(keras.Model):
    """A denoiser with a moving average of its weights, and a `test_step`."""

    def __init__(self) -> None:
        super().__init__()
        self.network = keras.Sequential(
            [keras.Input((WIDTH + 1,)), layers.Dense(4, "relu"), layers.Dense(WIDTH)]
        )
        self.average = keras.models.clone_model(self.network)
        self.seeds = keras.random.SeedGenerator(3)

    def compile(self, **options: Any) -> None:
        super().compile(**options)
        self.of_noise = keras.metrics.Mean(name="n_loss")

    @property
    def metrics(self) -> list[Any]:
        return [self.of_noise]

    def _noised(self, data: Any) -> tuple[Any, Any]:
        noise = keras.random.normal(ops.shape(data), seed=self.seeds)
        share = keras.random.uniform((ops.shape(data)[0], 1), seed=self.seeds)
        return noise, ops.concatenate([share * data + (1 - share) * noise, share], 1)

    def train_step(self, data: Any) -> dict[str, Any]:
        noise, noised = self._noised(data)
        with tf.GradientTape() as tape:
            loss = ops.mean((noise - self.network(noised, training=True)) ** 2)
        _apply(self.optimizer, tape, loss, self.network.trainable_weights)
        self.of_noise.update_state(loss)
        for weight, mean in zip(
            self.network.weights, self.average.weights, strict=True
        ):
            mean.assign(0.9 * mean + 0.1 * weight)
        return {"n_loss": self.of_noise.result()}

    def test_step(self, data: Any) -> dict[str, Any]:
        noise, noised = self._noised(data)
        guess = self.average(noised, training=False)
        self.of_noise.update_state(ops.mean((noise - guess) ** 2))
        return {"n_loss": self.of_noise.result()}


def gan() -> keras.Model:
    """The GAN, compiled with an optimizer for each of its two."""
    model = GAN()
    model.compile(
        keras.optimizers.Adam(0.01),
        keras.optimizers.Adam(0.02),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    return model


def vae() -> keras.Model:
    """The VAE, compiled with an optimizer alone."""
    model = VAE()
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    return model


def diffusion() -> keras.Model:
    """The diffusion model, compiled."""
    model = Diffusion()
    model.compile(optimizer=keras.optimizers.AdamW(0.01))
    return model
