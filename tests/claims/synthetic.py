"""Made-up measurements of each claim: as it says, the opposite, and in between.

`true` gives the mean of every arm that the verdict looks at if all is as the claim
says, word for word. The others are changes of that: `false` refutes the claim,
`corrected` (where the claim has such a wording) leaves it standing with a correction,
and `between` makes an interval reach across the bound; there a list gives the five
seeds.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_cnn.claims import Measurements

SEEDS = 5
_SPREAD = 1e-3 * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])


@dataclass(frozen=True)
class Synthetic:
    true: dict[str, Any]
    false: dict[str, Any]
    between: dict[str, Any]
    corrected: dict[str, Any] | None = field(default=None)


def measurements(means):
    """Returns five seeds of each arm, spread by a few thousandths of the mean."""
    return Measurements(
        {
            name: np.array(mean, float)
            if isinstance(mean, list)
            else mean * (1 + _SPREAD)
            for name, mean in means.items()
        }
    )


def _accuracies(prefix, names, value):
    return {f"{prefix}/{name}": value for name in names}


_DEAD = (
    *("ReLU", "rate / 10", "rate / 100", "biases at -1", "He's weights"),
    *("batch normalisation", "LeakyReLU", "ELU", "GELU"),
)
_HUBER = "Huber, delta 1"
_LOSSES = ("cross-entropy", "smoothed labels", "focal", "MSE", "MAE", "Huber")
_ACTIVATIONS = (
    *("relu", "leaky_relu", "elu", "selu", "gelu"),
    *("silu", "mish", "softplus", "softsign", "tanh"),
)

BY_CLAIM = {
    1: Synthetic(
        true={
            "largest gradient": 0.25,
            # as the article has it: the gradient vanishes at small inputs
            "gradient where |x| < 1": 0.002,
            "gradient where |x| > 6": 0.0004,
            "smallest value": 1e-6,
            "distance of the largest value from 1": 1e-6,
            "accuracy, one sigmoid unit": 0.97,
            "accuracy, softmax over two": 0.97,
        },
        corrected={"gradient where |x| < 1": 0.23},
        false={"gradient where |x| > 6": 0.2},
        between={"accuracy, one sigmoid unit": [0.85, 0.97, 0.88, 0.95, 0.86]},
    ),
    2: Synthetic(
        true={
            "accuracy/tanh": 0.95,
            "accuracy/sigmoid": 0.8,
            "largest |value|": 0.99,
            "largest gradient": 1.0,
            "gradient where |x| > 3": 0.001,
        },
        false={"accuracy/tanh": 0.8, "accuracy/sigmoid": 0.95},
        between={"accuracy/tanh": [0.79, 0.83, 0.78, 0.84, 0.8]},
    ),
    3: Synthetic(
        true={
            "factor/sigmoid, glorot_uniform": 0.2,
            "factor/tanh, glorot_uniform": 0.3,
            "factor/relu, glorot_uniform": 0.7,
            "factor/relu, he_normal": 1.0,
            "straight/sigmoid, glorot_uniform": 0.98,
        },
        corrected={"factor/tanh, glorot_uniform": 0.95},
        false={"factor/sigmoid, glorot_uniform": 1.0},
        between={"factor/sigmoid, glorot_uniform": [0.3, 0.7, 0.4, 0.6, 0.5]},
    ),
    4: Synthetic(
        true={
            "gradient 1, of positive inputs": 1.0,
            "gradient 1, of negative inputs": 1.0,
            "gradient 0, of negative inputs": 0.0,
            "steps/relu": 300.0,
            "steps/sigmoid": 900.0,
        },
        corrected={
            "gradient 1, of negative inputs": 0.0,
            "gradient 0, of negative inputs": 1.0,
        },
        false={"steps/relu": 900.0, "steps/sigmoid": 300.0},
        between={"steps/relu": [400.0, 1200.0, 500.0, 1100.0, 700.0]},
    ),
    5: Synthetic(
        true={
            **_accuracies("dead", _DEAD, 0.1),
            "dead/ReLU": 0.5,
            "dead/LeakyReLU": 0.0,
            "dead/rate / 100": 0.01,
            "revived/ReLU": 0.0,
        },
        corrected={"revived/ReLU": 0.2},
        false={"dead/ReLU": 0.0},
        between={"dead/ReLU": [0.0, 0.12, 0.01, 0.1, 0.04]},
    ),
    6: Synthetic(
        true={
            "error/clean": 0.5,
            "error/0.1 of the samples, 20 away": 2.0,
            "weight/10": 12.0,
            "weight/100": 120.0,
            "explained": 0.97,
        },
        false={"error/0.1 of the samples, 20 away": 0.5, "weight/100": 12.0},
        between={"error/0.1 of the samples, 20 away": [0.5, 1.1, 0.6, 1.0, 0.8]},
    ),
    7: Synthetic(
        true={
            f"error, outliers/{_HUBER}": 0.5,
            "error, outliers/MSE": 2.0,
            f"error, clean/{_HUBER}": 0.5,
            "error, clean/MSE": 0.5,
            "time alone, over MSE's": 1.0,
            "time added to a step": 0.001,
            "|Huber less the clipped form|": 0.0,
            "|Huber less the larger branch|": 0.0,
        },
        corrected={"|Huber less the larger branch|": 4.0},
        false={f"error, outliers/{_HUBER}": 2.0, "error, outliers/MSE": 0.5},
        between={f"error, outliers/{_HUBER}": [1.0, 2.0, 1.1, 1.9, 1.5]},
    ),
    8: Synthetic(
        true={
            "two classes": 0.98,
            "gradient of a mistake/cross-entropy": 1.0,
            "gradient of a mistake/MSE": 0.001,
            "accuracy/cross-entropy": 0.99,
            "accuracy/MSE": 0.98,
            "steps/cross-entropy": 300.0,
            "steps/MSE": 400.0,
            "calibration error/cross-entropy": 0.01,
            "calibration error/MSE": 0.01,
        },
        corrected={"steps/cross-entropy": 900.0},
        false={"two classes": 0.6, "gradient of a mistake/cross-entropy": 0.001},
        between={"two classes": [0.9, 0.99, 0.92, 0.98, 0.94]},
    ),
    9: Synthetic(
        true={
            **{
                f"1:{ratio}/{arm}": 0.97
                for ratio in (1, 10, 100)
                for arm in ("plain", "weighted", "focal", "plain, threshold moved")
            },
        },
        false={"1:100/plain": 0.7},
        between={"1:100/plain": [0.9, 0.97, 0.92, 0.96, 0.94]},
    ),
    10: Synthetic(
        true={
            "share of a step": 0.5,
            "alone, over MSE/cross-entropy": 10.0,
            "bytes of a step, over MSE/cross-entropy": 2.0,
        },
        corrected={"bytes of a step, over MSE/cross-entropy": 1.0},
        false={"share of a step": 0.002},
        between={"share of a step": [0.01, 0.1, 0.02, 0.09, 0.04]},
    ),
    11: Synthetic(
        true={
            "likeness/trained": 0.8,
            "likeness/random": 0.6,
            "edges/trained": 0.7,
            "edges/random": 0.05,
        },
        corrected={"edges/trained": 0.3},
        false={"likeness/trained": 0.6},
        between={"likeness/trained": [0.59, 0.66, 0.6, 0.64, 0.61]},
    ),
    12: Synthetic(
        true={
            **{
                f"{what}/{kind}, equal {of}": value
                for what, value in (
                    ("gap", 0.05),
                    ("accuracy", 0.95),
                    ("parameters", 300_000.0),
                )
                for kind, of in (
                    *((one, "layers") for one in ("max", "average", "strided", "none")),
                    *((one, "parameters") for one in ("max", "average", "strided")),
                )
            },
            "gap/none, equal layers": 0.1,
            "gap/max, equal parameters": 0.1,
            "parameters/max, equal layers": 60_000.0,
        },
        corrected={"gap/max, equal parameters": 0.05},
        false={"gap/none, equal layers": 0.04, "gap/max, equal parameters": 0.04},
        between={"gap/max, equal layers": [0.07, 0.11, 0.08, 0.1, 0.11]},
    ),
    13: Synthetic(
        true={
            "convolution less dense": 1e-16,
            "nonlinearity of dense": 1e-16,
            "share of zeros": 0.94,
        },
        false={"convolution less dense": 0.1},
        between={"convolution less dense": [0.0, 1e-11, 0.0, 1e-15, 0.0]},
    ),
    14: Synthetic(
        true={
            "network less matrix": 1e-14,
            "XOR/ReLU": 0.98,
            "XOR/linear": 0.5,
            "rings/ReLU": 0.98,
            "rings/linear": 0.5,
            "images/ReLU": 0.96,
            "images/linear": 0.91,
            "images/one layer": 0.91,
        },
        corrected={"images/ReLU": 0.91},
        false={"network less matrix": 0.3, "XOR/linear": 0.98},
        between={"XOR/linear": [0.5, 0.98, 0.6, 0.95, 0.7]},
    ),
    15: Synthetic(
        true={"accuracy/keras": 0.99, "accuracy/keras_cnn": 0.99},
        false={"accuracy/keras_cnn": 0.9},
        between={"accuracy/keras_cnn": [0.97, 0.992, 0.99, 0.99, 0.99]},
    ),
    16: Synthetic(
        true={
            **_accuracies("validation, activation", _ACTIVATIONS, 0.97),
            **_accuracies("test, activation", _ACTIVATIONS, 0.97),
            **_accuracies("validation, worst of three", _LOSSES, 0.8),
            **_accuracies("test, worst of three", _LOSSES, 0.8),
            "validation, activation/mish": 0.99,
            "test, activation/mish": 0.985,
            "validation, worst of three/focal": 0.9,
            "test, worst of three/focal": 0.9,
        },
        corrected={"test, activation/mish": 0.97},
        # what validation images chose is no better on test images
        false={"test, worst of three/focal": 0.8},
        between={"test, worst of three/focal": [0.78, 0.9, 0.79, 0.88, 0.8]},
    ),
}
