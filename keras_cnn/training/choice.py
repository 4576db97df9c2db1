"""What was chosen, and why."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Choice:
    """A setting that the trainer chose.

    Attributes:
        value: What was chosen.
        reason: Why.
    """

    value: str
    reason: str


def as_lines(choices: Any) -> str:
    """Returns a line for each choice of a dataclass that has nothing else."""
    names = [field.name.replace("_", " ") for field in fields(choices)]
    width = max(map(len, names))
    values = [getattr(choices, field.name) for field in fields(choices)]
    return "\n".join(
        f"{name:<{width}}  {choice.value} ({choice.reason})"
        for name, choice in zip(names, values, strict=True)
    )
