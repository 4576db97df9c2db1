"""The model of a run as it is compiled: optimizer, schedule, loss, arguments."""

import keras
import numpy as np
import pytest

import keras_cnn.losses
from keras_cnn._checks import InputError
from keras_cnn.runs import RunConfig, build_model
from keras_cnn.runs.choices import LOSSES, OPTIMIZERS
from keras_cnn.saving import load_model

PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], np.float32)


def test_learning_rate_and_optimizer_reach_the_model(few):
    model = build_model(RunConfig(optimizer="sgd", learning_rate=0.25), few)
    assert isinstance(model.optimizer, keras.optimizers.SGD)
    assert float(model.optimizer.learning_rate) == 0.25
    adam = build_model(RunConfig(), few).optimizer
    assert float(adam.learning_rate) == pytest.approx(0.001)


@pytest.mark.parametrize("layers_from", ["keras", "keras_cnn"])
def test_the_fast_recipe_is_compiled_as_it_says(few, layers_from):
    config = RunConfig(recipe="fast", precision="float32", layers_from=layers_from)
    model = build_model(config, few)
    optimizer, loss = model.optimizer, model.loss
    assert type(optimizer) is keras.optimizers.Adam
    assert optimizer.beta_1 == 0.9
    assert optimizer.beta_2 == 0.95
    schedule = optimizer._learning_rate
    # 256 images in batches of 64: 4 steps, of which 30 %, so 1, rise from a tenth.
    rates = [float(schedule(step)) for step in range(5)]
    cosine = [0.008 * (1 + np.cos(np.pi * step / 3)) / 2 for step in range(4)]
    np.testing.assert_allclose(rates, [0.0008, *cosine], atol=1e-9)
    library = {"keras": keras.losses, "keras_cnn": keras_cnn.losses}[layers_from]
    assert type(loss) is library.CategoricalCrossentropy
    # By hand: labels (0.9 + 0.1/3, 0.1/3, 0.1/3) and (0.1/3, 0.9 + 0.1/3, 0.1/3).
    each, true = 0.1 / 3, 0.9 + 0.1 / 3
    first = -(true * np.log(0.7) + each * np.log(0.2) + each * np.log(0.1))
    second = -(true * np.log(0.8) + each * np.log(0.1) + each * np.log(0.1))
    value = loss(np.eye(3, dtype=np.float32)[:2], PROBABILITIES)
    assert float(value) == pytest.approx((first + second) / 2, rel=1e-6)


def test_one_cycle_rises_over_30_percent_of_all_steps(few):
    config = RunConfig(
        schedule="one_cycle", learning_rate=0.01, epochs=5, batch_size=64
    )
    schedule = build_model(config, few).optimizer._learning_rate
    # 20 steps: 6 from 0.001 up to 0.01 in a line, then 14 down to 0 along a cosine.
    by_hand = {0: 0.001, 2: 0.004, 4: 0.007, 6: 0.01, 13: 0.005, 20: 0.0}
    for step, rate in by_hand.items():
        assert float(schedule(step)) == pytest.approx(rate, abs=1e-8), step


def test_a_last_batch_that_is_smaller_counts_as_a_step(few):
    config = RunConfig(
        schedule="one_cycle", learning_rate=0.01, epochs=1, batch_size=100
    )
    schedule = build_model(config, few).optimizer._learning_rate  # 3 steps, 1 rising
    assert float(schedule(1)) == pytest.approx(0.01)
    assert float(schedule(3)) == pytest.approx(0, abs=1e-9)
    assert float(schedule(2)) == pytest.approx(0.005)


@pytest.mark.parametrize("layers_from", ["keras", "keras_cnn"])
def test_arguments_reach_loss_and_optimizer(few, layers_from):
    config = RunConfig(
        loss="huber",
        loss_arguments={"delta": 0.25, "reduction": "sum"},
        optimizer="sgd",
        optimizer_arguments={"momentum": 0.9, "nesterov": True, "clipnorm": 1.0},
        layers_from=layers_from,
    )
    model = build_model(config, few)
    sgd = model.optimizer
    assert (sgd.momentum, sgd.nesterov, sgd.clipnorm) == (0.9, True, 1.0)
    # By hand: errors of 1 and 0 in each of 2 rows; 0.25 (1 - 0.25 / 2), and the mean.
    value = model.loss(np.array([[1.0, 0], [0, 0]]), np.array([[0.0, 0], [0, 1]]))
    assert float(value) == pytest.approx(2 * 0.25 * (1 - 0.125) / 2, rel=1e-6)


def test_a_saved_model_keeps_the_arguments_of_its_loss(few, tmp_path):
    config = RunConfig(loss="huber", loss_arguments={"delta": 0.25}, optimizer="sgd")
    build_model(config, few).save(tmp_path / "model.keras")
    loss = load_model(tmp_path / "model.keras").loss  # Keras's Huber forgets delta
    # By hand: an error of 1 beyond 0.25 is 0.25 (1 - 0.25 / 2).
    assert float(loss(np.ones((1, 1)), np.zeros((1, 1)))) == pytest.approx(0.21875)
    config = RunConfig(loss="mean_squared_error", loss_arguments={"reduction": "sum"})
    assert type(build_model(config, few).loss) is keras.losses.MeanSquaredError


@pytest.mark.parametrize(
    ("owner", "name", "arguments", "message"),
    [
        ("loss", "huber", {"delta": -1}, "`delta` must be .* > 0"),
        ("loss", "huber", {"delta": "two"}, "`loss.delta` must be a finite number"),
        ("loss", "huber", {"delta": True}, "`loss.delta` must be a finite number"),
        ("loss", "huber", {"detla": 2}, "An argument of huber must be one of delta,"),
        ("loss", "huber", {"from_logits": True}, "An argument of huber must be one of"),
        ("loss", "huber", {"name": "x"}, "An argument of huber must be one of"),
        ("loss", "huber", {"reduction": "none"}, "`loss.reduction` must be one of"),
        (
            "loss",
            "categorical_crossentropy",
            {"label_smoothing": 0.1},
            "option of its own, --label-smoothing",
        ),
        ("optimizer", "sgd", {"momentum": 1.5}, r"momentum` must be a number in \[0"),
        ("optimizer", "sgd", {"nesterov": 1}, "nesterov` must be true or false"),
        ("optimizer", "sgd", {"learning_rate": 1}, "of its own, --learning-rate"),
        ("optimizer", "sgd", {"beta_1": 0.9}, "An argument of sgd must be one of"),
        ("optimizer", "adam", {"beta_1": float("nan")}, "beta_1` must be a number in"),
        ("optimizer", "adam", {"clipnorm": 0}, "clipnorm` must be a finite number > 0"),
        ("optimizer", "adam", {"epsilon": None}, "epsilon` must be a finite number"),
        (
            "optimizer",
            "adam",
            {"clipnorm": 1, "clipvalue": 1},
            "must be one that Keras accepts",
        ),
    ],
    ids=str,
)
def test_arguments_that_do_not_fit_raise(few, owner, name, arguments, message):
    given = {owner: name, f"{owner}_arguments": arguments}
    with pytest.raises(InputError, match=f"(?s){message}.*Received: ") as raised:
        build_model(RunConfig(**given), few)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("layers_from", ["keras", "keras_cnn"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_takes_a_reduction(loss, layers_from, few):
    config = RunConfig(
        loss=loss, loss_arguments={"reduction": "sum"}, layers_from=layers_from
    )
    assert build_model(config, few).loss.reduction == "sum"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_takes_a_moving_average(optimizer, few):
    config = RunConfig(
        optimizer=optimizer, optimizer_arguments={"use_ema": True, "ema_momentum": 0.5}
    )
    assert build_model(config, few).optimizer.ema_momentum == 0.5
