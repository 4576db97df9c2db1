"""What the README and the docs show runs, and what they link to is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page):
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_readme_code_runs(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "saved_models").symlink_to(ROOT / "saved_models")
    code = blocks(ROOT / "README.md", "python")
    assert len(code) == 5
    for block in code:
        exec(compile(block, "README.md", "exec"), {})


def test_code_on_training_runs(tmp_path):
    """In a process of its own, since it sets the threads of the process."""
    code = "\n".join(blocks(ROOT / "docs" / "training.md", "python"))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "shards" in done.stdout


def test_the_doctors_page_shows_code_that_finds_its_fault(capsys):
    (code,) = blocks(ROOT / "docs" / "doctor.md", "python")
    exec(compile(code, "doctor.md", "exec"), {})
    assert capsys.readouterr().out.startswith("error lr-too-low")


def test_code_on_serving_runs():
    (code,) = blocks(ROOT / "docs" / "serve.md", "python")
    names = {}
    exec(compile(code, "serve.md", "exec"), names)
    assert names["app"].title == "keras_cnn"


def test_readme_commands_name_options_that_exist(monkeypatch):
    import typer

    from keras_cnn.cli.app import app

    command = typer.main.get_command(app)
    shown = [
        line.split("#")[0].split()[1:]
        for block in blocks(ROOT / "README.md", "sh")
        for line in block.splitlines()
        if line.startswith("keras-cnn")
    ]
    assert len(shown) >= 10
    for words in shown:
        group, arguments = command, words
        while arguments and arguments[0] in getattr(group, "commands", {}):
            group, arguments = group.commands[arguments[0]], arguments[1:]
        known = {option for parameter in group.params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= known, words
