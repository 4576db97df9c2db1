"""How much memory a model's activations take, as far as its graph tells.

A layer of a few bytes can make gigabytes of an image: `UpSampling2D`, `ZeroPadding2D`,
`Resizing`, `RepeatVector`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from .._checks import InputError
from .configuration import objects

# Of one image: 256 MiB in float32. The largest of Keras's applications has a quarter.
MOST_ACTIVATIONS = 2**26

# Layers that hold nothing larger on the way than their weights, inputs and outputs.
_PLAIN = frozenset(
    """
    Activation ActivityRegularization Add AlphaDropout Average AveragePooling1D
    AveragePooling2D AveragePooling3D BatchNormalization CenterCrop Concatenate Conv1D
    Conv2D Conv2DTranspose Conv3D Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D
    DepthwiseConv2D Dropout ELU Embedding Flatten GaussianDropout GaussianNoise
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization Identity
    InputLayer LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D
    MaxPooling3D Maximum Minimum Multiply Normalization PReLU Permute RMSNormalization
    ReLU RepeatVector Rescaling Reshape Resizing Softmax SpatialDropout1D
    SpatialDropout2D SpatialDropout3D Subtract UnitNormalization UpSampling1D
    UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """.split()
)


def is_plain(config: Any) -> bool:
    """Whether the sizes of a model's inputs and outputs bound what its layers take.

    Args:
        config: Its configuration; it need not be one of a model's.
    """
    for described in objects(config):
        module = str(described.get("module"))
        if module == "keras.layers" and described["class_name"] not in _PLAIN:
            return False
        if module.startswith("keras.src.ops"):
            return False
    return True


def check_activations(path: Path, model: keras.Model) -> None:
    """Raises if a layer makes too much of one image.

    Args:
        path: Where the model was loaded from.
        model: The model; a side that is not known counts as 1.

    Raises:
        InputError: Names the largest output.
    """
    most, name = 0, ""
    for operation in _operations(model):
        for node in operation._inbound_nodes:
            for tensor in node.output_tensors:
                count = math.prod(side or 1 for side in tensor.shape)
                if count > most:
                    most, name = count, operation.name
    if most > MOST_ACTIVATIONS:
        raise InputError(
            f"A model's layers must make at most {MOST_ACTIVATIONS:,} numbers of one "
            f"image. Received: {str(path)!r} with {most:,} in {name}."
        )


def _operations(model: keras.Model) -> Iterator[Any]:
    # There is no public way to the layers of nested models.
    for layer in model._flatten_layers():
        yield layer
        yield from getattr(layer, "operations", None) or ()
