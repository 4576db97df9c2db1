# Made from Keras 3.15.1 by tools/stubs.py, which says why.
# ruff: noqa: E501, I001
from keras.losses import (
    CTC as CTC,
    CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy,
    CategoricalHinge as CategoricalHinge,
    Circle as Circle,
    CosineSimilarity as CosineSimilarity,
    Dice as Dice,
    Hinge as Hinge,
    KLDivergence as KLDivergence,
    Loss as Loss,
    MeanAbsolutePercentageError as MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError as MeanSquaredLogarithmicError,
    Poisson as Poisson,
    SquaredHinge as SquaredHinge,
    Tversky as Tversky,
    categorical_generalized_cross_entropy as categorical_generalized_cross_entropy,
    categorical_hinge as categorical_hinge,
    circle as circle,
    cosine_similarity as cosine_similarity,
    ctc as ctc,
    dice as dice,
    hinge as hinge,
    kl_divergence as kl_divergence,
    mean_absolute_percentage_error as mean_absolute_percentage_error,
    mean_squared_logarithmic_error as mean_squared_logarithmic_error,
    poisson as poisson,
    serialize as serialize,
    squared_hinge as squared_hinge,
    tversky as tversky,
)

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
