"""Every experiment runs, at settings far too small for a verdict, and is judged.

What `measure` writes and `judge` reads are names: a name that only one of them has is
found here rather than after the hour of a full run.
"""

import pytest
from matplotlib.figure import Figure

from keras_cnn.claims import CLAIMS, open_problems
from keras_cnn.claims import images as images_module
from keras_cnn.claims.images import images
from keras_cnn.data import load

from .made_up import HOLDING, measurements

TINY = {
    "seeds": 2,
    "steps": 2,
    "loss_steps": 2,
    "timed_steps": 1,
    "rounds": 1,
    "images": 64,
    "validation": 64,
    "test": 64,
    "held_out": 64,
    "inputs": 2000,
    "units": 8,
    "doctor_seconds": 0.01,
}


@pytest.fixture(scope="module", autouse=True)
def digits():
    """The bundled digits, wherever the experiments take their images from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images_module, "load", lambda name: load("digits"))
        # Two of ten: each is one more network to compile.
        patch.setattr(open_problems, "_ACTIVATIONS", ("relu", "gelu"))
        images.cache_clear()
        yield
    images.cache_clear()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.slug)
def test_what_is_measured_is_judged_compared_and_drawn(claim):
    settings = {**claim.settings}
    settings |= {name: value for name, value in TINY.items() if name in settings}
    shares = []
    measured = claim.measure(settings, shares.append)
    assert set(HOLDING[claim.id]) <= set(measured.arms)
    assert measured.seeds == 2 and measured.data
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    made_up = claim.judge(measurements(HOLDING[claim.id]))
    judged = claim.judge(measured)
    assert [each.effect for each in judged] == [each.effect for each in made_up]
    for each in claim.compare(measured):
        assert 0 <= each.p <= 1
    claim.draw(measured, Figure())
