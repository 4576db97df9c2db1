"""How much a request may bring, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .._checks import check_count, check_positive


@dataclass(frozen=True)
class Limits:
    """What is refused.

    Attributes:
        body_bytes: The largest body of a request, unpacked. Defaults to 8 MiB.
        chunks: The most chunks that a body may come in. Defaults to 10,000.
        numbers: The most numbers in a request and its answer together: pixels times
            channels of each image, and its scores. Defaults to 2,097,152, which is
            2,600 of MNIST's images.
        pixels: The largest image, by its header, before it is decoded. A progressive
            JPEG counts once for every four of its scans. Defaults to 25,000,000.
        seconds: The longest time from a request's headers to the end of its answer.
            Defaults to 30.
        head_seconds: The longest time in which a connection must send a request's
            headers. Defaults to 10.
        threads: How many requests are computed at the same time. Defaults to 2.
        waiting: How many more may wait for their turn. Defaults to 256.
        connections: How many connections are open at the same time; then the one that
            has kept the server waiting longest is closed. Defaults to 512.
        held_bytes: Bodies and answers in memory at the same time; then the request
            that holds most is dropped. Defaults to 128 MiB.

    Raises:
        InputError: Unless all are above 0, and all but the seconds whole numbers.

    Example:
        >>> Limits(body_bytes=100_000, seconds=5).threads
        2
    """

    body_bytes: int = 8 * 2**20
    chunks: int = 10_000
    numbers: int = 2**21
    pixels: int = 25_000_000
    seconds: float = 30.0
    head_seconds: float = 10.0
    threads: int = 2
    waiting: int = 256
    connections: int = 512
    held_bytes: int = 128 * 2**20

    def __post_init__(self) -> None:
        """Checks each field."""
        for field in fields(self):
            check = check_positive if "seconds" in field.name else check_count
            check(field.name, getattr(self, field.name))
