"""Data that are read by position: the order of arrays, begun anywhere."""

import keras
import numpy as np
import pytest

from keras_cnn import Trainer
from keras_cnn._checks import InputError
from keras_cnn.training.data_sources import make_source
from keras_cnn.training.eager_loop import EagerLoop
from keras_cnn.training.indexed_source import IndexedSource
from keras_cnn.training.loop import Loop
from tests.training.indexed import IndexedArrays


@pytest.fixture
def data():
    numbers = np.arange(23)
    return IndexedArrays(numbers.astype(np.float32)[:, None], numbers)


def source_of(data, **options):
    options = {"batch_size": 5, "shuffle": True, "seed": 7, **options}
    return make_source(data, **options)


def labels_of_epoch(source, *, steps=100, done=0, ahead=2):
    """Runs (a part of) an epoch, and returns the labels of each batch."""
    taken = []

    def note(batch):
        taken.append(batch[1].numpy().tolist())
        return 0.0, {}

    results = source.epoch(EagerLoop(note, metrics=None), lambda: ahead, done)
    for _ in results:
        if len(taken) >= steps:
            break
    results.close()
    return taken


@pytest.mark.parametrize("shuffle", [True, False, "batch"])
@pytest.mark.parametrize("steps_per_epoch", [None, 3])
def test_batches_are_those_of_arrays_in_memory(data, shuffle, steps_per_epoch):
    options = {"shuffle": shuffle, "steps_per_epoch": steps_per_epoch}
    indexed = source_of(data, **options)
    assert isinstance(indexed, IndexedSource)
    arrays = make_source(
        data.x, data.y, batch_size=5, seed=7, shuffle=shuffle,
        steps_per_epoch=steps_per_epoch,
    )  # fmt: skip
    if steps_per_epoch is None:
        assert indexed.steps_per_epoch == arrays.steps_per_epoch == 5
        assert indexed.batch_size == arrays.batch_size  # so they are split alike
        for _ in range(3):
            epoch = labels_of_epoch(indexed)
            assert epoch == labels_of_epoch(arrays)
            assert [len(batch) for batch in epoch] == [5, 5, 5, 5, 3]
    else:
        assert labels_of_epoch(indexed) == labels_of_epoch(arrays)
    assert indexed.example[0].shape[1:] == (1,)


@pytest.mark.parametrize("taken", [0, 2, 4, 5])
@pytest.mark.parametrize("epoch", [0, 2])
def test_a_source_goes_on_from_a_state_with_the_batches_that_follow(data, epoch, taken):
    source = source_of(data)
    for _ in range(epoch):
        labels_of_epoch(source)
    begun = labels_of_epoch(source, steps=taken, ahead=1) if taken else []
    state = source.state()
    rest = labels_of_epoch(source, done=taken) if taken < 5 else []
    after = labels_of_epoch(source)

    again = source_of(data, seed=99)  # the state has the seed that the run began with
    read = []
    original = data.batches_at
    data.batches_at = lambda rows, size: read.append(rows) or original(rows, size)
    again.restore(state)
    if taken < 5:
        assert labels_of_epoch(again, done=taken) == rest
        # nothing is read of what came before
        assert sum(read[0].tolist()) == sum(sum(rest, []))
    assert labels_of_epoch(again) == after
    assert sorted(sum(begun + rest, [])) == list(range(23))


def test_a_state_beyond_the_data_is_refused(data):
    with pytest.raises(InputError, match="5 batches, of which the run had taken 6"):
        source_of(data).restore({"seed": 0, "pass": 0, "position": 6})


def test_a_class_weight_weighs_the_samples_of_its_class(data):
    source = source_of(
        data, class_weight={**dict.fromkeys(range(23), 1.0), 3: 2.0}, shuffle=False
    )
    weights = np.concatenate([batch[2].numpy() for batch in source.batches()])
    assert weights.tolist() == [2.0 if label == 3 else 1.0 for label in range(23)]


def model():
    keras.utils.set_random_seed(1)
    made = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    made.compile(keras.optimizers.SGD(0.0001), "mse")
    return made


def test_trainer_trains_on_them_as_on_arrays(data):
    ours = model()
    ours_history = Trainer(ours).fit(
        data, epochs=3, batch_size=5, verbose=0, validation_data=data
    )
    theirs = model()
    theirs_history = Trainer(theirs).fit(
        data.x, data.y, epochs=3, batch_size=5, verbose=0,
        validation_data=(data.x, data.y),
    )  # fmt: skip
    for name, values in theirs_history.history.items():
        np.testing.assert_allclose(ours_history.history[name], values, rtol=1e-5)
    np.testing.assert_allclose(
        Trainer(ours).predict(data, verbose=0), ours.predict(data.x, verbose=0), 1e-5
    )
    assert Trainer(ours).evaluate(data, verbose=0) == pytest.approx(
        ours.evaluate(data.x, data.y, verbose=0), rel=1e-5
    )


def test_another_epoch_compiles_nothing_anew(data, monkeypatch):
    traced = []
    over_stream = Loop._over_stream

    def counted(self, *arguments):
        traced.append(1)
        return over_stream(self, *arguments)

    monkeypatch.setattr(Loop, "_over_stream", counted)
    trained = model()
    trainer = Trainer(trained)
    trainer.fit(data, epochs=2, batch_size=5, verbose=0)
    before = len(traced)
    assert before
    trainer.fit(data, epochs=3, batch_size=5, verbose=0)
    assert len(traced) == before


def test_a_run_on_other_data_is_not_resumed(data, tmp_path):
    Trainer(model(), checkpoint_dir=tmp_path).fit(data, batch_size=5, verbose=0)
    data.y = data.y + 1
    trainer = Trainer(model(), checkpoint_dir=tmp_path, resume=True)
    with pytest.raises(InputError, match="the data"):
        trainer.fit(data, batch_size=5, epochs=2, verbose=0)
