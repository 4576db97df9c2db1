"""What an export raises when it is not equal to its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .parity import Parity


class ParityError(Exception):
    """An exported file does not give what the Keras model gives.

    Nothing has been written where exports are kept.

    Attributes:
        parity: The whole comparison.
    """

    def __init__(self, message: str, parity: Parity) -> None:
        """Takes what differs, in words, and the comparison."""
        super().__init__(message)
        self.parity = parity
