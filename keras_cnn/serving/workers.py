"""Threads beside the event loop, and a fair queue before them that does not grow."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")

# A computation in parts: what it yields before each part but the first is how much
# work that part is, in numbers to be computed with; what it returns is the result.
Parts = Generator[float, None, Result]


class Busy(Exception):
    """As much work as may wait is waiting already."""


@dataclass(eq=False)
class _Job:
    client: str
    number: int
    parts: Parts[Any]
    result: asyncio.Future[Any]
    finish: float = 0.0  # the virtual time at which its next part would end

    def __lt__(self, other: _Job) -> bool:
        return (self.finish, self.number) < (other.finish, other.number)


class Workers:
    """Runs computations in a few threads, a part of each in turn.

    Parts are served in the order of the virtual times at which they would end if all
    clients were served side by side at the same speed (self-clocked fair queueing): a
    client with little work overtakes one with much, whether that is one large
    computation or many small ones.

    Args:
        threads: How many parts run at the same time.
        waiting: How many more computations may wait.

    Reference: [Golestani, 1994](https://doi.org/10.1109/INFCOM.1994.337677)
    """

    def __init__(self, threads: int, waiting: int) -> None:
        """Starts no thread yet."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="serving")
        self._limit = waiting
        self._numbers = itertools.count()
        self._queue: list[_Job] = []
        self._lock = threading.Lock()
        self._time = 0.0  # the virtual time at which the last part begun would end
        self._last: dict[str, float] = {}  # the same of each client's last one queued
        self._free = threads

    @property
    def waiting(self) -> int:
        """How many computations wait for their turn."""
        return len(self._queue)

    @property
    def is_full(self) -> bool:
        """Whether the next computation can wait only in the place of another."""
        return len(self._queue) >= self._limit + self._free

    def close(self) -> None:
        """Ends the threads when they have done what they are at."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def run(self, parts: Parts[Result], work: float, client: str = "") -> Result:
        """Returns what a computation returns, or raises what it raises.

        Where the caller gives up waiting, the parts that have not begun never run.

        Args:
            parts: The computation.
            work: How much work its first part is.
            client: For whom it is. Defaults to "".

        Raises:
            Busy: If too many wait, and this one is the last of them, or becomes the
                last while it waits.
        """
        result = asyncio.get_running_loop().create_future()
        with self._lock:
            job = _Job(client, next(self._numbers), parts, result)
            self._push(job, work)
            shed = self._shed()
        if shed:
            _settle(shed.result, error=Busy())
            shed.parts.close()
        else:
            self._pool.submit(self._serve)
        try:
            return await result  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            self._drop(job)
            raise

    def _push(self, job: _Job, work: float) -> None:
        start = max(self._time, self._last.get(job.client, 0.0))
        job.finish = self._last[job.client] = start + work
        heapq.heappush(self._queue, job)

    def _remove(self, job: _Job) -> None:
        self._queue.remove(job)
        heapq.heapify(self._queue)
        self._forget(job.client)

    def _forget(self, client: str) -> None:
        """Keeps nothing of a client of whom nothing waits."""
        if not any(job.client == client for job in self._queue):
            self._last.pop(client, None)

    def _shed(self) -> _Job | None:
        """Takes the last one out of a queue that is too long."""
        # Those beyond the limit are about to be taken by threads that are free.
        if len(self._queue) <= self._limit + self._free:
            return None
        last = max(self._queue)
        self._remove(last)
        return last

    def _drop(self, job: _Job) -> None:
        """Takes a job out of the queue, if it still waits there."""
        with self._lock:
            if job not in self._queue:
                return
            self._remove(job)
        job.parts.close()

    def _serve(self) -> None:
        """Runs a part of the computation whose turn it is."""
        with self._lock:
            if not self._queue:  # the one to be served has gone
                return
            job = heapq.heappop(self._queue)
            self._time = max(self._time, job.finish)
            self._forget(job.client)
            self._free -= 1
        loop = job.result.get_loop()
        try:
            work = next(job.parts)
        except StopIteration as end:
            loop.call_soon_threadsafe(_settle, job.result, end.value)
        except BaseException as error:
            loop.call_soon_threadsafe(_settle, job.result, None, error)
        else:
            self._wait_again(job, work)
        finally:
            with self._lock:
                self._free += 1

    def _wait_again(self, job: _Job, work: float) -> None:
        if job.result.done():  # the caller has gone
            job.parts.close()
            return
        with self._lock:
            self._push(job, work)
        self._pool.submit(self._serve)


def _settle(
    future: asyncio.Future[Any], value: Any = None, error: BaseException | None = None
) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
