"""The queue: bounded, fair to clients, a part of each computation in turn."""

import asyncio
import threading

import pytest

from keras_cnn.serving.workers import LARGE, Busy, Workers


def in_parts(done, name, works):
    """A computation of as many parts, each of which notes its name."""
    for work in works:
        done.append(name)
        yield work
    done.append(name)
    return name


class Held:
    """A computation that holds its thread until it is let go."""

    def __init__(self):
        self.begun, self.go_on = threading.Event(), threading.Event()

    def parts(self):
        self.begun.set()
        self.go_on.wait()
        return "held"
        yield


async def start(workers, held):
    """Takes the only thread."""
    task = asyncio.create_task(workers.run(held.parts(), 1, "holder"))
    await asyncio.to_thread(held.begun.wait)
    return task


async def queued(workers, count):
    """Waits until so many wait; tasks that are made begin in turn."""
    while workers.waiting < count:
        await asyncio.sleep(0)


def run(test, waiting=10):
    async def main():
        workers, held = Workers(1, waiting), Held()
        task = await start(workers, held)
        try:
            await test(workers, held)
        finally:
            held.go_on.set()
            await task
            workers.close()

    asyncio.run(main())


def test_small_computation_overtakes_the_rest_of_a_large_one():
    done = []

    async def test(workers, held):
        large = workers.run(in_parts(done, "large", [10] * 5), 10, "a")
        small = workers.run(in_parts(done, "small", []), 1, "b")
        both = asyncio.gather(large, small)
        await queued(workers, 2)
        held.go_on.set()
        assert await both == ["large", "small"]

    run(test)
    assert done.index("small") <= 1
    assert done.count("large") == 6


def test_client_with_many_requests_does_not_starve_one_with_one():
    done = []

    async def test(workers, held):
        many = [workers.run(in_parts(done, n, []), 1, "flood") for n in range(50)]
        flood = asyncio.gather(*many)
        await queued(workers, 50)
        one = asyncio.create_task(workers.run(in_parts(done, "one", []), 1, "other"))
        await queued(workers, 51)
        held.go_on.set()
        await one
        await flood

    run(test, waiting=100)
    assert done.index("one") <= 1
    assert [n for n in done if n != "one"] == list(range(50))  # in their own order


def test_queue_that_is_full_sends_the_last_of_the_largest_client_away():
    async def test(workers, held):
        many = [workers.run(in_parts([], n, []), 1, "flood") for n in range(3)]
        flood = asyncio.gather(*many, return_exceptions=True)
        await queued(workers, 3)
        assert workers.is_full
        one = asyncio.create_task(workers.run(in_parts([], "one", []), 1, "other"))
        await asyncio.sleep(0)
        held.go_on.set()
        assert await one == "one"
        *first, last = await flood
        assert first == [0, 1]
        assert isinstance(last, Busy)

    run(test, waiting=3)


def test_computation_whose_caller_goes_does_not_run():
    done = []

    async def test(workers, held):
        task = asyncio.create_task(workers.run(in_parts(done, "x", []), 1, "a"))
        await queued(workers, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert workers.waiting == 0
        held.go_on.set()

    run(test)
    assert done == []


def test_nothing_is_kept_of_clients_that_have_gone():
    async def main():
        workers = Workers(2, 10)
        for n in range(100):
            await workers.run(in_parts([], n, [1, 1]), 1, str(n))
        workers.close()
        return workers

    assert asyncio.run(main())._last == {}


def test_error_in_a_part_is_the_callers():
    def broken():
        yield 1
        raise ValueError("of a part")

    async def main():
        workers = Workers(1, 1)
        with pytest.raises(ValueError, match="of a part"):
            await workers.run(broken(), 1)
        assert await workers.run(in_parts([], "next", []), 1) == "next"
        workers.close()

    asyncio.run(main())


def test_large_parts_leave_a_thread_to_others():
    first, second = Held(), Held()

    async def main():
        workers = Workers(2, 10)
        both = [
            asyncio.create_task(workers.run(held.parts(), LARGE, "a"))
            for held in (first, second)
        ]
        await asyncio.to_thread(first.begun.wait)
        assert await workers.run(in_parts([], "small", [1, 1]), 1, "b") == "small"
        assert not second.begun.is_set()
        first.go_on.set()
        await asyncio.to_thread(second.begun.wait)
        second.go_on.set()
        assert await asyncio.gather(*both) == ["held", "held"]
        workers.close()

    asyncio.run(main())


def test_computation_that_goes_on_takes_no_place_from_another():
    """Its next part waits, but its thread is free."""
    done = []

    async def main():
        workers = Workers(1, 1)
        for _ in range(50):
            both = (
                workers.run(in_parts(done, 1, [1] * 20), 1),
                workers.run(in_parts(done, 2, [1] * 20), 1),
            )
            assert await asyncio.gather(*both) == [1, 2]
        workers.close()

    asyncio.run(main())
