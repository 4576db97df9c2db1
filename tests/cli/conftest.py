"""The command line in this process, which every test of it runs."""

import sys

import pytest

from keras_cnn.cli import main


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, which is the working one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def keras_cnn(monkeypatch, capsys):
    """Runs `keras-cnn` with some words; gives exit code, output and errors."""

    def keras_cnn(*words):
        monkeypatch.setattr(sys, "argv", ["keras-cnn", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        return stopped.value.code or 0, printed.out, printed.err

    return keras_cnn
