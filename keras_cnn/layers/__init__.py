"""Layers with Keras's names and arguments, written on `keras.ops`.

Every other public name of `keras.layers` is here, too: Keras's aliases of what is
written here (`MaxPool2D`) lead to ours, all others (`Input`, `BatchNormalization`) are
Keras's own. So a change of the import line is all that a program needs.

Importing this package registers every layer with Keras as `keras_cnn>Name`.
"""

from .. import _keras_names
from ._identifiers import deserialize as deserialize
from .average_pooling2d import AveragePooling2D as AveragePooling2D
from .conv2d import Conv2D as Conv2D
from .dense import Dense as Dense
from .elu import CELU as CELU
from .elu import ELU as ELU
from .elu import SELU as SELU
from .exponential import Exponential as Exponential
from .flatten import Flatten as Flatten
from .gelu import GELU as GELU
from .hard_sigmoid import HardSigmoid as HardSigmoid
from .hard_sigmoid import HardTanh as HardTanh
from .leaky_relu import LeakyReLU as LeakyReLU
from .max_pooling2d import MaxPooling2D as MaxPooling2D
from .mish import Mish as Mish
from .prelu import PReLU as PReLU
from .relu import ReLU as ReLU
from .relu import ReLU6 as ReLU6
from .sigmoid import LogSigmoid as LogSigmoid
from .sigmoid import Sigmoid as Sigmoid
from .silu import SiLU as SiLU
from .softmax import LogSoftmax as LogSoftmax
from .softmax import Softmax as Softmax
from .softplus import Softplus as Softplus
from .softsign import Softsign as Softsign
from .tanh import Tanh as Tanh

__all__ = [
    "AveragePooling2D",
    "CELU",
    "Conv2D",
    "Dense",
    "ELU",
    "Exponential",
    "Flatten",
    "GELU",
    "HardSigmoid",
    "HardTanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "MaxPooling2D",
    "Mish",
    "PReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "deserialize",
]

__getattr__, __dir__ = _keras_names.fall_through("layers")
