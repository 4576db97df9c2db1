"""The base of every loss here."""

import copy
from typing import Any

import keras
from keras import ops

from ._tensors import HALF, Tensor, as_tensor, cast_prediction


class BaseLoss(keras.losses.Loss):
    """Adds to Keras's own base what all losses of this package share.

    - Lists are taken as one tensor, and a prediction keeps its logits and its mask when
      it is cast to the dtype of the loss.
    - A loss of half precision is computed and summed in float32 and rounded once.
    - `get_config` keeps `dtype`, if one was given.
    """

    def __init__(self, name: str | None, reduction: str | None, dtype: Any) -> None:
        """Takes the arguments of `keras.losses.Loss`."""
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        # None stays None: it means the floatx of the process that loads the loss.
        self._given_dtype = None
        if dtype is not None:
            self._given_dtype = keras.dtype_policies.get(dtype).name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Returns the loss of a batch, weighted and reduced."""
        y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
        if self.dtype in HALF:
            wide = copy.copy(self)
            keras.losses.Loss.__init__(wide, self.name, self.reduction, "float32")
            return ops.cast(wide(y_true, y_pred, sample_weight), self.dtype)
        y_pred = cast_prediction(y_pred, self.dtype)
        return super().__call__(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that rebuild this loss."""
        config: dict[str, Any] = super().get_config()
        if self._given_dtype is not None:
            config["dtype"] = self._given_dtype
        return config
