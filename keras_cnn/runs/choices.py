"""The names that options of a run choose from, and the recipes.

Nothing here imports Keras: help is printed at once. Tests compare each list with Keras.
"""

from __future__ import annotations

from typing import Any

# Functions of one number: `keras_cnn.reference.activations.ELEMENTWISE`.
ACTIVATIONS = (
    *("celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu"),
    *("hard_tanh", "leaky_relu", "linear", "log_sigmoid", "mish", "relu", "relu6"),
    *("selu", "sigmoid", "silu", "soft_shrink", "softplus", "softsign", "sparse_plus"),
    *("sparse_sigmoid", "squareplus", "tanh", "tanh_shrink"),
)

OPTIMIZERS = (
    *("adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "ftrl", "lion"),
    *("muon", "nadam", "rmsprop", "sgd"),
)

# Losses that take the labels as they are, and those that need them one-hot.
SPARSE_LOSSES = ("sparse_categorical_crossentropy",)
ONE_HOT_LOSSES = (
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_squared_error",
)
LOSSES = SPARSE_LOSSES + ONE_HOT_LOSSES

# Those that compare distributions, and compute from logits as well.
CROSSENTROPIES = (
    *SPARSE_LOSSES,
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
)

# The name of the article's network among models.
ARTICLE = "article"

# What stands before the name of one of `keras.applications`.
APPLICATION = "keras:"

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16", "float64")

# What each word of `augment` does to the training images: sets, and single changes.
_CHANGES = (
    *("flip", "shift", "rotation", "zoom", "contrast", "noise", "erasing"),
    *("mixup", "cutmix"),
)
AUGMENTATIONS: dict[str, tuple[str, ...]] = {
    "none": (),
    "digits": ("shift", "rotation", "zoom"),
    "photos": ("flip", "shift", "rotation", "zoom", "contrast"),
    **{change: (change,) for change in _CHANGES},
}

# Options that only some values of another one take.
GOES_WITH = {
    "augment": ("strategy", ("none",)),
    "activation": ("model", (ARTICLE,)),
    "layers_from": ("model", (ARTICLE,)),
    "precision": ("model", (ARTICLE,)),
    "beta_2": ("optimizer", ("adam", "adamax", "adamw", "lion", "nadam")),
    "warmup": ("schedule", ("constant",)),
    "label_smoothing": (
        "loss",
        ("categorical_crossentropy", "categorical_focal_crossentropy"),
    ),
}

# What each recipe gives where the user gives nothing: values of any fields. The
# article's are the defaults of `RunConfig`.
RECIPES: dict[str, dict[str, Any]] = {
    "article": {},
    "fast": {
        "epochs": 1,
        "batch_size": 64,
        "learning_rate": 8e-3,
        "schedule": "one_cycle",
        "beta_2": 0.95,
        "loss": "categorical_crossentropy",
        "label_smoothing": 0.1,
        "precision": "auto",
    },
}
