"""`from keras_cnn import layers` in the place of `from keras import layers`."""

import ast
import copy
import pickle

import keras
import numpy as np
import pytest

from keras_cnn import activations, layers, losses
from tools import stubs

PARTS = {"activations": activations, "layers": layers, "losses": losses}
each_part = pytest.mark.parametrize("part", PARTS)


def names_of(module):
    return [name for name in dir(module) if not name.startswith("_")]


NAMES = [(part, name) for part in PARTS for name in names_of(getattr(keras, part))]


@pytest.mark.parametrize(
    ("part", "name"), NAMES, ids=[".".join(pair) for pair in NAMES]
)
def test_name_of_keras_is_ours_exactly_where_it_is_written_here(part, name):
    ours, theirs = PARTS[part], getattr(keras, part)
    found, keras_own = getattr(ours, name), getattr(theirs, name)
    written = {getattr(theirs, own, None): own for own in ours.__all__}
    if keras_own in written:
        assert found is vars(ours)[written[keras_own]]
        assert found.__module__.startswith(f"keras_cnn.{part}")
    else:
        assert found is keras_own
    assert name in dir(ours)


@pytest.mark.parametrize(
    ("alias", "own"),
    [
        (layers.AvgPool2D, layers.AveragePooling2D),
        (layers.Convolution2D, layers.Conv2D),
        (layers.MaxPool2D, layers.MaxPooling2D),
        (activations.swish, activations.silu),
        (activations.hard_swish, activations.hard_silu),
    ],
)
def test_alias_of_keras_leads_to_ours(alias, own):
    assert alias is own and own.__module__.startswith("keras_cnn.")


def test_other_names_are_keras_own():
    assert layers.BatchNormalization is keras.layers.BatchNormalization
    assert layers.Input is keras.Input
    assert losses.Loss is keras.losses.Loss


def test_every_activation_of_keras_is_written_here():
    public = {name for name in dir(keras.activations) if not name.startswith("_")}
    assert public - set(activations.__all__) == {"hard_swish", "swish"}


@each_part
@pytest.mark.parametrize("name", ["Dens", "_keras_logits", "__wrapped__", "src"])
def test_misspelled_or_private_name_raises_what_a_module_raises(part, name):
    module = PARTS[part]
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    message = f"module 'keras_cnn.{part}' has no attribute '{name}'"
    assert str(caught.value) == message
    # From these Python makes its "Did you mean".
    assert (caught.value.name, caught.value.obj) == (name, module)
    with pytest.raises(ImportError, match=f"cannot import name '{name}'"):
        exec(f"from keras_cnn.{part} import {name}", {})


def test_private_name_of_keras_does_not_fall_through(monkeypatch):
    monkeypatch.setattr(keras.layers, "_private", 1, raising=False)
    assert not hasattr(layers, "_private") and "_private" not in dir(layers)


@each_part
def test_star_import_gives_what_is_written_here(part):
    names = {}
    exec(f"from keras_cnn.{part} import *", names)
    assert set(names) - {"__builtins__"} == set(PARTS[part].__all__)


# Names and configs


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("mse", losses.mean_squared_error),
        ("MSE", losses.mean_squared_error),
        ("mae", losses.mean_absolute_error),
        ("bce", losses.binary_crossentropy),
        ("log_cosh", losses.log_cosh),
        ("kld", keras.losses.kl_divergence),
        ("hinge", keras.losses.hinge),
    ],
)
def test_name_of_a_loss_function_gives_ours_first(name, own):
    assert losses.get(name) is own
    if hasattr(losses, name):  # Keras's deserialize does not know its short names
        assert losses.deserialize(name) is own
    config = keras.losses.serialize(keras.losses.get(name))
    assert losses.get(config) is own
    assert losses.deserialize(config) is own
    if hasattr(losses, name):
        assert losses.get({"class_name": name, "config": {}}) is own


@pytest.mark.parametrize("name", [n for n in losses.__all__ if n[0].isupper()])
def test_name_and_config_of_a_loss_give_ours(name):
    own, keras_own = getattr(losses, name), getattr(keras.losses, name)
    assert type(losses.get(name)) is type(losses.deserialize(name)) is own
    for config in (
        keras.losses.serialize(keras_own(reduction="sum", name="a")),
        {"class_name": name, "config": {"reduction": "sum", "name": "a"}},
        losses.serialize(own(reduction="sum", name="a")),
    ):
        before = copy.deepcopy(config)
        for loss in (losses.get(config), losses.deserialize(config)):
            assert type(loss) is own
            assert (loss.reduction, loss.name) == ("sum", "a")
        assert config == before


def test_other_loss_identifiers_are_keras_business():
    assert losses.get(None) is None
    own = losses.Huber(delta=2.0)
    assert losses.get(own) is own
    assert losses.get(keras.losses.huber) is keras.losses.huber
    assert type(losses.get("Dice")) is keras.losses.Dice
    for wrong in ("typo", 3):
        with pytest.raises(ValueError, match="Could not interpret loss"):
            losses.get(wrong)


def test_own_class_of_the_same_name_is_the_callers():
    class Huber(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return y_pred

    config = {"class_name": "Huber", "config": {}}
    assert type(losses.deserialize(config, {"Huber": Huber})) is Huber
    with keras.saving.custom_object_scope({"Huber": Huber}):
        assert type(losses.get(config)) is Huber
    assert type(losses.get(config)) is losses.Huber


def test_own_registered_class_of_the_same_name_is_the_callers():
    @keras.saving.register_keras_serializable("tests_of_names")
    class Dense(keras.layers.Layer):
        pass

    config = keras.layers.serialize(Dense())
    assert type(layers.deserialize(config)) is Dense
    del config["module"]
    assert type(layers.deserialize(config)) is Dense


def test_config_of_another_module_is_left_to_keras():
    config = {"class_name": "Dense", "config": {"units": 2}, "module": "elsewhere"}
    with pytest.raises(TypeError, match="Could not locate class 'Dense'"):
        layers.deserialize(config)


@pytest.mark.parametrize("name", ["relu", "swish", "log_softmax", "sparsemax"])
def test_name_and_config_of_an_activation_give_ours_first(name):
    own = getattr(activations, name)
    config = keras.saving.serialize_keras_object(getattr(keras.activations, name))
    assert config["class_name"] == "function"
    for identifier in (name, config, activations.serialize(own)):
        assert activations.get(identifier) is own
        if identifier != "swish":  # Keras's deserialize does not know its aliases
            assert activations.deserialize(identifier) is own
    assert layers.Dense(2, activation=name).activation is own


def test_config_of_a_layer_gives_ours_also_inside_of_another():
    their = keras.layers
    config = their.serialize(their.TimeDistributed(their.Dense(3, "relu", name="d")))
    before = copy.deepcopy(config)
    wrapper = layers.deserialize(config)
    assert type(wrapper) is their.TimeDistributed
    assert type(wrapper.layer) is layers.Dense
    assert wrapper.layer.units == 3 and wrapper.layer.name == "d"
    assert wrapper.layer.activation is activations.relu
    assert config == before
    again = layers.deserialize(layers.serialize(wrapper))
    assert type(again.layer) is layers.Dense and again.layer.units == 3


def test_config_of_what_ours_does_not_have_is_refused():
    dense = keras.layers.Dense(3)
    dense.build((None, 4))
    dense.enable_lora(2)
    # Keras makes a TypeError of whatever a constructor raises.
    with pytest.raises(TypeError, match="`lora_rank` must be None"):
        layers.deserialize(keras.layers.serialize(dense))


def test_config_of_a_network_gives_ours_with_its_shapes():
    inputs = keras.Input((8, 8, 1))
    hidden = keras.layers.Conv2D(2, 3, padding="same", name="a")(inputs)
    hidden = keras.layers.BatchNormalization()(hidden)
    outputs = keras.layers.Softmax()(keras.layers.Flatten()(hidden))
    theirs = keras.Model(inputs, outputs)
    ours = layers.deserialize(keras.layers.serialize(theirs))
    assert [type(layer) for layer in ours.layers] == [
        keras.layers.InputLayer,
        layers.Conv2D,
        keras.layers.BatchNormalization,
        layers.Flatten,
        layers.Softmax,
    ]
    ours.set_weights(theirs.get_weights())
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype("float32")
    np.testing.assert_allclose(
        ours.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-5, atol=1e-7
    )


def test_config_that_is_no_layer_raises_as_keras_does():
    with pytest.raises(ValueError, match="not a `keras.layers.Layer`"):
        layers.deserialize(keras.losses.serialize(keras.losses.Huber()))


# Whole programs: only the import line differs.

DATA = """
import keras
import numpy as np

keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
"""

RESIDUAL = """
def halve(x, filters):
    past = layers.Conv2D(filters, 1, strides=2, use_bias=False)(x)
    past = layers.BatchNormalization()(past)
    x = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.Convolution2D(filters, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(layers.add([x, past]))

inputs = layers.Input((12, 12, 3), name="image")
x = layers.Conv2D(4, 3, padding="same", activation=activations.relu)(inputs)
x = halve(halve(x, 4), 8)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(3, activation="softmax", name="class")(x)
model = keras.Model(inputs, outputs)
loss = losses.SparseCategoricalCrossentropy()
x, y = rng.normal(size=(12, 12, 12, 3)).astype("float32"), np.arange(12) % 3
"""

PREPARED = """
prepare = keras.Sequential([layers.Rescaling(1 / 255), layers.RandomFlip("horizontal")])
model = keras.Sequential(
    [
        layers.Input((12, 12, 1)),
        prepare,
        layers.ZeroPadding2D(1),
        layers.Conv2D(4, 3, activation="swish"),
        layers.MaxPool2D(),
        layers.LayerNormalization(),
        layers.Dropout(0.3),
        layers.Flatten(),
        layers.Dense(8, "gelu", kernel_regularizer=keras.regularizers.L2(0.01)),
        layers.GaussianNoise(0.1),
        layers.Dense(3),
    ]
)
loss = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
x = rng.integers(0, 256, (12, 12, 12, 1)).astype("float32")
y = np.eye(3, dtype="float32")[np.arange(12) % 3]
"""

TEXT = """
tokens = layers.Input((20,), dtype="int32")
x = layers.Embedding(50, 8)(tokens)
x = layers.SpatialDropout1D(0.2)(x)
x = layers.Conv1D(8, 5, activation="relu", padding="valid", strides=2)(x)
x = layers.GlobalMaxPooling1D()(x)
x = layers.Dense(8, activation=activations.get("relu"))(x)
outputs = layers.Dense(1, activation="sigmoid")(layers.Dropout(0.5)(x))
model = keras.Model(tokens, outputs)
loss = losses.get("binary_crossentropy")
x, y = rng.integers(0, 50, (12, 20), "int32"), np.arange(12)[:, None] % 2
"""

TRAINING = """
model.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss=loss)
trained = [float(model.train_on_batch(x, y)) for _ in range(4)]
outputs = model.predict(x, verbose=0)
"""


def run(program, package):
    line = f"from {package} import activations, layers, losses\n"
    names = {"__name__": "program"}
    exec(compile(line + DATA + program + TRAINING, package, "exec"), names)
    return names


@pytest.mark.parametrize(
    "program", [RESIDUAL, PREPARED, TEXT], ids=["residual", "prepared", "text"]
)
def test_program_trains_alike_after_a_change_of_its_import_line(program):
    theirs, ours = run(program, "keras"), run(program, "keras_cnn")
    # Both draw the same weights, flips and masks, and differ in the last digits alone.
    np.testing.assert_allclose(ours["trained"], theirs["trained"], rtol=2e-4)
    np.testing.assert_allclose(ours["outputs"], theirs["outputs"], rtol=1e-3, atol=1e-4)
    assert theirs["trained"][0] != theirs["trained"][-1]
    kinds = {type(layer) for layer in ours["model"].layers}
    assert layers.Dense in kinds and not any(
        vars(keras.layers).get(name) in kinds
        for name in layers.__all__
        if name[0].isupper()
    )


def test_mixture_is_saved_and_loaded(tmp_path):
    model = run(PREPARED, "keras_cnn")["model"]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    kinds = [[type(layer) for layer in m.layers] for m in (model, loaded)]
    assert kinds[0] == kinds[1]
    assert type(loaded.loss) is losses.CategoricalCrossentropy
    x = np.full((2, 12, 12, 1), 100, "float32")
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0)
    )


def test_subclasses_isinstance_copies_and_pickles():
    class Twice(layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    class Distance(losses.Loss):
        def call(self, y_true, y_pred):
            return abs(y_true - y_pred)

    assert float(Twice()(np.ones(()))) == 2
    assert float(Distance()(np.zeros(2), np.ones(2))) == 1
    assert isinstance(layers.Dense(1), layers.Layer)
    assert isinstance(losses.Huber(), losses.Loss)
    assert not isinstance(keras.layers.Dense(1), layers.Dense)
    for loss in (losses.Huber(delta=2.0), losses.Dice()):
        for twin in (copy.copy(loss), pickle.loads(pickle.dumps(loss))):
            assert twin.get_config() == loss.get_config()
    for thing in (layers.MaxPool2D, layers.LSTM, activations.swish, losses.get):
        assert pickle.loads(pickle.dumps(thing)) is thing
        assert copy.deepcopy(thing) is thing


# The stubs


def names_in_stub(part):
    for node in ast.parse(stubs.path(part).read_text()).body:
        if isinstance(node, ast.ImportFrom):
            yield from (alias.asname for alias in node.names)
        elif isinstance(node, ast.Assign):
            yield node.targets[0].id


@each_part
def test_stub_has_every_name_that_falls_through(part):
    """Fails on the Keras the stub was written with; on another it says what is new."""
    listed = set(names_in_stub(part)) - {"__all__"}
    assert set(PARTS[part].__all__) <= listed
    unlisted = sorted(set(dir(PARTS[part])) - listed)
    if stubs.path(part).read_text().startswith(stubs.head()):
        assert not unlisted and listed <= set(dir(PARTS[part])), unlisted
    elif unlisted:
        pytest.skip(
            f"Keras {keras.__version__} has names that the stub lacks: {unlisted}; "
            "run python tools/stubs.py"
        )


@each_part
def test_stub_is_what_the_tool_writes(part):
    text = stubs.path(part).read_text()
    if text.splitlines()[0] != stubs.head():
        pytest.skip(f"the stub was written with another Keras than {keras.__version__}")
    assert text == stubs.written(part), "run: python tools/stubs.py"
