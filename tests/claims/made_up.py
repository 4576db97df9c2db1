"""Made-up measurements of each claim: such as would bear it out, and the opposite.

Each number is chosen by what the claim says, not by what was ever measured.
"""

import numpy as np

from keras_cnn.claims import Measurements

# By the claim's number, numbers that bear out each of its statements.
HOLDING = {
    1: {
        "largest gradient": 0.25,
        "gradient where |x| < 1": 0.001,
        "gradient where |x| > 6": 0.001,
        "accuracy, one sigmoid unit": 0.97,
        "accuracy, softmax over two": 0.97,
        "smallest value": 1e-4,
        "distance of the largest value from 1": 1e-4,
    },
    2: {
        "accuracy/tanh": 0.9,
        "accuracy/sigmoid": 0.8,
        "largest |value|": 0.999,
        "gradient where |x| > 3": 0.01,
        "largest gradient": 1.0,
    },
    3: {
        "factor/sigmoid, glorot_uniform": 0.2,
        "factor/tanh, glorot_uniform": 0.3,
        "factor/relu, glorot_uniform": 0.7,
        "factor/relu, he_normal": 1.0,
        "straight/sigmoid, glorot_uniform": 0.99,
    },
    4: {
        "steps/relu": 100.0,
        "steps/sigmoid": 300.0,
        "gradient 1, of positive inputs": 1.0,
        "gradient 1, of negative inputs": 1.0,
        "gradient 0, of negative inputs": 0.0,
    },
    5: {
        "dead/ReLU": 0.4,
        "dead/LeakyReLU": 0.0,
        "dead/rate / 100": 0.0,
        "revived/ReLU": 0.0,
    },
    6: {
        "error/0.1 of the samples, 20 away": 3.0,
        "error/clean": 0.5,
        "weight/100": 100.0,
        "weight/10": 10.0,
        "explained": 0.98,
    },
    7: {
        "error, outliers/Huber, delta 1": 0.2,
        "error, outliers/MSE": 2.0,
        "error, clean/Huber, delta 1": 0.1,
        "error, clean/MSE": 0.1,
        "time alone, over MSE's": 1.1,
        "time added to a step": 0.001,
        "|Huber less the clipped form|": 0.0,
        "|Huber less the larger branch|": 0.0,
    },
    8: {
        "two classes": 0.99,
        "gradient of a mistake/cross-entropy": 1.0,
        "gradient of a mistake/MSE": 0.001,
        "accuracy/cross-entropy": 0.99,
        "accuracy/MSE": 0.985,
        "steps/cross-entropy": 200.0,
        "steps/MSE": 300.0,
        "calibration error/cross-entropy": 0.01,
        "calibration error/MSE": 0.02,
    },
    9: {
        "1:1/plain": 0.97,
        "1:100/plain": 0.965,
        "1:100/weighted": 0.965,
        "1:100/plain, threshold moved": 0.965,
        "1:100/focal": 0.965,
    },
    10: {
        "alone, over MSE/cross-entropy": 9.0,
        "share of a step": 0.3,
        "bytes of a step, over MSE/cross-entropy": 1.5,
    },
    11: {
        "edges/trained": 0.8,
        "edges/random": 0.1,
        "likeness/trained": 0.9,
        "likeness/random": 0.6,
    },
    12: {
        "gap/none, equal layers": 0.2,
        "gap/max, equal layers": 0.1,
        "gap/max, equal parameters": 0.2,
        "parameters/none, equal layers": 100_000.0,
        "parameters/max, equal layers": 10_000.0,
        "accuracy/max, equal layers": 0.95,
    },
    13: {
        "convolution less dense": 1e-15,
        "nonlinearity of dense": 1e-15,
        "share of zeros": 0.99,
    },
    14: {
        "network less matrix": 1e-15,
        "XOR/ReLU": 1.0,
        "XOR/linear": 0.5,
        "rings/ReLU": 1.0,
        "rings/linear": 0.5,
        "images/ReLU": 0.98,
        "images/linear": 0.92,
        "images/one layer": 0.92,
    },
    15: {"accuracy/keras": 0.99, "accuracy/keras_cnn": 0.99},
    16: {
        "test, activation/relu": 0.97,
        "test, activation/gelu": 0.99,
        "validation, activation/relu": 0.97,
        "validation, activation/gelu": 0.99,
        "test, worst of three/cross-entropy": 0.8,
        "test, worst of three/Huber": 0.9,
        "validation, worst of three/cross-entropy": 0.8,
        "validation, worst of three/Huber": 0.9,
    },
}

# What differs where the claim's effect is the opposite.
OPPOSITE = {
    1: {"gradient where |x| > 6": 0.2},
    2: {"accuracy/tanh": 0.8, "accuracy/sigmoid": 0.9},
    3: {"factor/sigmoid, glorot_uniform": 1.0},
    4: {"steps/relu": 300.0, "steps/sigmoid": 100.0},
    5: {"dead/ReLU": 0.0},
    6: {"error/0.1 of the samples, 20 away": 0.5},
    7: {"error, outliers/Huber, delta 1": 2.0},
    8: {"gradient of a mistake/cross-entropy": 0.001},
    9: {"1:100/plain": 0.6},
    10: {"share of a step": 0.001},
    11: {"likeness/trained": 0.6},
    12: {"gap/none, equal layers": 0.1},
    13: {"convolution less dense": 0.5},
    14: {"network less matrix": 0.5},
    15: {"accuracy/keras": 0.8, "accuracy/keras_cnn": 0.8},
    16: {"test, worst of three/Huber": 0.6},
}

# What differs where the claim stands, but for a statement beside its core.
CORRECTED = {
    1: {"gradient where |x| < 1": 0.23},
    3: {"factor/tanh, glorot_uniform": 0.9},
    4: {"gradient 1, of negative inputs": 0.0, "gradient 0, of negative inputs": 1.0},
    5: {"revived/ReLU": 0.3},
    7: {"|Huber less the larger branch|": 0.5},
    8: {"steps/cross-entropy": 600.0},
    10: {"bytes of a step, over MSE/cross-entropy": 1.0},
    11: {"edges/trained": 0.2},
    12: {"gap/max, equal parameters": 0.1},
    14: {"images/ReLU": 0.92},
    16: {"test, activation/gelu": 0.97},
}


def measurements(numbers, seeds=6, changes=None):
    """Returns measurements with one number an arm, but for a grain from seed to seed.

    Args:
        numbers: One an arm.
        seeds: How many.
        changes: What only every other seed measures.
    """
    grain = 1 + 1e-4 * np.array([(-1) ** seed for seed in range(seeds)])
    arms = {name: value * grain for name, value in numbers.items()}
    for name, value in (changes or {}).items():
        arms[name][::2] = value
    return Measurements(arms, data="made up")
