"""Random changes of the training images, by Keras's own layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from .._preparation import Preparation
from .choices import AUGMENTATIONS

# From white and a seed to a layer. Images have black at 0.
_LAYERS: dict[str, Callable[[float, int], keras.layers.Layer]] = {
    "flip": lambda _, seed: keras.layers.RandomFlip("horizontal", seed=seed),
    "shift": lambda _, seed: keras.layers.RandomTranslation(0.1, 0.1, seed=seed),
    "rotation": lambda _, seed: keras.layers.RandomRotation(10 / 360, seed=seed),
    "zoom": lambda _, seed: keras.layers.RandomZoom(0.1, 0.1, seed=seed),
    "contrast": lambda white, seed: keras.layers.RandomContrast(
        0.2, value_range=(0, white), seed=seed
    ),
    "noise": lambda _, seed: keras.layers.GaussianNoise(0.05, seed=seed),
    "erasing": lambda white, seed: keras.layers.RandomErasing(
        fill_value=0, value_range=(0, white), seed=seed
    ),
    "mixup": lambda _, seed: keras.layers.MixUp(seed=seed),
    "cutmix": lambda _, seed: keras.layers.CutMix(seed=seed),
}

# Those that mix two images, and their labels with them.
_MIXING = (keras.layers.MixUp, keras.layers.CutMix)


class Augmentation:
    """Layers that change each batch of training images, and labels where they mix.

    Attributes:
        variables: The states of their random numbers, which a checkpoint holds.
    """

    def __init__(self, layers: Sequence[keras.layers.Layer]) -> None:
        """Takes Keras's layers, in the order in which they are applied."""
        self._layers = layers

    @property
    def variables(self) -> list[Any]:
        """All variables of the layers."""
        return [variable for layer in self._layers for variable in layer.variables]

    def __call__(self, images: Any, targets: Any) -> tuple[Any, Any]:
        """Returns a batch as it is learned from.

        Args:
            images: float32, (batch, height, width, channels).
            targets: (batch, ...); float32 rows where a layer mixes.
        """
        for layer in self._layers:
            if isinstance(layer, _MIXING):
                mixed = layer({"images": images, "labels": targets}, training=True)
                images, targets = mixed["images"], mixed["labels"]
            else:
                images = layer(images, training=True)
        return images, targets


def make_augmentation(
    words: str, preparation: Preparation, seed: int
) -> Augmentation | None:
    """Returns the augmentation of a run; None for none.

    Args:
        words: As `RunConfig.augment` has them.
        preparation: How images are prepared, which says what number white is.
        seed: Fixes what is drawn.
    """
    names = augmentations(words)
    white = preparation.high
    layers: list[keras.layers.Layer] = []
    for index, name in enumerate(names):
        layer = _LAYERS[name](white, seed + index)
        if name == "noise" and white != 1:  # Keras's takes deviations up to 1 alone
            to, back = keras.layers.Rescaling(1 / white), keras.layers.Rescaling(white)
            layers += [to, layer, back]
        else:
            layers.append(layer)
    return Augmentation(layers) if layers else None


def augmentations(words: str) -> tuple[str, ...]:
    """Returns the changes that words mean, each once.

    Example:
        >>> augmentations("digits,noise,shift")
        ('shift', 'rotation', 'zoom', 'noise')
    """
    names = [name for word in words.split(",") for name in AUGMENTATIONS[word]]
    return tuple(dict.fromkeys(names))


def mixes_labels(words: str) -> bool:
    """Whether labels become shares of two classes."""
    return not {"mixup", "cutmix"}.isdisjoint(augmentations(words))
