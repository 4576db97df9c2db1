"""Models with several inputs and outputs, shared and nested layers, and branches."""

import json

import keras
import numpy as np
import pytest

from keras_cnn._checks import InputError
from keras_cnn.doctor import Doctor, diagnose, repair
from keras_cnn.doctor.program.read import read_program

PLAN = {"batch_size": 32, "epochs": 12}
PATIENT = PLAN | {"budget_seconds": 120}


@pytest.fixture
def data():
    """Three classes told by one input, an amount told by the other."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 400)
    left = (3 * np.eye(3)[labels] + 0.5 * rng.normal(size=(400, 3))).astype("float32")
    right = rng.normal(size=(400, 2)).astype("float32")
    amounts = (right @ [[1.0], [-2.0]]).astype("float32")
    return (
        {"left": left, "right": right},
        {"amount": amounts, "kind": np.eye(3, dtype="float32")[labels]},
    )


@pytest.fixture
def make():
    """Returns a builder of compiled models of two inputs and two outputs."""

    def make(kind="softmax", structure="dict", rate=0.01, **options):
        keras.utils.set_random_seed(0)
        left = keras.Input((3,), name="left")
        right = keras.Input((2,), name="right")
        joined = keras.layers.Concatenate()([left, right])
        hidden = keras.layers.Dense(16, "relu", **options)(joined)
        named = keras.layers.Dense(3, name="sums", **options)(hidden)
        named = keras.layers.Activation(kind, name="kind")(named)
        amount = keras.layers.Dense(1, name="amount", **options)(hidden)
        losses = {"kind": "categorical_crossentropy", "amount": "mse"}
        if structure == "dict":
            model = keras.Model(
                {"left": left, "right": right}, {"kind": named, "amount": amount}
            )
        else:
            model = keras.Model([left, right], [named, amount])
            losses = list(losses.values())
        model.compile(keras.optimizers.Adam(rate), losses)
        return model

    return make


def counting(diagnosis):
    return [one.code for one in diagnosis.findings if one.counts]


def as_lists(x, y):
    return [x["left"], x["right"]], [y["kind"], y["amount"]]


def test_two_inputs_and_two_outputs_that_learn_are_healthy(data, make):
    diagnosis = diagnose(make(), *data, **PATIENT)
    assert diagnosis.healthy and diagnosis.skill > 0.8
    by_list = diagnose(make(structure="list"), *as_lists(*data), **PATIENT)
    assert by_list.losses == pytest.approx(diagnosis.losses, rel=1e-5)


@pytest.mark.parametrize("structure", ["dict", "list"])
def test_the_output_at_fault_is_named(data, make, structure):
    x, y = data if structure == "dict" else as_lists(*data)
    diagnosis = diagnose(make("linear", structure), x, y, **PATIENT)
    assert counting(diagnosis)[0] == "missing-softmax"
    # The layer that makes the sums, since a linear activation is none.
    assert diagnosis.findings[0].where == "sums"


def test_the_input_at_fault_is_named_and_put_right_by_repair(data, make):
    x, y = data
    # Constant beside its size: the classes are told by what is left of the digits.
    x = x | {"left": 1e4 * x["left"] + 1e5}
    model = make()
    diagnosis = diagnose(model, x, y, **PATIENT)
    assert counting(diagnosis)[0] == "unnormalized-input"
    assert diagnosis.findings[0].where == "x['left']"
    repaired = repair(diagnosis, model, x, y, **PLAN)
    assert repaired.codes == ("unnormalized-input",)
    repaired.model.fit(x, y, verbose=0, **PLAN)
    said = repaired.model.predict(x, verbose=0)["kind"].argmax(1)
    assert (said == y["kind"].argmax(1)).mean() > 0.95


def test_a_rate_is_told_of_several_outputs_as_of_one(data, make):
    assert counting(diagnose(make(rate=1e-8), *data, **PATIENT))[0] == "lr-too-low"


def test_validation_data_has_the_same_structure(data, make):
    x, y = data
    few = {name: one[:50] for name, one in x.items()}
    held_out = (few, {name: one[:50] for name, one in y.items()})
    diagnosis = diagnose(make(), x, y, **PATIENT, validation_data=held_out)
    (note,) = [one for one in diagnosis.findings if one.code == "duplicates"]
    assert note.evidence.startswith("100.0%") and diagnosis.healthy


def test_the_callback_probes_several_inputs_and_outputs(data, make):
    x, y = data
    doctor = Doctor(x, y, every=5)
    make().fit(x, y, batch_size=40, epochs=1, verbose=0, callbacks=[doctor])
    assert [moment.step for moment in doctor.snapshots] == [0, 5, 10]
    assert doctor.snapshots[-1].loss < doctor.snapshots[0].loss
    json.dumps([layer.spread for layer in doctor.snapshots[-1].layers])


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda x, y: ({"left": x["left"]}, y), "each of the model's 2 inputs"),
        (lambda x, y: (x, y["kind"]), "each of the model's outputs, amount, kind"),
        (lambda x, y: (x, {"kind": y["kind"]}), "each output that has a loss"),
        (lambda x, y: (x | {"left": x["left"][:9]}, y), "same number of rows"),
        (lambda x, y: (x | {"left": x["right"]}, y), "must fit the model's inputs"),
    ],
)
def test_data_of_another_structure_is_refused_with_the_rule(data, make, change, rule):
    with pytest.raises(InputError, match=rule):
        diagnose(make(), *change(*data))


def test_an_output_without_a_loss_is_trained_without_it(data, make):
    x, y = data
    model = make()
    model.compile(keras.optimizers.Adam(0.01), {"kind": "categorical_crossentropy"})
    diagnosis = diagnose(model, x, {"kind": y["kind"]}, **PATIENT)
    assert diagnosis.healthy and diagnosis.skill > 0.9
    assert [head.target for head in read_program(model, x, y).heads] == ["y['kind']"]


def test_an_activation_is_found_behind_normalisation_and_in_another_branch():
    inputs = keras.Input((8, 8, 3))
    one = keras.layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    other = keras.layers.Conv2D(4, 1, name="shortcut")(inputs)
    one = keras.layers.BatchNormalization()(one)
    one = keras.ops.relu(keras.layers.Add()([one, other]))
    flat = keras.layers.Flatten()(one)
    model = keras.Model(inputs, keras.layers.Dense(2, name="head")(flat))
    model.compile("sgd", "mse")
    program = read_program(model, np.zeros((4, 8, 8, 3)), np.zeros((4, 2)))
    assert [(layer.name, name) for layer, name in program.hidden] == [
        ("first", "relu"),
        ("shortcut", "relu"),
    ]


def test_layers_of_nested_and_shared_models_are_read_in_their_places():
    tower = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(8, name="inner")], name="tower"
    )
    left, right = keras.Input((4,)), keras.Input((4,))
    joined = keras.layers.Concatenate()([tower(left), tower(right)])
    joined = keras.layers.Activation("tanh", name="after")(joined)
    end = keras.Sequential(
        [keras.Input((16,)), keras.layers.Dense(3, name="last"), keras.layers.Softmax()]
    )
    model = keras.Model([left, right], end(joined))
    model.compile("sgd", "categorical_crossentropy")
    x = [np.zeros((6, 4)), np.zeros((6, 4))]
    program = read_program(model, x, np.eye(3)[[0, 1, 2, 0, 1, 2]])
    assert [(one.name, name) for one, name in program.hidden] == [("inner", "tanh")]
    (head,) = program.heads
    assert (head.weighted, head.output, head.units) == ("last", "softmax", 3)
