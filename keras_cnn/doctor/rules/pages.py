"""The rules as Markdown: a table of all, and a page for each."""

from __future__ import annotations

from ..thresholds import CERTAIN, GUESS, LIKELY, POSSIBLE, STRONG
from .rule import RULES, Group, Rule

# How sure a rule is, which is said with each finding.
_LEVELS = (CERTAIN, STRONG, LIKELY, POSSIBLE, GUESS)

# What the groups are called, in the order of the table.
_TITLES: dict[Group, str] = {
    "data": "inputs and targets",
    "outputs": "output and loss",
    "layers": "hidden layers and weights",
    "arguments": "plan and optimizer",
    "trained": "a first training",
    "samples": "labels and other samples",
    "training": "symptom: loss and predictions",
    "units": "symptom: layers",
}


def table(folder: str) -> str:
    """Returns a table of all rules, each with a link to its page in a folder."""
    lines = ["| code | what is wrong | seen in |", "| --- | --- | --- |"]
    for group, title in _TITLES.items():
        for code in sorted(RULES):
            entry = RULES[code]
            if entry.group == group:
                note = " (a note)" if entry.severity == "note" else ""
                link = f"[`{code}`]({folder}/{code}.md)"
                lines.append(f"| {link} | {entry.meaning} | {title}{note} |")
    return "\n".join(lines) + "\n"


def page(entry: Rule) -> str:
    """Returns the page of one rule."""
    parts = [
        f"# {entry.code}",
        entry.meaning,
        f"Seen in: {_TITLES[entry.group]}. Severity, where it does harm: "
        f"{entry.severity}.",
        "## How it looks",
        entry.looks,
        "## Why it harms",
        entry.harms,
        "## What to change",
        f"```python\n{entry.change}\n```",
    ]
    numbers = [one for one in entry.thresholds if one not in _LEVELS]
    if numbers:
        parts += ["## Decided by", "\n".join(f"- {one}" for one in numbers)]
    if entry.claim:
        name = entry.claim.replace("-", " ")
        shown = f"See it happen: [{name}](../claims.md#{entry.claim})."
        parts += ["## An experiment", shown]
    if entry.sources:
        parts += ["## Read on", entry.sources]
    return "\n\n".join(parts) + "\n"
