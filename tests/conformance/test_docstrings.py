"""What a reader looks for in the docstring of a part is there, and is right."""

import ast
import inspect
import re

import pytest

from keras_cnn import activations, layers, losses

PUBLIC = [
    (f"{part.__name__}.{name}", getattr(part, name))
    for part in (activations, layers, losses)
    for name in part.__all__
]


def described(thing):
    """Returns what the section Args says of each argument, by its name."""
    doc = inspect.getdoc(thing)
    section = re.search(r"^Args:\n((?: +\S.*\n?)+)", doc, re.MULTILINE)
    entries = re.split(r"^    (?=\S)", section[1] if section else "", flags=re.M)
    pairs = (entry.partition(":") for entry in entries if entry)
    return {name: " ".join(text.split()) for name, _, text in pairs}


@pytest.mark.parametrize(
    "thing", [thing for _, thing in PUBLIC], ids=[path for path, _ in PUBLIC]
)
def test_arguments_are_described_with_their_defaults(thing):
    texts = described(thing)
    for name, parameter in inspect.signature(thing).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        assert texts.get(name), f"{name} is not described"
        if parameter.default is not parameter.empty:
            default = re.search(r"Defaults to `([^`]+)`", texts[name])
            assert default, f"{name}: {texts[name]}"
            assert ast.literal_eval(default[1]) == parameter.default, name


@pytest.mark.parametrize("name", [n for n in losses.__all__ if n[0].isupper()])
def test_first_line_of_a_loss_names_it(name):
    """As one would search for it: "binary cross-entropy", "log-cosh"."""
    line = inspect.getdoc(getattr(losses, name)).splitlines()[0]
    assert name.lower() in re.sub("[ -]", "", line).lower()
