"""What the README and the docs show runs, and what they link to is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
AT_THE_ROOT = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
PAGES = [*AT_THE_ROOT, *sorted(ROOT.glob("docs/**/*.md"))]
CHINESE = sorted(ROOT.glob("docs/zh/*.md"))


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: f"{page.parent.name}-{page.name}"
)
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
    # How severe it is depends on the updates that this machine took in the budget.
    assert capsys.readouterr().out.split()[1] == "lr-too-low"


def test_code_on_serving_runs():
    (code,) = blocks(ROOT / "docs" / "serve.md", "python")
    names = {}
    exec(compile(code, "serve.md", "exec"), names)
    assert "/v1/{rest:path}" in [route.path for route in names["app"].routes]


def test_readme_commands_name_options_that_exist(monkeypatch):
    import typer

    from keras_cnn.cli.app import app

    command = typer.main.get_command(app)
    shown = [
        line.split("#")[0].split()[1:]
        for page in PAGES
        for block in blocks(page, "sh")
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


def pages_with_code_that_no_other_test_runs():
    own = {"training.md", "doctor.md", "serve.md"}
    pages = [page for page in ROOT.glob("docs/*.md") if page.name not in own]
    return sorted(page for page in pages if blocks(page, "python"))


@pytest.mark.parametrize(
    "page", pages_with_code_that_no_other_test_runs(), ids=lambda page: page.name
)
def test_code_of_every_other_page_runs(page, tmp_path, monkeypatch):
    if ".onnx" in page.read_text():
        pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "saved_models").symlink_to(ROOT / "saved_models")
    names = {}
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), names)


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.name)
def test_a_chinese_page_shows_the_same_code(page):
    """Word for word, so that the English page's tests hold for it, too."""
    original = {"README.md": ROOT / "README.md"}.get(
        page.name, ROOT / "docs" / page.name
    )
    fenced = re.compile(r"```.*?```", re.DOTALL)
    assert fenced.findall(page.read_text()) == fenced.findall(original.read_text())


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` does: any warning is an error."""
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_site_has_every_part_with_its_curve(site):
    from keras_cnn import activations, layers, losses
    from keras_cnn.reference.activations import ELEMENTWISE

    for part in (activations, layers, losses):
        page = (site / "parts" / part.__name__.split(".")[1] / "index.html").read_text()
        shown = part.__all__
        if part is losses:
            shown = ["deserialize", "get", *(n for n in shown if n[0].isupper())]
        for name in shown:
            assert f'<h2 id="{name.lower()}"' in page, name
    page = (site / "parts" / "activations" / "index.html").read_text()
    for name in ELEMENTWISE:
        assert f'src="../{name}.png"' in page
        assert (site / "parts" / f"{name}.png").read_bytes()[1:4] == b"PNG"


def test_site_loads_nothing_from_another_host(site):
    for page in site.rglob("*.html"):
        loaded = re.findall(
            r'<(?:script|img|link|iframe)[^>]*?(?:src|href)="([^"]+)"', page.read_text()
        )
        assert loaded and not [one for one in loaded if one.startswith(("http", "//"))]


def test_links_of_the_site_lead_somewhere(site):
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        for target in re.findall(r'(?:href|src)="([^"#:]+)[^":]*"', page.read_text()):
            there = page.parent / target
            assert there.is_file() or (there / "index.html").is_file(), (page, target)
