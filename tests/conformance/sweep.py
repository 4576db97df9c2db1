"""Finds arguments that a public class ignores, or loses on a round trip.

A `Subject` is a class with one `Case` for each argument of its constructor: a value
other than the default, and what has to change when it is given. `check` makes an
object without and with the value, takes a snapshot of what each does, and of every copy
made by a round trip. It fails where the value changes nothing, and where a copy behaves
unlike the original.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

DRAW = 11  # seed of everything random, set anew before an object is made


@dataclass(frozen=True)
class Case:
    """A value for an argument, and the entry of the snapshot that it must change.

    `given` holds other arguments without which the value could not be seen. An
    entry of "error" says that the value must be refused, with a ValueError, when the
    object is made or when it is used.
    """

    value: Any
    changes: str
    given: dict[str, Any] = field(default_factory=dict)
    inputs: Any = None


@dataclass(frozen=True)
class Subject:
    """A class, the arguments it cannot do without, and the cases of all arguments.

    `inputs` is the shape of a layer's input, or (y_true, y_pred) of a loss.
    """

    cls: type
    inputs: Any
    cases: dict[str, Case]
    required: dict[str, Any] = field(default_factory=dict)


def public_classes(module: Any) -> set[type]:
    """Lists the layers and losses that `module` makes public."""
    bases = (keras.layers.Layer, keras.losses.Loss)
    members = (getattr(module, name) for name in module.__all__)
    return {m for m in members if inspect.isclass(m) and issubclass(m, bases)}


def arguments(cls: type) -> set[str]:
    """Lists the arguments of a constructor, and those of every layer or loss."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(cls).parameters.values()
    common = {"name", "dtype"}
    if issubclass(cls, keras.layers.Layer):
        common |= {"trainable"}
    return {p.name for p in parameters if p.kind not in kinds} | common


def unswept(subject: Subject) -> set[str]:
    """Lists arguments without a case, and cases without an argument."""
    return arguments(subject.cls) ^ set(subject.cases)


def check(
    subject: Subject, argument: str, snapshot: Callable, copies: Callable
) -> None:
    """Fails if `argument` is ignored, or lost or changed on a round trip.

    `snapshot(object, inputs)` returns a dict of arrays and plain values;
    `copies(object, inputs)` yields (how, make), `make()` being a copy.
    """
    case = subject.cases[argument]
    inputs = subject.inputs if case.inputs is None else case.inputs
    given = {"name": "subject", **subject.required, **case.given}
    label = f"{subject.cls.__name__}({argument}={case.value!r})"

    if case.changes == "error":
        make = functools.partial(subject.cls, **{**given, argument: case.value})
        check_refused(argument, make, inputs, snapshot, copies, label)
        return

    def drawn(make: Callable) -> dict[str, Any]:
        keras.utils.set_random_seed(DRAW)
        return snapshot(make(), inputs)

    without = drawn(lambda: subject.cls(**given))
    changed = drawn(lambda: subject.cls(**{**given, argument: case.value}))
    assert case.changes in changed, f"{label}: no {case.changes!r} in the snapshot"
    same = equal(without[case.changes], changed[case.changes])
    assert not same, f"{label} is ignored: {case.changes} is as without it"

    keras.utils.set_random_seed(DRAW)
    original = subject.cls(**{**given, argument: case.value})
    assert argument in original.get_config(), f"{label} is not in get_config"
    for how, make in copies(original, inputs):
        copied = drawn(make)
        differing = [k for k in changed if not equal(changed[k], copied.get(k))]
        assert not differing, f"{label} is lost by {how}: {differing} differ"


def check_refused(
    argument: str,
    make: Callable,
    inputs: Any,
    snapshot: Callable,
    copies: Callable,
    label: str,
) -> None:
    """Fails unless a ValueError names the argument, on making or on use, of copies too.

    An object that is only refused when used can be copied, and so can lose the value.
    """
    try:
        original = make()
    except ValueError as error:
        assert argument in str(error), f"{label}: the message names no {argument}"
        return
    for how, copy in [("use", lambda: original), *copies(original, inputs)]:
        try:
            snapshot(copy(), inputs)
        except ValueError as error:
            assert argument in str(error), f"{label}: the message names no {argument}"
        else:
            raise AssertionError(f"{label} is accepted after {how}")


def equal(a: Any, b: Any) -> bool:
    """Compares two entries of snapshots: same kind, shape and values, NaN included."""
    if isinstance(a, list):
        return (
            isinstance(b, list)
            and len(a) == len(b)
            and all(equal(x, y) for x, y in zip(a, b, strict=True))
        )
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray)
            and a.dtype == b.dtype
            and np.array_equal(a, b, equal_nan=True)
        )
    return type(a) is type(b) and a == b
