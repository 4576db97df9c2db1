"""Each argument of each public layer changes something, and survives a round trip."""

import functools

import keras
import pytest

from keras_cnn import layers
from keras_cnn.layers import Conv2D, Dense, Flatten
from tests.conformance.layer_sweep import layer_copies, layer_snapshot
from tests.conformance.layer_table import LAYERS
from tests.conformance.sweep import Case, Subject, check, public_classes, unswept

SUBJECTS = {subject.cls.__name__: subject for subject in LAYERS}
ARGUMENTS = [(name, argument) for name in SUBJECTS for argument in SUBJECTS[name].cases]


@pytest.fixture
def check_layer(run, tmp_path):
    return functools.partial(
        check,
        snapshot=functools.partial(layer_snapshot, run),
        copies=functools.partial(layer_copies, tmp_path),
    )


@pytest.mark.parametrize("name, argument", ARGUMENTS)
def test_layer_argument_has_an_effect_that_survives_round_trips(
    name, argument, check_layer
):
    check_layer(SUBJECTS[name], argument)


def test_layers_are_all_in_the_table():
    assert public_classes(layers) == {subject.cls for subject in LAYERS}


@pytest.mark.parametrize("name", SUBJECTS)
def test_layer_arguments_all_have_a_case(name):
    assert unswept(SUBJECTS[name]) == set()


@keras.saving.register_keras_serializable("sweep_test")
class DeafConv2D(Conv2D):
    """Takes `bias_initializer` and does nothing with it."""

    def __init__(self, filters, kernel_size, bias_initializer="zeros", **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        self.heard = keras.initializers.get(bias_initializer)

    def get_config(self):
        heard = keras.initializers.serialize(self.heard)
        return {**super().get_config(), "bias_initializer": heard}


@keras.saving.register_keras_serializable("sweep_test")
class ForgetfulDense(Dense):
    """Leaves `use_bias` out of its config."""

    def get_config(self):
        config = super().get_config()
        del config["use_bias"]
        return config


@keras.saving.register_keras_serializable("sweep_test")
class CarelessDense(Dense):
    """Writes the wrong number into its config."""

    def get_config(self):
        return {**super().get_config(), "units": 7}


@keras.saving.register_keras_serializable("sweep_test")
class AnonymousFlatten(Flatten):
    """Hands `name` to no one."""

    def __init__(self, data_format=None, name=None, **kwargs):
        super().__init__(data_format, **kwargs)


@keras.saving.register_keras_serializable("sweep_test")
class CarefreeDense(Dense):
    """Accepts an option that it cannot honour."""

    def __init__(self, units, lora_rank=None, **kwargs):
        super().__init__(units, **kwargs)


@pytest.mark.parametrize(
    "broken, argument, complaint",
    [
        (DeafConv2D, "bias_initializer", "is ignored: weights is as without it"),
        (ForgetfulDense, "use_bias", "is not in get_config"),
        (CarelessDense, "units", "is lost by from_config"),
        (AnonymousFlatten, "name", "is lost by from_config"),
        (CarefreeDense, "lora_rank", "is accepted"),
    ],
)
def test_sweep_finds_a_planted_defect(broken, argument, complaint, check_layer):
    sound = SUBJECTS[broken.__mro__[1].__name__]
    check_layer(sound, argument)
    with pytest.raises(AssertionError, match=complaint):
        check_layer(
            Subject(broken, sound.inputs, sound.cases, sound.required), argument
        )


def test_unswept_finds_a_new_argument_and_a_stale_case():
    class Grown(Flatten):
        def __init__(self, data_format=None, reverse=False, **kwargs):
            super().__init__(data_format, **kwargs)

    cases = {**SUBJECTS["Flatten"].cases, "gone": Case(1, "output")}
    assert unswept(Subject(Grown, (2, 3), cases)) == {"reverse", "gone"}
