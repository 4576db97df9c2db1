import json
from functools import partial

import pytest

from keras_cnn.claims import CLAIMS


@pytest.fixture
def run(keras_cnn, here):
    return partial(keras_cnn, "claims")


def test_all_sixteen_are_listed(run):
    code, out, _ = run("list")
    assert code == 0 and [claim.id for claim in CLAIMS] == list(range(1, 17))
    assert all(claim.slug in out for claim in CLAIMS)


def test_a_run_leaves_records_a_page_and_a_table(run, tmp_path):
    words = ("13", "dense-layer", "--quick", "--markdown", "page.md")
    code, out, err = run("run", *words)
    assert code == 0 and "13 dense-layer: holds" in err
    (record,) = json.loads((tmp_path / "claims.json").read_text())["claims"]
    assert record["id"] == 13 and record["verdict"] == "holds"
    assert record["seeds"] >= 5
    low, high = record["interval"]
    assert 0 <= low <= record["effect"] <= high < 1e-12
    page = (tmp_path / "claims.html").read_text()
    assert "data:image/png;base64," in page and 'src="http' not in page
    assert (
        'alt="A fully connected layer' in page and '<strong class="good">holds' in page
    )
    assert "images/claims" in (tmp_path / "page.md").read_text()
    assert "claims.html" in out


def test_a_reader_may_push_on_a_claim(run, tmp_path):
    code, _, _ = run("run", "13", "--seeds", 6, "--set", "side=8")
    (record,) = json.loads((tmp_path / "claims.json").read_text())["claims"]
    assert code == 0 and record["seeds"] == 6


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ((), "Either claims must be named, or `--all` be given"),
        (("1", "--all"), "Either claims must be named, or `--all` be given"),
        (("17",), "A claim must be a number from 1 to 16"),
        (("1", "--seeds", "3"), "`seeds` must be"),
        (("1", "--set", "colour=red"), "`set` must name a setting"),
        (("1", "--set", "steps"), "`set` must be name=value"),
        (("1", "--set", "steps=many"), "`steps` must be a whole number"),
        (("1", "--markdown", "page.txt"), "`markdown` must be an .md file"),
    ],
)
def test_bad_input_exits_with_2_before_anything_runs(run, tmp_path, words, rule):
    code, _, err = run("run", *words)
    assert code == 2 and rule in " ".join(err.split()) and "Traceback" not in err
    assert not (tmp_path / "claims.json").exists()
