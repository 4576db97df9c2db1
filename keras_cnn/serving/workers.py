"""Threads beside the event loop, and a queue before them that does not grow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

Result = TypeVar("Result")


class Busy(Exception):
    """As many requests as may wait are waiting already."""


class Workers:
    """Runs functions in a few threads.

    Args:
        threads: How many run at the same time.
        waiting: How many more may wait.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        """Starts no thread yet."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="serving")
        self._places = BoundedSemaphore(threads + waiting)

    async def run(self, function: Callable[[], Result]) -> Result:
        """Returns what `function` returns, or raises what it raises.

        Where the caller gives up waiting, a function that has not begun never runs; one
        that has begun keeps its place until it ends.

        Raises:
            Busy: If too many wait already.
        """
        if not self._places.acquire(blocking=False):
            raise Busy
        future = self._pool.submit(function)
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)
