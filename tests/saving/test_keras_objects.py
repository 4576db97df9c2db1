"""The table of what a `.keras` file may name: in step with Keras, and nothing besides.

All of Keras is walked, by every way in which its loader looks a name up, and what the
guard lets through must be a part of a network.
"""

import importlib
import inspect
import itertools
import pkgutil
import types

import keras
import pytest
from keras.src import api_export
from keras.src.saving import serialization_lib

from keras_cnn.saving.configuration import Refused, check_configuration
from keras_cnn.saving.keras_objects import CLASSES, FUNCTIONS, MADE_FROM
from tools import keras_objects

PARTS = (
    keras.Layer,
    keras.Operation,
    keras.Loss,
    keras.Metric,
    keras.Optimizer,
    keras.DTypePolicy,
    keras.dtype_policies.DTypePolicyMap,
    keras.initializers.Initializer,
    keras.regularizers.Regularizer,
    keras.constraints.Constraint,
    keras.optimizers.OptimizerMap,
    keras.optimizers.schedules.LearningRateSchedule,
    keras.quantizers.QuantizationConfig,
    keras.quantizers.Quantizer,
    keras.random.SeedGenerator,
)
# Of those, what runs, loads or calls what a file tells it to.
PROGRAMS = {
    *("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
    *("Map", "Scan", "AssociativeScan", "VectorizedMap", "WhileLoop", "ForiLoop"),
    *("Cond", "Switch", "JVP", "Function", "Distiller", "FeatureSpace"),
}


OTHERS = (
    *("backend.jax", "backend.numpy", "backend.openvino", "backend.torch"),
    *("torchtree_impl", "optree_impl"),
)


of_the_same_release = pytest.mark.skipif(
    keras.version() != MADE_FROM,
    reason=f"the table was made from Keras {MADE_FROM}, another release is installed",
)


def is_let_through(config):
    try:
        check_configuration(config, keras.saving.get_registered_object)
    except Refused:
        return False
    return True


def as_class(module, name):
    return {"module": module, "class_name": name, "config": {}, "registered_name": None}


def as_function(module, name):
    return as_class(module, "function") | {"config": name, "registered_name": name}


def modules_below(package):
    """Yields a package of Keras and every module below that can be imported here."""
    yield package
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        # Importing another backend would put it in the place of this one.
        if found.name.endswith(("_test", *OTHERS)):
            continue
        module = importlib.import_module(found.name)
        if found.ispkg:
            yield from modules_below(module)
        else:
            yield module


@pytest.fixture(scope="module")
def names():
    """Every (module, name) by which anything in Keras might be asked for."""
    pairs = {
        ("builtins", name)
        for path in api_export.REGISTERED_NAMES_TO_OBJS
        for name in (path.rpartition(".")[2], path)
    }
    for path in api_export.REGISTERED_NAMES_TO_OBJS:
        words = path.split(".")
        pairs |= {
            (".".join(words[:cut]), ".".join(words[cut:]))
            for cut in range(1, len(words))
        }
    for module in modules_below(keras):
        pairs |= {(module.__name__, name) for name in vars(module)}
    return pairs


def looked_up(config):
    """Returns what Keras finds for a configuration, or None."""
    kind = "function" if config["class_name"] == "function" else "class"
    name = config["config"] if kind == "function" else config["class_name"]
    try:
        return serialization_lib._retrieve_class_or_fn(
            name, config["registered_name"], config["module"], kind, config, {}
        )
    except (TypeError, ValueError):
        return None


@of_the_same_release
def test_table_is_in_step_with_the_installed_keras():
    assert keras_objects.TABLE.read_text() == keras_objects.written(), (
        "run: python tools/keras_objects.py"
    )


def test_nothing_but_parts_of_a_network_can_be_reached(names):
    assert len(names) > 10_000  # all of Keras was walked
    reached = {}
    for module, name in names:
        for config in (as_class(module, name), as_function(module, name)):
            if is_let_through(config):
                reached[module, name] = looked_up(config)
    assert len(reached) > 500
    for (module, name), part in reached.items():
        if part is None:
            continue
        assert "." not in name and name not in PROGRAMS
        if inspect.isclass(part):
            assert issubclass(part, PARTS), (module, name)
        else:
            assert isinstance(part, types.FunctionType), (module, name)
            home = part.__module__.removeprefix("keras.src.").split(".")[0]
            assert home in ("activations", "losses", "metrics"), (module, name)
            assert name not in ("get", "deserialize", "serialize")


@of_the_same_release
def test_everything_in_the_table_is_found_by_keras_as_what_it_is():
    for module, names in CLASSES.items():
        for name in names:
            part = looked_up(as_class(module, name))
            assert inspect.isclass(part) and issubclass(part, PARTS), name
    for module, names in FUNCTIONS.items():
        for name in names:
            part = looked_up(as_function(module, name))
            assert isinstance(part, types.FunctionType), name


@of_the_same_release
@pytest.mark.parametrize("module", keras_objects.CLASSES)
def test_every_public_class_is_judged(module):
    """What Keras gains is refused until somebody has looked at it."""
    refused = {"Layer", "Loss", "Metric", "Optimizer", "Initializer", "Quantizer"}
    refused |= {"Regularizer", "Operation", "Function", "InputSpec", "KerasTensor"}
    refused |= {"RematScope", "StatelessScope", "SymbolicScope", "Variable"}
    refused |= {"name_scope", *keras_objects.CLASSES[module]}
    public = {
        name for name, one in keras_objects.public(module) if inspect.isclass(one)
    }
    assert public - refused == CLASSES[module]


def calls_what_it_is_given(operation):
    """Whether an operation calls a function that is among its arguments.

    Each argument of its making and of its call is the function in turn, and every two
    of them, or a list of it; the others are arrays, numbers or truths.
    """
    arguments = [
        *named_arguments("make", operation.__init__),
        *named_arguments("call", operation.call),
    ]
    numbers = keras.ops.ones((2, 2))
    fills = (numbers, (numbers,), 1, "positions")
    called = []

    def canary(*args):
        called.append(args)
        return args[0]

    names = [name for name, _ in arguments]
    places = [(one,) for one in names] + list(itertools.combinations(names, 2))
    for where, given in itertools.product(places, (canary, [canary, canary])):
        for fill, by_default in itertools.product(
            fills, ("", "make", "call", "make call")
        ):
            values = {"make": {}, "call": {}}
            for number, ((step, name), has_default) in enumerate(arguments):
                if (step, name) in where:
                    values[step][name] = given
                elif not (has_default and step in by_default):
                    values[step][name] = number if isinstance(fill, str) else fill
            try:
                operation(**values["make"]).call(**values["call"])
            except Exception:  # noqa: S110, of arguments that do not go together
                pass
            if called:
                return True
    return False


def named_arguments(step, function):
    """Yields ((step, name), whether it has a default)."""
    for one in inspect.signature(function).parameters.values():
        variable = one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        if not variable and one.name not in ("self", "name"):
            yield (step, one.name), one.default is not one.empty


@pytest.mark.parametrize("module", keras_objects.OPERATIONS)
@pytest.mark.filterwarnings("ignore")
def test_no_operation_that_is_let_through_calls_what_it_is_given(module):
    home = importlib.import_module(module)
    callers = {
        name for name in CLASSES[module] if calls_what_it_is_given(vars(home)[name])
    }
    assert callers == set()


@pytest.mark.parametrize("name", sorted(keras_objects.CALLERS))
def test_operations_that_are_refused_do_call_it(name):
    """The test above sees a call where there is one."""
    from keras.src.ops import core, linalg

    assert calls_what_it_is_given(vars(core).get(name) or vars(linalg)[name])
