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

# A part of so much work, such as an image of 4 megapixels, never takes the last thread.
LARGE = 4_000_000

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
    is_large: bool = False  # of its next part

    def __lt__(self, other: _Job) -> bool:
        return (self.finish, self.number) < (other.finish, other.number)


class Workers:
    """Runs computations in a few threads, a part of each in turn.

    Parts are served in the order of the virtual times at which they would end if all
    clients were served side by side at the same speed (self-clocked fair queueing): a
    client with little work overtakes one with much, whether that is one large
    computation or many small ones. Where there are several threads, one is always left
    by parts of at least `LARGE` to the others.

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
        self._large = max(1, threads - 1)  # how many more large parts may run

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
        job.is_large = work >= LARGE
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

    def _take(self) -> _Job | None:
        """Takes the job whose turn it is out of the queue, if one may run."""
        may_run = (job for job in self._queue if self._large or not job.is_large)
        job = min(may_run, default=None)
        if job:
            self._remove(job)
            self._time = max(self._time, job.finish)
            self._free -= 1
            self._large -= job.is_large
        return job

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
            job = self._take()
        if not job:  # the one to be served has gone, or waits for a large one to end
            return
        work, value, error = None, None, None
        try:
            work = next(job.parts)
        except StopIteration as end:
            value = end.value
        except BaseException as raised:
            error = raised
        # Its place is free before the caller hears of it and asks for the next.
        self._end(job, work)
        if work is None:
            loop = job.result.get_loop()
            loop.call_soon_threadsafe(_settle, job.result, value, error)

    def _end(self, job: _Job, work: float | None) -> None:
        """Frees a part's thread, and lets the next part wait, if there is one."""
        with self._lock:
            waited_for_it = job.is_large
            self._free += 1
            self._large += job.is_large
            goes_on = work is not None and not job.result.done()
            if goes_on:
                self._push(job, work or 0.0)
        if not goes_on:  # at its end, or the caller has gone
            job.parts.close()
        for _ in range(goes_on + waited_for_it):
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
