"""Every experiment runs, at settings far too small for a verdict, and is judged.

What `measure` writes and what `judge`, `compare` and `draw` read are names: a name that
only one side has fails here, not after the hour of a full run.
"""

import pytest
import tensorflow as tf
from matplotlib.figure import Figure

from keras_cnn.claims import CLAIMS, Measurements, open_problems, timing
from keras_cnn.claims import images as images_module
from keras_cnn.claims.images import images

from .made_up import HOLDING, measurements

TINY = {
    "seeds": 2,
    "steps": 2,
    "loss_steps": 1,
    "timed_steps": 1,
    "rounds": 1,
    "images": 32,
    "validation": 32,
    "test": 32,
    "held_out": 32,
    "inputs": 2000,
    "units": 8,
    "doctor_seconds": 0.01,
}


@pytest.fixture(scope="module", autouse=True)
def quickly(digits):
    """The bundled digits, nothing compiled, and one diagnosis for all conditions."""
    diagnoses = []
    digits = digits.limited(300)

    def diagnose(*args, **options):
        if not diagnoses:
            tf.config.run_functions_eagerly(False)
            diagnoses.append(diagnose_once(*args, **options))
            tf.config.run_functions_eagerly(True)
        return diagnoses[0]

    diagnose_once = open_problems.doctor.diagnose
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images_module, "load", lambda name: digits)
        patch.setattr(timing, "REPEATS", 2)
        # Two of ten, and one network more for each.
        patch.setattr(open_problems, "_ACTIVATIONS", ("relu", "gelu"))
        patch.setattr(open_problems.doctor, "diagnose", diagnose)
        images.cache_clear()
        # Compiling some fifty networks takes a minute, two steps of each a second.
        # How a training compiles: test_stateless_training.py.
        tf.config.run_functions_eagerly(True)
        yield
    tf.config.run_functions_eagerly(False)
    images.cache_clear()


class ReadMeasurements(Measurements):
    """Measurements that know which of their arms were asked for."""

    def __init__(self, measured):
        super().__init__(measured.arms, measured.curves, measured.data, measured.notes)
        object.__setattr__(self, "read", set())

    def __getitem__(self, name):
        self.read.add(name)
        return super().__getitem__(name)

    def group(self, prefix):
        arms = super().group(prefix)
        self.read.update(f"{prefix}/{name}" for name in arms)
        return arms


@pytest.mark.filterwarnings("ignore:.*does not apply to tf.data functions")
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.slug)
def test_what_is_measured_is_judged_compared_and_drawn(claim):
    settings = {**claim.settings}
    settings |= {name: value for name, value in TINY.items() if name in settings}
    shares = []
    measured = claim.measure(settings, shares.append)
    assert measured.seeds == 2 and measured.data
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    assert set(HOLDING[claim.id]) <= set(measured.arms)
    made_up = ReadMeasurements(measurements(HOLDING[claim.id]))
    judged = claim.judge(measured)
    assert [each.effect for each in judged] == [
        each.effect for each in claim.judge(made_up)
    ]
    assert made_up.read == set(HOLDING[claim.id])
    for each in claim.compare(measured):
        assert 0 <= each.p <= 1
    claim.draw(measured, Figure())
