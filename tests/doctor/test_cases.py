"""Labelled programs, where they lie beside the checkout: a few of each kind."""

import importlib.util
import json
from pathlib import Path

import keras
import pytest

from keras_cnn.doctor import diagnose
from keras_cnn.doctor.findings import FORMER_CODES
from keras_cnn.models import article_cnn

FOLDER = Path(__file__).parents[3] / "shared" / "doctor"
FAULTY = ("fd-lr1-adam", "fd-act-linear", "us-outlier-mse", "fd46995209", "so50306988")
HEALTHY = ("ok-raw-batchnorm", "so55328966-ok", "at-circle-simplednn")


@pytest.fixture(scope="module")
def programs():
    if not (FOLDER / "cases.json").exists():
        pytest.skip("the labelled programs are not here: ../shared/doctor")
    spec = importlib.util.spec_from_file_location("programs", FOLDER / "programs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (FOLDER / "cases.json").read_text()
    for code, former in FORMER_CODES.items():
        text = text.replace(f'"{former}"', f'"{code}"')
    cases = json.loads(text)
    return module.program, {case["id"]: case for case in cases}


def codes_of(programs, name):
    build, cases = programs
    case = cases[name]
    model, x, y = build(case)
    diagnosis = diagnose(
        model,
        x,
        y,
        batch_size=case["batch_size"],
        epochs=case["epochs"],
        budget_seconds=60,  # however slow the machine is
    )
    return [one.code for one in diagnosis.findings if one.counts], case


@pytest.mark.large
@pytest.mark.parametrize("name", FAULTY)
def test_a_true_cause_is_among_the_first_three(programs, name):
    codes, case = codes_of(programs, name)
    assert set(codes[:3]) & set(case["faults"])


@pytest.mark.large
@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_program_raises_no_alarm(programs, name):
    codes, case = codes_of(programs, name)
    assert set(codes) <= set(case.get("lint", []))


@pytest.mark.large
@pytest.mark.parametrize("layers_from", ["keras", "keras_cnn"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_articles_model_is_healthy(digits, layers_from, seed):
    keras.utils.set_random_seed(seed)
    images = digits.train.images.astype("float32") / 255
    model = article_cnn(digits.image_shape, 10, layers_from=layers_from)
    model.compile("adam", "sparse_categorical_crossentropy")
    diagnosis = diagnose(model, images, digits.train.labels, seed=seed)
    assert [one.code for one in diagnosis.findings if one.counts] == []
