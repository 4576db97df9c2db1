"""How large a model's layers would be, told without the memory that they would take."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import keras
from keras.src.backend.common import global_state

from .._checks import InputError

# Keras's list of variables whose memory was put off; only by it can they be reached
# where building a layer fails half way.
_PENDING = "uninitialized_variables"

# A layer may make what is not saved with its weights: twice as much, and in any case
# this many numbers.
_MOST_TIMES = 2
_SMALL = 2**24


def check_layer_sizes(path: Path, config: Any, stored: int) -> None:
    """Raises if a `.keras` file describes layers that are larger than its weights.

    Args:
        path: A file that `check_archive` has passed.
        config: The model's configuration.
        stored: How many numbers its weights hold.

    Raises:
        InputError: With both numbers.
    """
    described = _described(config)
    if described > max(_SMALL, _MOST_TIMES * stored):
        raise InputError(
            "A model file must store the weights of the layers that it describes. "
            f"Received: {str(path)!r} with layers of {described:,} numbers and weights "
            f"of {stored:,}."
        )


def _described(config: Any) -> int:
    """Returns how many numbers the layers' variables hold, without making them.

    Within a scope without state Keras gives a variable its shape and puts off its
    memory; those that are counted here are dropped before it is asked for.
    """
    if isinstance(config, dict):
        config = {**config, "compile_config": None}
    before = global_state.get_global_attribute(_PENDING)
    global_state.set_global_attribute(_PENDING, [])
    try:
        with (
            warnings.catch_warnings(),
            keras.StatelessScope(initialize_variables=False),
        ):
            warnings.simplefilter("ignore")  # loading warns again
            keras.saving.deserialize_keras_object(config, safe_mode=True)
    # Loading says better what is wrong; what was described until then is counted.
    except Exception:  # noqa: S110
        pass
    finally:
        variables = global_state.get_global_attribute(_PENDING)
        global_state.set_global_attribute(_PENDING, before)
    return sum(math.prod(variable.shape) for variable in variables)
