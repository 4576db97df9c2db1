"""Every public loss, and a telling value for each of its arguments."""

import keras
import numpy as np

from keras_cnn import losses
from tests.conformance.sweep import Case, Subject

ANY_LOSS = {
    "name": Case("another_name", "name"),
    "dtype": Case("float16", "dtype"),
    "reduction": Case("sum", "value"),
}

# Errors on both sides of 1, of either sign, and none.
NUMBERS = (
    np.array([[0, 1, -2], [3, 0.5, 0]], "float32"),
    np.array([[0.25, 1, 2], [-4, 1.25, 3]], "float32"),
)
CLASSES = np.array([0, 2, 1, 2])
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
PROBABILITIES = np.array(
    [[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.5, 0.2, 0.3], [0.1, 0.1, 0.8]], "float32"
)
LOGITS = np.log(PROBABILITIES) + np.array([[1], [-2], [0], [3]], "float32")
BITS = (np.array([[0, 1], [1, 1]], "float32"), PROBABILITIES[:2, :2])
BIT_LOGITS = (BITS[0], np.array([[2, -1], [0.5, 3]], "float32"))
BALANCED = {"apply_class_balancing": True}

# A probability distribution along both axes, so that either is a valid `axis`.
SQUARE = (
    np.eye(3, dtype="float32")[[1, 2, 0]],
    np.array([[0.5, 0.2, 0.3], [0.4, 0.3, 0.3], [0.1, 0.5, 0.4]], "float32"),
)

# Keras's TensorFlow and JAX backends compute it along the last axis only.
SPARSE_AXIS = Case(0, "error")
if keras.backend.backend() == "torch":
    labels = (np.array([1, 2, 0]), SQUARE[1])
    SPARSE_AXIS = Case(0, "value", {"reduction": "none"}, inputs=labels)

LOSSES = [
    Subject(losses.MeanSquaredError, NUMBERS, ANY_LOSS),
    Subject(losses.MeanAbsoluteError, NUMBERS, ANY_LOSS),
    Subject(losses.LogCosh, NUMBERS, ANY_LOSS),
    Subject(losses.Huber, NUMBERS, {**ANY_LOSS, "delta": Case(2.5, "value")}),
    Subject(
        losses.BinaryCrossentropy,
        BITS,
        {
            **ANY_LOSS,
            "from_logits": Case(True, "value", inputs=BIT_LOGITS),
            "label_smoothing": Case(0.2, "value"),
            "axis": Case(0, "weighted value", {"reduction": "none"}),
        },
    ),
    Subject(
        losses.BinaryFocalCrossentropy,
        BITS,
        {
            **ANY_LOSS,
            "apply_class_balancing": Case(True, "value"),
            "alpha": Case(0.75, "value", BALANCED),
            "gamma": Case(3.5, "value"),
            "from_logits": Case(True, "value", inputs=BIT_LOGITS),
            "label_smoothing": Case(0.2, "value"),
            "axis": Case(0, "weighted value", {"reduction": "none"}),
        },
    ),
    Subject(
        losses.CategoricalCrossentropy,
        (ONE_HOT, PROBABILITIES),
        {
            **ANY_LOSS,
            "from_logits": Case(True, "value", inputs=(ONE_HOT, LOGITS)),
            "label_smoothing": Case(0.2, "value"),
            "axis": Case(0, "value", {"reduction": "none"}, inputs=SQUARE),
        },
    ),
    Subject(
        losses.CategoricalFocalCrossentropy,
        (ONE_HOT, PROBABILITIES),
        {
            **ANY_LOSS,
            "alpha": Case(0.75, "value"),
            "gamma": Case(3.5, "value"),
            "from_logits": Case(True, "value", inputs=(ONE_HOT, LOGITS)),
            "label_smoothing": Case(0.2, "value"),
            "axis": Case(0, "value", {"reduction": "none"}, inputs=SQUARE),
        },
    ),
    Subject(
        losses.SparseCategoricalCrossentropy,
        (CLASSES, PROBABILITIES),
        {
            **ANY_LOSS,
            "from_logits": Case(True, "value", inputs=(CLASSES, LOGITS)),
            "ignore_class": Case(2, "value"),
            "axis": SPARSE_AXIS,
        },
    ),
]
