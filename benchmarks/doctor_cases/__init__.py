"""Labelled training programs after public questions and tutorials, in few lines each.

`CASES` has them by name. The builders and the labels are this project's; no data but
scikit-learn's digits is needed.
"""

from . import images, own, questions, sequences, tables, texts, tutorials  # noqa: F401
from .case import CASES, Built, Case

__all__ = ["CASES", "Built", "Case"]
