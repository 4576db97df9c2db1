"""Models that trials may use up: copies, changed or not, or the model itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from ...models.copying import config_of, copy_layer, input_like
from ..program.optimizers import optimizers_of
from ..program.program import Program
from ..thresholds import SAME_OUTPUT

Edit = Callable[[keras.Layer, dict[str, Any]], keras.Layer | None]


class CannotRebuild(Exception):
    """A model cannot be copied with a change."""


def copy_model(model: keras.Model, edit: Edit | None = None) -> keras.Model:
    """Returns a copy of a model with fresh weights, not compiled.

    Args:
        model: The model.
        edit: Called with each layer and its config, which it may change in place; a
            layer that it returns takes the original's place. Defaults to none.

    Raises:
        CannotRebuild: If Keras cannot copy the model.
    """

    def copied(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, keras.Model) and layer.layers:
            return copy_model(layer, edit)
        config = config_of(layer)
        replacement = edit(layer, config) if edit else None
        return copy_layer(layer, config) if replacement is None else replacement

    try:
        if type(model) is keras.Sequential:
            copies = [copied(layer) for layer in model.layers]
            inputs = [input_like(tensor) for tensor in model.inputs]
            return keras.Sequential([*inputs, *copies], name=model.name)
        if not getattr(model, "inputs", None):
            return _copy_subclassed(model, edit)
        return keras.models.clone_model(model, clone_function=copied)
    # What a layer's config lacks shows in whatever error its constructor raises.
    except Exception as error:
        raise CannotRebuild(
            f"{model.name} cannot be rebuilt from its configuration"
        ) from error


def _copy_subclassed(model: keras.Model, edit: Edit | None) -> keras.Model:
    """Returns a copy of a model by subclassing, if its config can make one."""
    if edit is not None:
        raise CannotRebuild("a model by subclassing has its layers in its own code")
    return type(model).from_config(model.get_config())


def trial_model(
    program: Program, make: Callable[[], keras.Model] | None
) -> tuple[keras.Model, bool]:
    """Returns a model to train, and whether it can be rebuilt with changes.

    It is a copy by configuration where that computes the same, else what the user's
    own function makes, else the program's model itself.

    Args:
        program: The program.
        make: The user's function; None without.
    """
    model = program.model
    if not program.own_step:
        try:
            copy = copy_model(model)
            if _computes_the_same(program, copy):
                return copy, bool(getattr(model, "inputs", None))
        except Exception:  # it cannot be built, called or given the weights
            pass
    if make is not None:
        made = make()
        made(_peeked(program))
        if [one.shape for one in made.weights] == [one.shape for one in model.weights]:
            return made, False
    return model, False


def _peeked(program: Program) -> Any:
    rows = len(keras.tree.flatten(program.outputs)[0])
    return program.packed_inputs(
        [keras.ops.convert_to_tensor(one[:rows]) for one in program.inputs.values()]
    )


def _computes_the_same(program: Program, copy: keras.Model) -> bool:
    """Whether a copy gives the model's outputs when it has its weights."""
    few = _peeked(program)
    copy(few)
    copy.set_weights(program.model.get_weights())
    given = keras.tree.flatten(copy(few, training=False))
    return all(
        np.allclose(
            keras.ops.convert_to_numpy(one),
            other,
            rtol=SAME_OUTPUT.value,
            atol=SAME_OUTPUT.value,
            equal_nan=True,
        )
        for one, other in zip(given, keras.tree.flatten(program.outputs), strict=True)
    )


@contextmanager
def put_back(model: keras.Model) -> Iterator[None]:
    """Puts everything that training changes in a model back as it was."""
    variables = {id(one): one for one in (*model.variables, *model.metrics_variables)}
    before = {key: np.array(one) for key, one in variables.items()}
    optimizers = optimizers_of(model)
    functions = {
        name: vars(model)[name]
        for name in ("train_function", "test_function", "predict_function")
        if name in vars(model)
    }
    try:
        yield
    finally:
        for key, variable in variables.items():
            variable.assign(before[key])
        for name, value in {**optimizers, **functions}.items():
            setattr(model, name, value)


def copy_optimizer(
    optimizer: keras.optimizers.Optimizer, learning_rate: float, changes: dict[str, Any]
) -> keras.optimizers.Optimizer:
    """Returns an optimizer of the same kind and settings, at a constant rate.

    Args:
        optimizer: The original.
        learning_rate: The rate.
        changes: Other settings to change.
    """
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None:  # a loss scale around another
        copy = copy_optimizer(inner, learning_rate, changes)
        config = optimizer.get_config()
        names = ("initial_scale", "dynamic_growth_steps")
        return type(optimizer)(copy, **{name: config[name] for name in names})
    known = optimizer.get_config()
    kept = {name: value for name, value in changes.items() if name in known}
    config = known | {"learning_rate": learning_rate} | kept
    return type(optimizer).from_config(config)
