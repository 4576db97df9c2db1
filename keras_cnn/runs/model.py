"""The model of a run, built and compiled, and what its replicas share batches by."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any

import keras

from .._checks import InputError
from ..data import ImageDataset
from ..models import article_cnn
from ..training.steps import overrides
from .arguments import make_loss, make_optimizer
from .config import RunConfig
from .own_model import ModelSource, find_source
from .task import task_of


def build_model(
    config: RunConfig,
    dataset: ImageDataset,
    strategy: Any = None,
    source: ModelSource | None = None,
) -> keras.Model:
    """Seeds all generators, then builds and compiles the model of a run.

    Python's, NumPy's and TensorFlow's generators are seeded for the whole process; with
    `config.deterministic` TensorFlow's deterministic operations are turned on, too.

    Args:
        config: What the run is asked to do.
        dataset: Gives the shape of the images and the number of classes.
        strategy: What `make_strategy` returned. Defaults to `None`.
        source: What `find_source` returned. Defaults to `None`, to find it.

    Returns:
        The article's network, or the one that `config.model` names, compiled with
        accuracy as its metric. A model with a `train_step` of its own that comes
        compiled stays so.

    Raises:
        InputError: If Keras runs on another backend than TensorFlow, the images do not
            fit the network, it does not fit the classes or the loss, or loss or
            optimizer do not take the arguments that the configuration gives them.

    Example:
        >>> from keras_cnn.data import load
        >>> digits = load("digits")
        >>> config = RunConfig(optimizer="sgd", optimizer_arguments={"momentum": 0.9})
        >>> build_model(config, digits).optimizer.momentum
        0.9
    """
    check_backend()
    keras.utils.set_random_seed(config.seed)
    if config.deterministic:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    steps = config.epochs * math.ceil(len(dataset.train) / config.batch_size)
    shape, num_classes = dataset.image_shape, len(dataset.class_names)
    with strategy.scope() if strategy else nullcontext():
        source = source or find_source(config)
        if source is not None:
            model = source.built(shape, num_classes)
        else:
            model = article_cnn(
                shape,
                num_classes,
                config.activation,
                layers_from=config.layers_from,
                dtype=config.precision,
                name=config.name,
            )
        task = task_of(config, dataset, model)
        if model.compiled and overrides(model, "train_step"):
            return model
        model.compile(
            optimizer=make_optimizer(config, steps),
            loss=make_loss(config, task),
            metrics=["accuracy"],
        )
        # Keras loads no file of a model whose optimizer has not been built.
        model.optimizer.build(model.trainable_variables)
    return model


def check_backend() -> None:
    """Raises unless Keras runs on TensorFlow.

    Raises:
        InputError: If it does not.
    """
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            "Training must run on Keras's TensorFlow backend. "
            f"Received: KERAS_BACKEND={keras.backend.backend()}."
        )


def make_strategy(config: RunConfig) -> Any:
    """Returns what the run's replicas share batches by; None for one device.

    It comes before the model, and for `multi-worker` before anything that TensorFlow
    computes.

    Args:
        config: What the run is asked to do.
    """
    import tensorflow as tf

    if config.strategy == "mirrored":
        return tf.distribute.MirroredStrategy()
    if config.strategy == "multi-worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    return None
