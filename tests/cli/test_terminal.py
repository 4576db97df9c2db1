"""What a file says of itself is printed as text, and steers no terminal."""

import io
import json
import sys
import warnings

import numpy as np
import pytest
from PIL import Image
from rich.progress import Progress
from rich.table import Table

from keras_cnn.cli import console, main
from keras_cnn.cli.console import SafeConsole

# It clears the screen, sets the window's title, turns the writing around.
EVIL = "cat\x1b[2J\x1b]0;owned\x1b\\\x9b31m\u202egnp\ud800"
SPELLED = r"cat\x1b[2J\x1b]0;owned\x1b\\x9b31m\u202egnp\ud800"


def recording():
    file = io.StringIO()
    options = {"force_terminal": True, "width": 200, "soft_wrap": True}
    safe = SafeConsole(file=file, highlight=False, markup=False, **options)
    return safe, file


def test_nothing_that_is_printed_steers_the_terminal():
    safe, file = recording()
    safe.print(EVIL)
    table = Table("name")
    table.add_row(EVIL)
    safe.print(table)
    written = file.getvalue()
    assert written.startswith(SPELLED + "\n")
    assert not set(written) & set("\x9b\u202e\ud800") and "\x1b[2J" not in written


def test_a_progress_bar_still_steers_it():
    safe, file = recording()
    with Progress(console=safe) as progress:
        progress.add_task(EVIL, total=2)
    assert "\x1b[?25l" in file.getvalue()  # hides the cursor
    assert r"cat\x1b[2J" in file.getvalue() and "\x1b[2J" not in file.getvalue()


def test_a_message_is_one_line(monkeypatch):
    safe, file = recording()
    monkeypatch.setattr(console, "err", safe)
    console.print_error("It is damaged.\nNote: all is well")
    with warnings.catch_warnings(), console.warnings_in_one_line():
        warnings.simplefilter("default")
        warnings.warn(f"no file {EVIL}\nelse", stacklevel=1)
    error, warning = file.getvalue().splitlines()
    assert r"It is damaged.\nNote: all is well" in error
    assert rf"no file {SPELLED}\nelse" in warning and "\x1b[2J" not in warning


def test_predict_prints_a_strangers_class_names_as_text(
    exported, tmp_path, monkeypatch, capsys
):
    names = [f"a\n{EVIL[:-1]}", "b\x1b[2J", "c\x1b[2J"]
    (tmp_path / "manifest.json").write_text(json.dumps({"class_names": names}))
    (tmp_path / "model.keras").write_bytes((exported / "model.keras").read_bytes())
    Image.fromarray(np.eye(20, dtype=np.uint8) * 255).save(tmp_path / "a.png")
    words = ["predict", str(tmp_path / "model.keras"), str(tmp_path / "a.png")]
    monkeypatch.setattr(sys, "argv", ["keras-cnn", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    printed = capsys.readouterr()
    assert not stopped.value.code and printed.out.count("\n") == 1
    assert "\x1b" not in printed.out + printed.err
