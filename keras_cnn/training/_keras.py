"""What the trainer uses of Keras that is not public, in one place.

`Model.fit` is made of these; what they do (which data are accepted and how, when a
metric is built) would otherwise be written here a second time and drift apart. Tested
with Keras 3.15; a test names whichever of them a later version no longer has.
"""

from keras.src.backend.tensorflow.trainer import (
    convert_to_np_if_not_ragged,
    potentially_ragged_concat,
)
from keras.src.models.functional import Functional
from keras.src.trainers.data_adapters import get_data_adapter
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from keras.src.trainers.data_adapters.array_slicing import (
    convert_to_sliceable,
    train_validation_split,
)
from keras.src.utils.python_utils import is_default, pythonify_logs

__all__ = [
    "MODEL_ATTRIBUTES",
    "ArrayDataAdapter",
    "Functional",
    "convert_to_np_if_not_ragged",
    "convert_to_sliceable",
    "get_data_adapter",
    "is_default",
    "potentially_ragged_concat",
    "pythonify_logs",
    "train_validation_split",
]

# Attributes of a Keras model that the trainer calls or sets.
MODEL_ATTRIBUTES = (
    "_assert_compile_called",
    "_call_has_training_arg",
    "_compile_loss",
    "_compile_metrics",
    "_compute_loss",
    "_flatten_layers",
    "_flatten_metrics_in_order",
    "_initial_epoch",
    "_loss_tracker",
    "_should_eval",
    "_symbolic_build",
)
