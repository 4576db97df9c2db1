"""The numbers of a run on the disk."""

import csv
import json

import pytest

from keras_cnn.runs import RunConfig, run
from keras_cnn.runs.logs import EpochLog

SMALL = {"dataset": "digits", "limit": 64, "epochs": 2}


def test_each_form_has_a_row_an_epoch_of_what_keras_reports(tmp_path):
    done = run(RunConfig(**SMALL, validation_split=0.1), tmp_path)
    with (done.folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [0, 1]
    for name, values in done.result.history.items():
        assert [float(row[name]) for row in rows] == pytest.approx(values)

    done = run(RunConfig(**SMALL, log="jsonl", tensorboard=True), tmp_path)
    lines = (done.folder / "history.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["loss"] for row in rows] == pytest.approx(done.result.history["loss"])
    assert not (done.folder / "history.csv").exists()
    assert list((done.folder / "tensorboard" / "train").glob("events.*"))


@pytest.mark.parametrize("name", ["history.csv", "history.jsonl"])
def test_a_file_that_cannot_be_written_costs_its_row_alone(name, tmp_path):
    log = EpochLog(tmp_path / "gone" / name)
    with pytest.warns(UserWarning, match="row of epoch 0 could not be written"):
        log.on_epoch_end(0, {"loss": 1.0})
    (tmp_path / "gone").mkdir()
    log.on_epoch_end(1, {"loss": 0.5})
    assert "0.5" in (tmp_path / "gone" / name).read_text()


def test_the_file_is_there_from_the_first(tmp_path):
    log = EpochLog(tmp_path / "history.csv")
    log.on_train_begin()
    assert (tmp_path / "history.csv").read_text() == ""
    log.on_epoch_end(0, {"loss": 1.5})
    log.on_epoch_end(1, {"loss": 0.5})
    assert (tmp_path / "history.csv").read_text() == "epoch,loss\n0,1.5\n1,0.5\n"
