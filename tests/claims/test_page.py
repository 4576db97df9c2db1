"""The page of a run, and the page that is shipped."""

import re
from pathlib import Path

import pytest

from keras_cnn.claims import CLAIMS, Result
from keras_cnn.claims.page import write_page

from .made_up import CORRECTED, HOLDING, measurements

DOCS = Path(__file__).parents[2] / "docs"

# A row of the overview: number, claim, verdict, correction.
ROW = re.compile(r"^\| \[?(\d+)(?:\]\S+)? \| .+ \| ([^|]+) \| .* \|$", re.MULTILINE)

CHINESE = {
    "成立": "holds",
    "成立，但需更正": "holds with a correction",
    "不成立": "does not hold",
    "尚无定论": "undecided",
}


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "keras_cnn.claims.page.draw", lambda result, path: path.write_bytes(b"PNG")
    )
    results = []
    for claim in CLAIMS:
        made = measurements(HOLDING[claim.id] | CORRECTED.get(claim.id, {}))
        verdict = claim.verdict(made)
        results.append(Result(claim, claim.settings, made, verdict, seconds=1.0))
    write_page(results, tmp_path / "claims.md")
    return tmp_path / "claims.md"


def test_every_verdict_stands_in_the_overview(page):
    found = ROW.findall(page.read_text())
    assert [int(number) for number, _ in found] == [claim.id for claim in CLAIMS]
    for claim, (_, verdict) in zip(CLAIMS, found, strict=True):
        corrected = claim.id in CORRECTED
        assert verdict == ("holds with a correction" if corrected else "holds")


def test_every_link_and_picture_is_there(page):
    text = page.read_text()
    for target in re.findall(r"\]\(#([\w-]+)\)", text):
        assert f'<a id="{target}"></a>' in text
    pictures = re.findall(r"!\[.*\]\((\S+)\)", text)
    assert len(pictures) == len(CLAIMS)
    assert all((page.parent / picture).is_file() for picture in pictures)


def test_each_closing_question_is_shown_by_a_claim(page):
    _, _, rest = page.read_text().partition("## The article's closing questions")
    questions = re.findall(r"\*\*(.+\?)\*\* .+ \[Claim (\d+)\]", rest)
    assert [int(number) for _, number in questions] == [14, 5, 6, 7]


def test_bars_of_absolute_values_do_not_break_a_table(page):
    for line in page.read_text().splitlines():
        if line.startswith("| "):
            cells = re.split(r"(?<!\\)\|", line)
            assert len(cells) in (5, 6, 7), line
            assert "|x|" not in line


def test_the_shipped_page_is_of_a_full_run_of_every_claim():
    text = (DOCS / "claims.md").read_text()
    assert "\nA full run." in text
    found = ROW.findall(text)
    assert [int(number) for number, _ in found] == [claim.id for claim in CLAIMS]


def test_the_chinese_page_has_the_same_verdicts():
    english = ROW.findall((DOCS / "claims.md").read_text())
    chinese = ROW.findall((DOCS / "zh" / "claims.md").read_text())
    assert [(one, CHINESE[verdict]) for one, verdict in chinese] == english
