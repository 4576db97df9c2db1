"""What the doctor looks for: one table of rules, a file for each kind.

A new rule is a function with `@rule(...)` in the file of what it looks at.
"""

from . import (
    arguments,  # noqa: F401
    data,  # noqa: F401
    hidden_layers,  # noqa: F401
    limits,  # noqa: F401
    losses,  # noqa: F401
    outputs,  # noqa: F401
    samples,  # noqa: F401
    symptoms,  # noqa: F401
    targets,  # noqa: F401
    trained,  # noqa: F401
    weights,  # noqa: F401
)
from . import pages as pages
from .rule import RULES, STATIC, check_groups

__all__ = ["RULES", "STATIC", "check_groups", "pages"]
