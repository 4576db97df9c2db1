"""What every activation function shares: conversion, symbolic calls, precision."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import keras
from keras import ops

Tensor = Any
PACKAGE = "keras_cnn"

Function = TypeVar("Function", bound=Callable[..., Any])

# Every activation function of the package by its name.
FUNCTIONS: dict[str, Callable[..., Any]] = {}


def registered(function: Function) -> Function:
    """Makes `function` known by its name, to this package and to Keras."""
    FUNCTIONS[function.__name__] = function
    register = keras.saving.register_keras_serializable(PACKAGE)
    return register(function)  # type: ignore[no-any-return]


def activation(function: Function) -> Function:
    """Registers `function` with Keras and lets it take arrays and symbolic tensors.

    Called on a `keras.KerasTensor` it becomes one node of the model, however many
    operations it is made of, as Keras's own activations do.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def apply(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if isinstance(x, keras.KerasTensor):
            arguments = dict(signature.bind(x, *args, **kwargs).arguments)
            del arguments["x"]
            return Activate(function.__name__, arguments)(x)
        return function(ops.convert_to_tensor(x), *args, **kwargs)

    return registered(apply)  # type: ignore[return-value]


def in_float32(function: Function) -> Function:
    """Computes `function` in float32 for half-precision input, and rounds once.

    Rounding after each operation would cost several units in the last place, and
    float16 overflows at 65504 where the final value often fits.
    """

    @functools.wraps(function)
    def apply(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        dtype = keras.backend.standardize_dtype(x.dtype)
        if dtype not in ("float16", "bfloat16"):
            return function(x, *args, **kwargs)
        return ops.cast(function(ops.cast(x, "float32"), *args, **kwargs), dtype)

    return apply  # type: ignore[return-value]


@keras.saving.register_keras_serializable(PACKAGE)
class Activate(keras.Operation):
    """One activation function as one node of a functional model."""

    def __init__(
        self,
        activation: str,
        arguments: dict[str, Any] | None = None,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.activation = activation
        self.arguments = arguments or {}
        self._function = FUNCTIONS[activation]

    def call(self, x: Tensor) -> Tensor:
        """Applies the function."""
        return self._function(x, **self.arguments)

    def get_config(self) -> dict[str, Any]:
        """Returns the function's name, its arguments and the node's name."""
        return {
            "activation": self.activation,
            "arguments": self.arguments,
            "name": self.name,
        }
