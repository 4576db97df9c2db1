"""A classifier's images, precision, logits and probabilities, whatever it returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from .._checks import InputError
from .._logits import find_logits

_HALF_OR_DOUBLE = ("bfloat16", "float16", "float64", "mixed_bfloat16", "mixed_float16")


def image_shape(model: keras.Model) -> tuple[int, int, int]:
    """Returns the (height, width, channels) of a model's images.

    Raises:
        InputError: If the model is not built, takes more than one input, or does not
            take images of one size, gray or RGB.
    """
    # What has no layers graph (a subclass of Model) notes the shape it was built with.
    built = getattr(model, "input_shape", None) if model.built else ()
    shape = built or model.get_build_config() or ()
    if isinstance(shape, dict):
        shape = shape.get("input_shape") or ()
    sides = tuple(shape)[1:]
    if len(sides) != 3 or None in sides or sides[2] not in (1, 3):
        raise InputError(
            "A model must be built, and take images of one size, gray or RGB. "
            f"Received: {model.name} with inputs of shape {shape or 'unknown'}."
        )
    height, width, channels = map(int, sides)
    return height, width, channels


def in_float32(model: keras.Model) -> keras.Model:
    """Returns the model with every layer computing in float32 on the same weights.

    Another precision would leak into an exported signature and break other runtimes. A
    model in float32 is returned as it is; another one is copied through its
    configuration, so that the model in hand is not changed.
    """
    # There is no public way to the layers of nested models.
    policies = {layer.dtype_policy.name for layer in model._flatten_layers()}
    if policies.isdisjoint(_HALF_OR_DOUBLE):
        return model
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    copy = keras.saving.deserialize_keras_object(_in_float32(config))
    copy.set_weights(model.get_weights())
    return copy


class Head:
    """A classifier as a function that gives its logits and its probabilities.

    | the model gives | probabilities |
    | --- | --- |
    | rows that sum to 1 | as they are |
    | sigmoids, one a class | as they are: each class for itself |
    | one sigmoid | of two classes: 1 - p and p |
    | other numbers | their softmax |

    Attributes:
        classes: How many classes it tells apart.
        units: How many numbers it gives for an image.
        gives: "softmax", "sigmoids" or "logits".
    """

    def __init__(self, model: keras.Model) -> None:
        """Finds out which of them the model gives.

        Args:
            model: From images to (batch, classes).

        Raises:
            InputError: If the model does not give one row of two or more classes an
                image, or one sigmoid: another number may be anything; or if it has
                several outputs.
        """
        outputs = _outputs_for_noise(model, image_shape(model))
        if isinstance(outputs, list | tuple | dict) and len(outputs) > 1:
            names = getattr(model, "output_names", None) or list(outputs)
            raise InputError(
                "A classifier must have a single output. "
                f"Received: {model.name} with {len(outputs)}: {_listed(names)}."
            )
        shape = tuple(getattr(outputs, "shape", ()))
        activation = _last_activation(model)
        self._is_sigmoid = activation.endswith("sigmoid")
        if len(shape) != 2 or shape[1] < (1 if self._is_sigmoid else 2):
            raise InputError(
                "A classifier must give one row of two or more classes for each image, "
                "or one number that a sigmoid has made a probability. "
                f"Received: a model with outputs of shape {(None, *shape[1:])}."
            )
        self.units = int(shape[1])
        self.classes = max(2, self.units)
        self._model = model
        # In bfloat16 a softmax's rows sum to 1 within a hundredth only.
        self._is_distribution = self.units > 1 and (
            activation == "softmax" or _are_distributions(outputs)
        )
        self.gives = "softmax" if self._is_distribution else "logits"
        if self._is_sigmoid and not self._is_distribution:
            self.gives = "sigmoids"

    def __call__(self, images: Any) -> tuple[Any, Any]:
        """Returns logits and probabilities, each (batch, classes).

        It can be traced by `tf.function`.

        Args:
            images: float32, (batch, height, width, channels).
        """
        outputs = self._model(images, training=False)
        if self._is_distribution:
            return logits(outputs, is_distribution=True), outputs
        if not self._is_sigmoid:
            return outputs, keras.ops.softmax(outputs, axis=-1)
        found = _sigmoid_logits(outputs)
        if self.units > 1:
            return found, outputs
        # softmax([-z / 2, z / 2]) = [1 - sigmoid(z), sigmoid(z)]
        return (
            keras.ops.concatenate([-found / 2, found / 2], axis=-1),
            keras.ops.concatenate([1 - outputs, outputs], axis=-1),
        )


def _listed(names: Any) -> str:
    return ", ".join(str(name)[:50] for name in names)


def has_one_score(model: keras.Model) -> bool:
    """Whether a model gives one number an image, the score of its second class."""
    shape = getattr(model, "output_shape", None)
    return isinstance(shape, tuple) and shape[-1] == 1


def _sigmoid_logits(outputs: Any) -> Any:
    kept = find_logits(outputs)
    if kept is not None:
        return kept
    return keras.ops.log(outputs) - keras.ops.log1p(-outputs)


def _last_activation(model: keras.Model) -> str:
    """Returns the name of the activation that gives a model's outputs, or ""."""
    operations = getattr(model, "operations", None) or getattr(model, "layers", ())
    outputs = getattr(model, "outputs", None)
    if not operations:
        return ""
    # A functional model lists its operations in the order of its graph, whose last
    # one need not give its output.
    giving = [one for one in operations if outputs and one.output is outputs[0]]
    last = giving[-1] if giving else operations[-1]
    if isinstance(last, keras.Model):
        return _last_activation(last)
    activation = getattr(last, "activation", None)
    return str(getattr(activation, "__name__", type(last).__name__)).lower()


def gives_distribution(model: keras.Model, image_shape: Sequence[int]) -> bool:
    """Whether a classifier's outputs for three images of noise are distributions.

    Args:
        model: From images to (batch, classes).
        image_shape: The shape of one image.
    """
    return _are_distributions(_outputs_for_noise(model, image_shape))


def _outputs_for_noise(model: keras.Model, image_shape: Sequence[int]) -> Any:
    noise = np.random.default_rng(0).random((3, *image_shape), np.float32)
    return model(noise, training=False)


def _are_distributions(outputs: Any) -> bool:
    values = np.asarray(outputs, np.float64)
    return bool((values >= 0).all() and np.allclose(values.sum(-1), 1, atol=1e-3))


def logits(outputs: Any, *, is_distribution: bool) -> Any:
    """Returns the logits behind a model's outputs.

    A softmax or sigmoid leaves them on its output. Where they are absent, the
    logarithms of a distribution serve, which give the same probabilities; other outputs
    are logits themselves.

    Args:
        outputs: What the model has just returned, (batch, classes).
        is_distribution: Whether its rows are distributions.
    """
    kept = find_logits(outputs)
    if kept is not None:
        return kept
    return keras.ops.log(outputs) if is_distribution else outputs


def _in_float32(config: Any) -> Any:
    """Replaces each dtype policy in a serialised object by float32."""
    if isinstance(config, list | tuple):
        return type(config)(_in_float32(item) for item in config)
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "DTypePolicy":
        return "float32" if config["config"]["name"] in _HALF_OR_DOUBLE else config
    return {
        key: "float32"
        if key == "dtype" and value in _HALF_OR_DOUBLE
        else _in_float32(value)
        for key, value in config.items()
    }
