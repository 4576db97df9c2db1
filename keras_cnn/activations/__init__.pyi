# Made from Keras 3.15.1 by tools/stubs.py, which says why.
# ruff: noqa: E501, I001
from ._identifiers import deserialize as deserialize
from ._identifiers import get as get
from ._identifiers import serialize as serialize
from .elu import celu as celu
from .elu import elu as elu
from .elu import selu as selu
from .exponential import exponential as exponential
from .gelu import gelu as gelu
from .glu import glu as glu
from .hard_sigmoid import hard_sigmoid as hard_sigmoid
from .hard_sigmoid import hard_tanh as hard_tanh
from .hard_silu import hard_silu as hard_silu
from .leaky_relu import leaky_relu as leaky_relu
from .linear import linear as linear
from .mish import mish as mish
from .relu import relu as relu
from .relu import relu6 as relu6
from .shrink import hard_shrink as hard_shrink
from .shrink import soft_shrink as soft_shrink
from .shrink import tanh_shrink as tanh_shrink
from .sigmoid import log_sigmoid as log_sigmoid
from .sigmoid import sigmoid as sigmoid
from .silu import silu as silu
from .softmax import log_softmax as log_softmax
from .softmax import softmax as softmax
from .softplus import softplus as softplus
from .softsign import softsign as softsign
from .sparse import sparse_plus as sparse_plus
from .sparse import sparse_sigmoid as sparse_sigmoid
from .sparsemax import sparsemax as sparsemax
from .squareplus import squareplus as squareplus
from .tanh import tanh as tanh
from .threshold import threshold as threshold

hard_swish = hard_silu
swish = silu

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
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
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh",
    "tanh_shrink",
    "threshold",
]
