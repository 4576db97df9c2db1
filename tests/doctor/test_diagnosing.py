import json
import pickle

import keras
import numpy as np
import pytest

from keras_cnn.doctor import diagnose, repair

# Far more time than is needed: what is asserted must not hang on the machine.
PLAN = {"batch_size": 32, "epochs": 8}
PATIENT = PLAN | {"budget_seconds": 120}


def counting(diagnosis):
    return [one.code for one in diagnosis.findings if one.counts]


def accuracy_after_fit(model, x, y):
    keras.utils.set_random_seed(1)
    model.fit(x, y, verbose=0, **PLAN)
    return float((model.predict(x, verbose=0).argmax(1) == y.argmax(1)).mean())


def test_a_program_that_learns_is_healthy(blobs, make):
    diagnosis = diagnose(make(16, 3), *blobs, **PATIENT)
    assert diagnosis.healthy and counting(diagnosis) == []
    assert diagnosis.updates == diagnosis.planned == 80
    assert accuracy_after_fit(make(16, 3), *blobs) > 0.9


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("lr-too-high", {"optimizer": keras.optimizers.SGD(1e3)}),
        ("lr-too-low", {"optimizer": keras.optimizers.Adam(1e-9)}),
        ("bad-init", {"kernel_initializer": "zeros"}),
        ("relu-output-for-classification", {"output": "relu"}),
        ("missing-softmax", {"output": "linear"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_that_stops_learning_is_the_first_cause(blobs, make, code, changes):
    model = make(16, 3, **changes)
    diagnosis = diagnose(model, *blobs, **PATIENT)
    assert not diagnosis.healthy
    assert counting(diagnosis)[0] == code
    finding = diagnosis.findings[0]
    assert finding.evidence and finding.threshold and finding.remedy
    # The program fails where Keras itself trains it, too.
    if code not in ("relu-output-for-classification", "missing-softmax"):
        assert accuracy_after_fit(model, *blobs) < 0.7


def test_raw_inputs_are_the_cause_only_where_they_do_harm(blobs, make):
    x, y = blobs
    harmed = diagnose(make(16, 3, hidden="sigmoid"), 1e6 * x + 1e7, y, **PATIENT)
    assert "unnormalized-input" in counting(harmed)[:3]
    unharmed = diagnose(make(16, 3), 20 * x, y, **PATIENT)
    assert unharmed.healthy
    assert "unnormalized-input" in [one.code for one in unharmed.findings]


def test_a_finding_is_found_by_its_code_and_by_its_former_one(blobs, make):
    x, y = blobs
    diagnosis = diagnose(make(16, 3), 20 * x, y, **PATIENT)
    finding = diagnosis.find("unnormalized-input")
    assert finding in diagnosis.findings
    assert diagnosis.find("unnormalised-input") is finding
    assert diagnosis.find("lr-too-low") is None
    (note,) = diagnosis.to_dict()["findings"]
    assert note["former_code"] == "unnormalised-input"


def test_a_diagnosis_can_be_pickled(blobs, make):
    model = make(16, 3, optimizer=keras.optimizers.Adam(1e-9))
    diagnosis = diagnose(model, *blobs, **PATIENT)
    again = pickle.loads(pickle.dumps(diagnosis))
    assert again == diagnosis and again.attempts
    with pytest.raises(ValueError, match="this process"):
        repair(again, model, *blobs, **PLAN)


def test_a_mistake_without_harm_is_a_note(blobs, make):
    # Keras finds the logits behind its sigmoid, and trains it as a softmax.
    diagnosis = diagnose(make(16, 3, output="sigmoid"), *blobs, **PATIENT)
    assert diagnosis.healthy
    (note,) = [o for o in diagnosis.findings if o.code == "sigmoid-for-multiclass"]
    assert note.severity == "note"


def test_labels_unrelated_to_the_inputs_are_named(blobs, make):
    x, y = blobs
    y = np.random.default_rng(3).permutation(y)
    assert "corrupted-labels" in counting(diagnose(make(4, 3), x, y, **PATIENT))


def test_the_model_and_the_random_state_are_left_untouched(blobs, make):
    model = make(16, 3, optimizer=keras.optimizers.SGD(1e3))
    layers, optimizer = list(model.layers), model.optimizer
    weights = [value.copy() for value in model.get_weights()]
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    diagnose(model, *blobs, **PATIENT)
    assert np.random.random() == expected
    assert model.layers == layers and model.optimizer is optimizer
    assert all(map(np.array_equal, model.get_weights(), weights))
    assert int(optimizer.iterations) == 0
    assert float(optimizer.learning_rate) == pytest.approx(1e3)


def test_the_same_seed_gives_the_same_verdict(blobs, make):
    model = make(8, 3, optimizer=keras.optimizers.Adam(1e-9))
    first, second = (diagnose(model, *blobs, **PATIENT, seed=4) for _ in range(2))
    assert first.losses == second.losses
    assert counting(first) == counting(second)


def test_a_long_plan_is_cut_to_the_budget(blobs, make):
    diagnosis = diagnose(make(16, 3), *blobs, epochs=10**7, budget_seconds=2)
    assert diagnosis.updates < diagnosis.planned == 10**8
    assert diagnosis.verdict != "faulty"  # how far it comes depends on the machine


def test_overfitting_is_told_from_validation_data(blobs, make):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4)).astype("float32")
    y = np.eye(3, dtype="float32")[rng.integers(0, 3, 40)]
    others = rng.normal(size=(60, 4)).astype("float32")
    held_out = (others, np.eye(3, dtype="float32")[rng.integers(0, 3, 60)])
    diagnosis = diagnose(
        make(64, 64, 3), x, y, batch_size=8, epochs=60, validation_data=held_out
    )
    assert "overfitting" in counting(diagnosis)


def test_samples_in_both_sets_are_noted(blobs, make):
    x, y = blobs
    diagnosis = diagnose(make(16, 3), x, y, **PATIENT, validation_data=(x[:50], y[:50]))
    assert "duplicates" in [one.code for one in diagnosis.findings]
    assert diagnosis.healthy


def test_a_diagnosis_is_strict_json(blobs, make):
    nan = make(16, 1, output="linear", loss="mse", optimizer=keras.optimizers.SGD(1e20))
    x, _ = blobs
    diagnosis = diagnose(nan, x, x[:, :1], **PATIENT)
    content = json.loads(json.dumps(diagnosis.to_dict(), allow_nan=False))
    assert content["healthy"] is False
    assert content["findings"][0]["code"] == counting(diagnosis)[0] == "lr-too-high"


@pytest.mark.parametrize(
    "argument", [{"batch_size": 0}, {"epochs": 0}, {"budget_seconds": -1}, {"seed": -1}]
)
def test_arguments_that_break_their_rule_are_refused(blobs, make, argument):
    with pytest.raises(ValueError, match=f"`{next(iter(argument))}` must be"):
        diagnose(make(8, 3), *blobs, **argument)


def test_repair_returns_a_new_model_that_learns(blobs, make):
    model = make(16, 3, kernel_initializer="zeros")
    diagnosis = diagnose(model, *blobs, **PATIENT)
    repaired = repair(diagnosis, model, *blobs, **PLAN)
    assert repaired.codes == ("bad-init",) and repaired.after > 0.9 > repaired.before
    assert repaired.model is not model
    assert not any(weight.any() for weight in model.get_weights())
    assert accuracy_after_fit(repaired.model, *blobs) > 0.9


def test_repair_puts_the_standardising_into_the_model(blobs, make):
    x, y = blobs
    x = 1e6 * x + 1e7
    model = make(16, 3, hidden="tanh")
    diagnosis = diagnose(model, x, y, **PATIENT)
    repaired = repair(diagnosis, model, x, y, **PLAN)
    assert repaired.codes == ("unnormalized-input",)
    assert accuracy_after_fit(repaired.model, x, y) > 0.9


def test_repair_of_a_rate_is_a_patch(blobs, make):
    model = make(16, 3, optimizer=keras.optimizers.SGD(1e3))
    repaired = repair(diagnose(model, *blobs, **PATIENT), model, *blobs, **PLAN)
    assert repaired.codes == ("lr-too-high",)
    assert repaired.patch["learning_rate"] < 1e3
    assert float(repaired.model.optimizer.learning_rate) == pytest.approx(
        repaired.patch["learning_rate"]
    )


def test_repair_of_a_healthy_program_is_none(blobs, make):
    model = make(16, 3)
    assert repair(diagnose(model, *blobs, **PATIENT), model, *blobs, **PLAN) is None


def test_weights_too_large_to_square_are_a_finding_and_no_warning(rng):
    # Two updates: to some 1e12 and 1e24, whose square float32 does not hold.
    x = rng.normal(size=(64, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e12), "mse")
    diagnosis = diagnose(model, x, x.sum(1, keepdims=True), epochs=1)
    assert diagnosis.verdict == "faulty"
    assert diagnosis.findings[0].code == "lr-too-high"
