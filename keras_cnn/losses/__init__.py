"""Losses with Keras's names and arguments, written by hand on `keras.ops`.

Each is a class for `compile(loss=...)`, and a function that returns one loss for each
sample. A class takes `reduction`, which says what becomes of those:

- `"sum_over_batch_size"` or `"mean"`: their sum, each times its sample weight, divided
  by their number; samples that a mask hides count in neither.
- `"mean_with_sample_weight"`: the same sum divided by the sum of the sample weights.
- `"sum"`: the sum alone.
- `"none"` or None: one loss for each sample, times its weight.

and `dtype`, the dtype of the answer. In half precision the loss is computed in float32
and rounded once, so it is finite wherever the answer fits.

Every other public name of `keras.losses` (`Dice`, `Loss`) is here, too: Keras's own.

Importing this package registers every loss with Keras as `keras_cnn>Name`, which is
what `keras.saving.load_model` needs for a model that was compiled with one.
"""

from .. import _keras_names
from ._identifiers import deserialize as deserialize
from ._identifiers import get as get
from .binary_crossentropy import BinaryCrossentropy as BinaryCrossentropy
from .binary_crossentropy import binary_crossentropy as binary_crossentropy
from .binary_focal_crossentropy import (
    BinaryFocalCrossentropy as BinaryFocalCrossentropy,
)
from .binary_focal_crossentropy import (
    binary_focal_crossentropy as binary_focal_crossentropy,
)
from .categorical_crossentropy import CategoricalCrossentropy as CategoricalCrossentropy
from .categorical_crossentropy import (
    categorical_crossentropy as categorical_crossentropy,
)
from .categorical_focal_crossentropy import (
    CategoricalFocalCrossentropy as CategoricalFocalCrossentropy,
)
from .categorical_focal_crossentropy import (
    categorical_focal_crossentropy as categorical_focal_crossentropy,
)
from .huber import Huber as Huber
from .huber import huber as huber
from .log_cosh import LogCosh as LogCosh
from .log_cosh import log_cosh as log_cosh
from .mean_absolute_error import MeanAbsoluteError as MeanAbsoluteError
from .mean_absolute_error import mean_absolute_error as mean_absolute_error
from .mean_squared_error import MeanSquaredError as MeanSquaredError
from .mean_squared_error import mean_squared_error as mean_squared_error
from .sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from .sparse_categorical_crossentropy import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "deserialize",
    "get",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_squared_error",
    "sparse_categorical_crossentropy",
]

__getattr__, __dir__ = _keras_names.fall_through("losses")
