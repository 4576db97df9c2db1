"""The table of rules: each sees what it should, alone, and is said in the docs."""

import importlib.util
import re
from pathlib import Path

import pytest

from keras_cnn.doctor import thresholds
from keras_cnn.doctor.rules import RULES
from tests.doctor.rule_table import SEEN_AND_UNSEEN

DOCS = Path(__file__).parents[2] / "docs"


def test_every_rule_has_programs_and_every_program_a_rule():
    assert SEEN_AND_UNSEEN.keys() == RULES.keys()


@pytest.mark.parametrize("code", SEEN_AND_UNSEEN)
def test_rule_sees_its_fault_and_nothing_where_it_is_not(code):
    seen, unseen = SEEN_AND_UNSEEN[code]
    assert code in seen()
    assert code not in unseen()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule_says_what_is_wrong_how_it_looks_why_it_harms_and_what_to_change(rule):
    assert rule.meaning.endswith(".") and rule.looks.endswith(".")
    assert rule.harms.endswith(".") and rule.change
    compile(rule.change, rule.code, "exec")


def test_docs_have_a_table_of_the_rules_and_a_page_for_each():
    """As `python docs/_site/doctor_pages.py` writes them."""
    spec = importlib.util.spec_from_file_location(
        "doctor_pages", DOCS / "_site" / "doctor_pages.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    expected = module.written()
    assert sorted(DOCS.glob("doctor/*.md")) == sorted(
        path for path in expected if path.parent.name == "doctor"
    )
    for path, content in expected.items():
        assert path.read_text() == content, path


def test_thresholds_have_a_reason_and_a_source_and_read_as_one_clause():
    numbers = [
        value
        for value in vars(thresholds).values()
        if isinstance(value, thresholds.Threshold)
    ]
    assert len(numbers) > 40
    for number in numbers:
        assert number.reason and number.source
        assert ": " not in number.source
        assert str(number).startswith(f"{number.value:g}, since {number.reason} (")


# Ends of ranges, and what only keeps a division from failing; a normal distribution's
# deviation over its median one; the numbers by which activations are told apart.
HARMLESS = {
    "0.0",
    "0.5",
    "1.0",
    "1e-9",
    "1e-12",
    "1e-300",
    "1e-6",
    "1e6",
    "1e9",
    "1.4826",
}
HARMLESS_IN = {"layers.py": {"2.0", "2.5", "3.5", "6.0", "7.0", "8.0"}}


def test_every_number_that_decides_is_a_threshold():
    package = Path(thresholds.__file__).parent
    for path in sorted(package.rglob("*.py")):
        if path.name in ("thresholds.py", "report.py"):
            continue
        code = re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL)
        code = re.sub(r'f?"[^"\n]*"|#.*', "", code)
        numbers = set(re.findall(r"(?<![\w.])(?:\d+\.\d+|\d+e-?\d+)", code))
        assert numbers <= HARMLESS | HARMLESS_IN.get(path.name, set()), path.name
