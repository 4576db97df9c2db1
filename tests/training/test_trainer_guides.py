"""Classes with only a `train_step`, as the guides on keras.io have them."""

import numpy as np
import pytest

from keras_cnn import Trainer
from tests.training import guides
from tests.training._compare import (
    FLOAT32_TOLERANCE,
    assert_same_history,
    quiet,
    run_both,
    seeded,
)
from tests.training.models import rows

X, _ = rows(20)
BATCH = 8  # two whole batches, and one of four samples


def stream():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(X).batch(BATCH)


FORMS = {
    "arrays": lambda: {"x": X, "batch_size": BATCH, "epochs": 2},
    "stream": lambda: {"x": stream(), "epochs": 2},
}


def assert_same_weights(ours, theirs):
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, FLOAT32_TOLERANCE, FLOAT32_TOLERANCE)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("build", [guides.gan, guides.vae, guides.diffusion])
def test_a_class_of_a_guide_trains_as_in_fit(build, form):
    theirs, ours = run_both(build, FORMS[form])
    assert_same_weights(ours, theirs)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


def test_a_class_of_a_guide_is_validated_by_its_test_step():
    theirs, ours = run_both(
        guides.diffusion, lambda: {"x": stream(), "validation_data": stream()}
    )
    assert "val_n_loss" in ours.history.history
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


def test_a_class_of_a_guide_runs_eagerly():
    def build():
        model = guides.gan()
        model.run_eagerly = True
        return model

    theirs, ours = run_both(build, FORMS["arrays"])
    assert_same_weights(ours, theirs)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


def test_a_class_of_a_guide_goes_on_in_a_second_fit():
    theirs, ours = seeded(guides.gan), seeded(guides.gan)
    trainer = Trainer(ours)
    for _ in range(2):
        theirs.fit(**quiet(**FORMS["arrays"]()))
        trainer.fit(**quiet(**FORMS["arrays"]()))
    assert_same_weights(ours, theirs)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)
