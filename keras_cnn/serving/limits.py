"""How much a request may bring, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass

from .._checks import check_count, check_positive


@dataclass(frozen=True)
class Limits:
    """What is refused.

    Attributes:
        body_bytes: The most bytes of a request's body.
        pixels: The most pixels of an image; its header is read before it is decoded.
        seconds: The longest time from a request's headers to its answer.
        threads: How many requests are computed at the same time.
        waiting: How many more may wait for their turn.
    """

    body_bytes: int = 8 * 2**20
    pixels: int = 25_000_000
    seconds: float = 30.0
    threads: int = 2
    waiting: int = 256

    def __post_init__(self) -> None:
        """Raises InputError unless all are above 0."""
        for name in ("body_bytes", "pixels", "threads", "waiting"):
            check_count(name, getattr(self, name))
        check_positive("seconds", self.seconds)
