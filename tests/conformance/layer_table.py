"""Every public layer, and a telling value for each of its arguments."""

import keras

from keras_cnn import layers
from tests.conformance.sweep import Case, Subject

ANY_LAYER = {
    "name": Case("another_name", "name"),
    "dtype": Case("float16", "dtype"),
    "trainable": Case(False, "trainable weights"),
}
# A layer without weights shows no `trainable`, but must hand it on all the same.
NO_WEIGHTS = {**ANY_LAYER, "trainable": Case(False, "trainable flag")}

ONES = {"bias_initializer": "ones"}
KERNEL_AND_BIAS = {
    "activation": Case("tanh", "output"),
    "use_bias": Case(False, "weights"),
    "kernel_initializer": Case(keras.initializers.RandomNormal(0.5, 2.0, 3), "weights"),
    "bias_initializer": Case(keras.initializers.Constant(0.25), "weights"),
    "kernel_regularizer": Case(keras.regularizers.L1(0.5), "penalties"),
    "bias_regularizer": Case(keras.regularizers.L2(0.5), "penalties", ONES),
    "activity_regularizer": Case(keras.regularizers.L2(0.5), "penalties"),
    "kernel_constraint": Case(keras.constraints.MaxNorm(0.1), "updated weights"),
    "bias_constraint": Case(keras.constraints.MaxNorm(0.1), "updated weights", ONES),
}

POOLING = {
    "pool_size": Case((2, 3), "output"),
    "strides": Case((1, 2), "output"),
    "padding": Case("same", "output", {"pool_size": 4}),
    "data_format": Case("channels_first", "output"),
}

ALPHA = {"alpha_initializer": "ones"}

# As many channels as rows and columns: channels_first changes numbers, not shapes.
IMAGE = (2, 6, 6, 6)

LAYERS = [
    Subject(
        layers.Conv2D,
        IMAGE,
        required={"filters": 4, "kernel_size": 3},
        cases={
            **ANY_LAYER,
            **KERNEL_AND_BIAS,
            "filters": Case(6, "weights"),
            "kernel_size": Case((2, 1), "weights"),
            "strides": Case((1, 2), "output"),
            "padding": Case("same", "output"),
            "data_format": Case("channels_first", "output"),
            "dilation_rate": Case((1, 2), "output"),
            "groups": Case(2, "weights"),
        },
    ),
    Subject(
        layers.Dense,
        (2, 3, 4),
        required={"units": 3},
        cases={
            **ANY_LAYER,
            **KERNEL_AND_BIAS,
            "units": Case(5, "weights"),
            "lora_rank": Case(2, "error"),
            "lora_alpha": Case(2.0, "error"),
            "quantization_config": Case({"mode": "int8"}, "error"),
        },
    ),
    Subject(
        layers.Flatten,
        (2, 3, 2, 4),
        cases={**NO_WEIGHTS, "data_format": Case("channels_first", "output")},
    ),
    Subject(layers.MaxPooling2D, IMAGE, cases={**NO_WEIGHTS, **POOLING}),
    Subject(
        layers.AveragePooling2D,
        IMAGE,
        required={"pool_size": 2},
        cases={**NO_WEIGHTS, **POOLING},
    ),
    Subject(
        layers.ReLU,
        IMAGE,
        cases={
            **NO_WEIGHTS,
            "max_value": Case(1.5, "output"),
            "negative_slope": Case(0.25, "output"),
            "threshold": Case(0.5, "output"),
        },
    ),
    Subject(
        layers.LeakyReLU,
        IMAGE,
        cases={**NO_WEIGHTS, "negative_slope": Case(0.125, "output")},
    ),
    Subject(
        layers.PReLU,
        IMAGE,
        cases={
            **ANY_LAYER,
            "alpha_initializer": Case(keras.initializers.Constant(0.25), "weights"),
            "alpha_regularizer": Case(keras.regularizers.L1(0.5), "penalties", ALPHA),
            "alpha_constraint": Case(
                keras.constraints.MaxNorm(0.1), "updated weights", ALPHA
            ),
            "shared_axes": Case([1, 2], "weights"),
        },
    ),
    Subject(layers.ELU, IMAGE, cases={**NO_WEIGHTS, "alpha": Case(0.5, "output")}),
    Subject(layers.CELU, IMAGE, cases={**NO_WEIGHTS, "alpha": Case(0.5, "output")}),
    Subject(
        layers.GELU, IMAGE, cases={**NO_WEIGHTS, "approximate": Case(True, "output")}
    ),
    Subject(layers.Softmax, IMAGE, cases={**NO_WEIGHTS, "axis": Case(1, "output")}),
    Subject(layers.LogSoftmax, IMAGE, cases={**NO_WEIGHTS, "axis": Case(1, "output")}),
    *(
        Subject(layer, IMAGE, cases=NO_WEIGHTS)
        for layer in (
            layers.Exponential,
            layers.HardSigmoid,
            layers.HardTanh,
            layers.LogSigmoid,
            layers.Mish,
            layers.ReLU6,
            layers.SELU,
            layers.SiLU,
            layers.Sigmoid,
            layers.Softplus,
            layers.Softsign,
            layers.Tanh,
        )
    ),
]
