"""Activation functions with Keras's names and arguments, written on `keras.ops`.

Every other public name of `keras.activations` is here, too: Keras's aliases of what is
written here (`swish`) lead to ours, all others (`glu`) are Keras's own.

Importing this package registers every function with Keras as `keras_cnn>name`.
"""

from .. import _keras_names
from ._identifiers import deserialize as deserialize
from ._identifiers import get as get
from ._identifiers import serialize as serialize
from .elu import celu as celu
from .elu import elu as elu
from .elu import selu as selu
from .exponential import exponential as exponential
from .gelu import gelu as gelu
from .hard_sigmoid import hard_sigmoid as hard_sigmoid
from .hard_sigmoid import hard_tanh as hard_tanh
from .leaky_relu import leaky_relu as leaky_relu
from .linear import linear as linear
from .mish import mish as mish
from .relu import relu as relu
from .relu import relu6 as relu6
from .sigmoid import log_sigmoid as log_sigmoid
from .sigmoid import sigmoid as sigmoid
from .silu import silu as silu
from .softmax import log_softmax as log_softmax
from .softmax import softmax as softmax
from .softplus import softplus as softplus
from .softsign import softsign as softsign
from .tanh import tanh as tanh

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]

__getattr__, __dir__ = _keras_names.fall_through("activations")
