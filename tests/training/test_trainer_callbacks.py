"""Keras's callbacks, and one's own, hear from the trainer what they hear from `fit`."""

import csv
import warnings

import keras
import numpy as np
import pytest
from keras import callbacks

from keras_cnn import Trainer
from tests.training._compare import (
    FLOAT32_TOLERANCE,
    assert_same_history,
    assert_same_variables,
    quiet,
    run_both,
    seeded,
    variables,
)
from tests.training.models import compiled_dense, rows

BATCH = 8
# Callbacks that train for longer end further apart, by rounding alone.
TOLERANCE = 10 * FLOAT32_TOLERANCE


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """Makes no call of the loop end because of the clock, however slow the machine."""
    monkeypatch.setattr("keras_cnn.training.batch_hooks._SECONDS_PER_CALL", 1e6)


def model(**options):
    return compiled_dense(keras.optimizers.SGD(0.05), metrics=["mae"], **options)


def data(batches=7, **arguments):
    """Batches of which the last is smaller."""
    x, y = rows(batches * BATCH - 3)
    return {"x": x, "y": y, "batch_size": BATCH, **arguments}


class Hooks(callbacks.Callback):
    """Notes each hook that is called, with its number."""

    def __init__(self):
        super().__init__()
        self.calls = []
        self.losses = []

    def names(self, *parts):
        return [call for call in self.calls if any(part in call[0] for part in parts)]


def _note(name, counted):
    def note(self, number, logs):
        self.calls.append((name, number))
        if logs and "loss" in logs and name.endswith("end"):
            self.losses.append(logs["loss"])

    def at_a_number(self, number, logs=None):
        note(self, number, logs)

    def at_none(self, logs=None):
        note(self, None, logs)

    return at_a_number if counted else at_none


for phase in ("train", "test", "predict"):
    for moment in ("begin", "end"):
        for name, counted in (
            (f"on_{phase}_{moment}", False),
            (f"on_{phase}_batch_{moment}", True),
        ):
            setattr(Hooks, name, _note(name, counted))
for moment in ("begin", "end"):
    setattr(Hooks, f"on_epoch_{moment}", _note(f"on_epoch_{moment}", True))


def heard(arguments, **compile_options):
    """What is heard in `Model.fit` and in the trainer's."""
    theirs, ours = Hooks(), Hooks()
    seeded(lambda: model(**compile_options)).fit(
        **quiet(**arguments, callbacks=[theirs])
    )
    Trainer(seeded(lambda: model(**compile_options))).fit(
        **quiet(**arguments, callbacks=[ours])
    )
    return theirs, ours


@pytest.mark.parametrize("validated", [False, True], ids=["plain", "validated"])
def test_hooks_at_each_batch_are_called_as_in_fit(validated):
    arguments = data(epochs=2)
    if validated:
        arguments["validation_data"] = rows(20)
    theirs, ours = heard(arguments)
    assert ours.calls == theirs.calls
    assert len(ours.names("train_batch")) == 2 * 2 * 7
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=FLOAT32_TOLERANCE)
    assert ours.params == theirs.params


@pytest.mark.parametrize(
    ("each", "batches"),
    [
        pytest.param(3, 6, id="three"),
        pytest.param(20, 40, id="more_than_the_first_call_takes"),
        pytest.param(12, 12, id="an_epoch"),
    ],
)
def test_steps_per_execution_spaces_the_hooks_as_in_fit(each, batches):
    arguments = data(batches, epochs=2)
    theirs, ours = heard(arguments, steps_per_execution=each)
    assert ours.calls == theirs.calls
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=FLOAT32_TOLERANCE)


def test_steps_per_execution_that_does_not_divide_an_epoch_begins_anew_in_each():
    arguments = data(7, epochs=2)
    theirs, ours = heard(arguments, steps_per_execution=3)
    begins = [("on_train_batch_begin", step) for step in (0, 3, 6)] * 2
    assert theirs.names("train_batch_begin") == begins
    assert ours.names("train_batch_begin") == begins
    # Keras counts batches that were not there, and ends at 8
    ends = [("on_train_batch_end", step) for step in (2, 5, 6)] * 2
    assert ours.names("train_batch_end") == ends


def test_evaluate_and_predict_call_the_hooks_of_keras():
    x, y = rows(30)
    one = model()
    heard = {}
    for who, it in (("keras", one), ("ours", Trainer(one))):
        hooks = Hooks()
        it.evaluate(x, y, batch_size=BATCH, callbacks=[hooks], verbose=0)
        it.predict(x, batch_size=BATCH, callbacks=[hooks], verbose=0)
        heard[who] = hooks.calls
    assert heard["ours"] == heard["keras"]
    assert len(heard["ours"]) == 2 * (2 + 2 * 4)


class Stopping(callbacks.Callback):
    """Stops a phase after its second batch."""

    def on_test_batch_end(self, batch, logs=None):
        self.model.stop_evaluating = batch == 1

    def on_predict_batch_end(self, batch, logs=None):
        self.model.stop_predicting = batch == 1


def test_evaluate_and_predict_stop_when_told():
    x, y = rows(30)
    trainer = Trainer(model())
    part = trainer.evaluate(x[:16], y[:16], batch_size=BATCH, verbose=0)
    stopped = trainer.evaluate(
        x, y, batch_size=BATCH, callbacks=[Stopping()], verbose=0
    )
    np.testing.assert_allclose(stopped, part, rtol=FLOAT32_TOLERANCE)
    outputs = trainer.predict(x, batch_size=BATCH, callbacks=[Stopping()], verbose=0)
    assert outputs.shape == (16, 1)


class Epochs(callbacks.Callback):
    """Asks for nothing at a batch."""

    def on_epoch_end(self, epoch, logs=None):
        pass


SILENT = {
    "none": lambda folder: None,
    "of_epochs": lambda folder: [Epochs()],
    "early_stopping": lambda folder: [callbacks.EarlyStopping("loss")],
    "lambda": lambda folder: [callbacks.LambdaCallback(on_epoch_end=print)],
    "checkpoint": lambda folder: [callbacks.ModelCheckpoint(folder / "a.keras")],
    "csv": lambda folder: [callbacks.CSVLogger(str(folder / "log.csv"))],
    "schedule": lambda folder: [callbacks.LearningRateScheduler(lambda epoch: 0.1)],
}


@pytest.mark.parametrize("kind", SILENT)
def test_no_batch_hook_is_called_where_nobody_asks(kind, tmp_path, monkeypatch):
    calls = []
    for name in ("begin", "end"):
        monkeypatch.setattr(
            f"keras_cnn.training.batch_hooks._Listener.{name}",
            lambda *_, name=name: calls.append(name),
        )
    one = model()
    fit = Trainer(one).fit
    fit(**quiet(**data(), callbacks=SILENT[kind](tmp_path)))
    assert calls == []
    assert one.optimizer.iterations == 7
    fit(**quiet(**data(), callbacks=[Hooks()]))
    assert calls.count("end") == 7


class Interval(Hooks):
    batch_interval = 5


def test_a_batch_interval_spaces_the_hooks_over_the_run():
    hooks = Interval()
    Trainer(model()).fit(**quiet(**data(12, epochs=2), callbacks=[hooks]))
    # after 5, 10, 15, 20 batches of 24, and where an epoch ends
    ends = [number for _, number in hooks.names("train_batch_end")]
    assert ends == [4, 9, 11, 2, 7, 11]


def test_lambda_hooks_at_batches_hear_of_each():
    seen = []
    hook = callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append((batch, sorted(logs)))
    )
    Trainer(model()).fit(**quiet(**data(), callbacks=hook))
    assert seen == [(batch, ["loss", "mae"]) for batch in range(7)]


class StopAt(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            self.model.stop_training = True


def test_stop_training_in_a_batch_hook_stops_at_once():
    arguments = data(epochs=3, validation_data=rows(20))
    theirs, ours = run_both(model, lambda: {**arguments, "callbacks": [StopAt()]})
    assert ours.optimizer.iterations == 3
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


class StopsEarly(callbacks.Callback):
    """Sets `stop_training` as the second epoch begins, and has no batch hook."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.stop_training = epoch == 1


@pytest.mark.parametrize("each", [1, 3])
def test_stop_training_before_an_epoch_stops_after_one_call_as_in_fit(each):
    arguments = data(40, epochs=3)
    theirs, ours = run_both(
        lambda: model(steps_per_execution=each),
        lambda: {**arguments, "callbacks": [StopsEarly()]},
    )
    assert ours.optimizer.iterations == 40 + each
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


def test_a_checkpoint_callback_used_twice_saves_at_the_batches_of_fit(tmp_path):
    def saved(fit, folder):
        name = str(folder / "{epoch}-{batch}.weights.h5")
        saving = callbacks.ModelCheckpoint(name, save_freq=5, save_weights_only=True)
        for batches in (4, 7, 6):
            fit(**quiet(**data(batches, epochs=2), callbacks=[saving]))
        return sorted(path.name for path in folder.iterdir())

    theirs, ours = tmp_path / "keras", tmp_path / "ours"
    theirs.mkdir(), ours.mkdir()
    assert saved(Trainer(model()).fit, ours) == saved(model().fit, theirs)


def test_limits_of_keras_config_hold_as_in_fit():
    keras.config.set_max_epochs(2)
    keras.config.set_max_steps_per_epoch(3)
    try:
        with pytest.warns(UserWarning, match="Limiting"):
            theirs, ours = run_both(
                model, lambda: data(7, epochs=5, validation_data=rows(30))
            )
        assert ours.optimizer.iterations == 6
        assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
        assert_same_history(ours, theirs, FLOAT32_TOLERANCE)
    finally:
        keras.config.set_max_epochs(None)
        keras.config.set_max_steps_per_epoch(None)


WATCHING = {
    "early_stopping": lambda: callbacks.EarlyStopping(
        "val_loss", patience=1, min_delta=0.05, restore_best_weights=True
    ),
    "plateau": lambda: callbacks.ReduceLROnPlateau(
        "val_loss", factor=0.3, patience=1, min_delta=0.1
    ),
    "schedule": lambda: callbacks.LearningRateScheduler(
        lambda epoch, rate: rate * 0.5 if epoch % 2 else rate
    ),
}


@pytest.mark.parametrize("kind", WATCHING)
def test_callbacks_that_steer_the_run_steer_it_as_in_fit(kind):
    epochs = 12
    arguments = data(epochs=epochs, validation_data=rows(20))
    theirs, ours = run_both(
        model, lambda: {**arguments, "callbacks": [WATCHING[kind]()]}
    )
    assert_same_variables(ours, theirs, TOLERANCE)
    assert_same_history(ours, theirs, TOLERANCE)
    history = theirs.history.history
    if kind == "early_stopping":
        assert 1 < len(history["loss"]) < epochs
    else:
        assert len(set(history["learning_rate"])) > 2


def test_swapped_moving_averages_are_those_of_fit():
    def build():
        optimizer = keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.8)
        return compiled_dense(optimizer, metrics=["mae"])

    arguments = data(epochs=3, validation_data=rows(20))
    theirs, ours = run_both(
        build,
        lambda: {**arguments, "callbacks": [callbacks.SwapEMAWeights(True)]},
    )
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)


@pytest.mark.parametrize("frequency", ["epoch", 1, 5, 10, 30])
def test_checkpoints_are_written_at_the_batches_of_fit(frequency, tmp_path):
    name = (
        "{epoch}-{batch}.weights.h5" if frequency != "epoch" else "{epoch}.weights.h5"
    )

    def files(folder, fit):
        folder.mkdir()
        path = str(folder / name)
        checkpoint = callbacks.ModelCheckpoint(
            path, save_freq=frequency, save_weights_only=True
        )
        fit(**quiet(**data(12, epochs=2), callbacks=[checkpoint]))
        return sorted(file.name for file in folder.iterdir())

    theirs, ours = seeded(model), seeded(model)
    expected = files(tmp_path / "keras", theirs.fit)
    written = files(tmp_path / "ours", Trainer(ours).fit)
    assert written == expected
    assert written or frequency == 30
    for file in written:
        theirs.load_weights(tmp_path / "keras" / file)
        ours.load_weights(tmp_path / "ours" / file)
        for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=FLOAT32_TOLERANCE)


def test_only_the_best_checkpoint_is_kept(tmp_path):
    path = tmp_path / "best.keras"
    checkpoint = callbacks.ModelCheckpoint(
        path, monitor="val_loss", save_best_only=True
    )
    one = model()
    validation = rows(20)
    history = Trainer(one).fit(
        **quiet(**data(epochs=4, validation_data=validation), callbacks=[checkpoint])
    )
    saved = keras.models.load_model(path)
    assert saved.evaluate(*validation, verbose=0)[0] == pytest.approx(
        min(history.history["val_loss"]), rel=FLOAT32_TOLERANCE
    )


def scalars(folder):
    """Returns {tag: [(step, value), ...]} of the events below a folder."""
    import tensorflow as tf
    from tensorflow.core.util import event_pb2

    found = {}
    for path in sorted(folder.rglob("events*")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = event_pb2.Event.FromString(record)
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name in ("", "scalars"):
                    number = float(tf.make_ndarray(value.tensor))
                    tag = f"{path.parent.name}/{value.tag}"
                    found.setdefault(tag, []).append((event.step, number))
    return found


@pytest.mark.parametrize("frequency", ["epoch", "batch", 3])
def test_tensorboard_logs_what_it_logs_in_fit(frequency, tmp_path):
    pytest.importorskip("tensorboard")

    def logged(who, fit):
        board = callbacks.TensorBoard(
            str(tmp_path / who), update_freq=frequency, write_graph=False
        )
        fit(
            **quiet(
                **data(epochs=2, validation_data=rows(20)),
                callbacks=[board],
            )
        )
        return scalars(tmp_path / who)

    theirs = logged("keras", seeded(model).fit)
    ours = logged("ours", Trainer(seeded(model)).fit)
    assert {tag: [step for step, _ in values] for tag, values in ours.items()} == {
        tag: [step for step, _ in values] for tag, values in theirs.items()
    }
    # every third step: Keras then writes an epoch's scalars if it ends at one
    assert ("train/epoch_loss" in ours) == (frequency != 3)
    assert ("train/batch_loss" in ours) == (frequency != "epoch")
    for tag, values in theirs.items():
        np.testing.assert_allclose(ours[tag], values, rtol=TOLERANCE, err_msg=tag)


def test_csv_logger_writes_the_rows_of_fit(tmp_path):
    def written(name, fit):
        path = tmp_path / name
        logger = callbacks.CSVLogger(str(path))
        fit(**quiet(**data(epochs=3, validation_data=rows(20)), callbacks=[logger]))
        return list(csv.DictReader(path.read_text().splitlines()))

    theirs = written("keras.csv", seeded(model).fit)
    ours = written("ours.csv", Trainer(seeded(model)).fit)
    assert list(ours[0]) == list(theirs[0])
    for mine, other in zip(ours, theirs, strict=True):
        assert {k: float(v) for k, v in mine.items()} == pytest.approx(
            {k: float(v) for k, v in other.items()}, rel=FLOAT32_TOLERANCE
        )


class Breaking(callbacks.Callback):
    """Fails in the middle of the second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == (1, 3):
            raise InterruptedError


@pytest.mark.parametrize("frequency", ["epoch", 3])
def test_backup_and_restore_goes_on_as_in_fit(frequency, tmp_path):
    def resumed(who, fit_of):
        def fit(model, *others):
            backup = callbacks.BackupAndRestore(
                str(tmp_path / who), save_freq=frequency
            )
            return fit_of(model)(**quiet(**data(epochs=3), callbacks=[backup, *others]))

        with pytest.raises(InterruptedError):
            fit(seeded(model), Breaking())
        again = model()  # with other weights, until they are restored
        fit(again)
        return again

    theirs = resumed("keras", lambda model: model.fit)
    ours = resumed("ours", lambda model: Trainer(model).fit)
    assert ours.history.epoch == theirs.history.epoch == [1, 2]
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)


def with_a_bad_batch(number=3, **arguments):
    given = data(**arguments)
    given["x"][number * BATCH] = np.nan
    return given


def test_terminate_on_nan_ends_where_it_ends_in_fit():
    given = with_a_bad_batch(epochs=2)
    theirs, ours = run_both(
        model,
        lambda: {**given, "callbacks": [callbacks.TerminateOnNaN()]},
        on_nonfinite="ignore",
    )
    assert ours.optimizer.iterations == theirs.optimizer.iterations == 4
    assert_same_history(ours, theirs, FLOAT32_TOLERANCE)
    assert np.isnan(ours.get_weights()[0]).all()
    assert np.isnan(theirs.get_weights()[0]).all()


def test_terminate_on_nan_ends_without_an_error_before_the_bad_step():
    given = with_a_bad_batch(epochs=2)
    one = seeded(model)
    history = Trainer(one).fit(**quiet(**given, callbacks=[callbacks.TerminateOnNaN()]))
    assert history.epoch == [0]
    good = seeded(model)
    good.fit(**quiet(x=given["x"][:24], y=given["y"][:24], batch_size=BATCH))
    assert_same_variables(one, good, FLOAT32_TOLERANCE)


def test_terminate_on_nan_does_not_end_a_run_that_skips():
    given = with_a_bad_batch(epochs=2)
    one = seeded(model)
    with pytest.warns(UserWarning, match="skipped"):
        Trainer(one, on_nonfinite="skip").fit(
            **quiet(**given, callbacks=[callbacks.TerminateOnNaN()])
        )
    assert one.optimizer.iterations == 2 * 6


def test_a_list_of_keras_own_is_used_as_it_is():
    one, hooks = model(), Hooks()
    given = callbacks.CallbackList(
        [hooks], add_history=True, model=one, epochs=2, steps=7, verbose=0
    )
    history = Trainer(one).fit(**quiet(**data(epochs=2), callbacks=given))
    assert history.epoch == [0, 1]
    assert len(hooks.names("train_batch")) == 2 * 2 * 7


def test_a_callback_may_change_the_weights_between_epochs():
    class Zero(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.set_weights([np.zeros_like(w) for w in self.model.get_weights()])

    theirs, ours = run_both(model, lambda: data(epochs=2, callbacks=[Zero()]))
    assert_same_variables(ours, theirs, FLOAT32_TOLERANCE)
    assert not np.allclose(variables(ours)[-1], 0)


def test_a_hook_that_fails_leaves_a_trainer_that_works():
    class Failing(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise ZeroDivisionError

    trainer = Trainer(model())
    with pytest.raises(ZeroDivisionError):
        trainer.fit(**quiet(**data(), callbacks=[Failing()]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert trainer.fit(**quiet(**data())).epoch == [0]


@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
def test_verbose_shows_as_much_as_asked(verbose, capsys):
    Trainer(model()).fit(**{**quiet(**data(epochs=2)), "verbose": verbose})
    shown = capsys.readouterr()
    text = shown.out + shown.err
    assert bool(text) == (verbose != 0)
    if verbose:
        assert "loss" in text
        assert "2/2" in text
