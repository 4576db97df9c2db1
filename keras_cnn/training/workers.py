"""The processes of a multi-worker strategy: who leads, what all agree on, who is lost.

Nothing here is about the arithmetic of a step, which is in distribution.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .errors import WorkerLostError

# The longest name of a file on common systems.
_NAME_BYTES = 255


def has_workers(strategy: Any) -> bool:
    """Returns whether the replicas are processes that could die one by one."""
    resolver = getattr(strategy, "cluster_resolver", None)
    return resolver is not None and bool(resolver.cluster_spec().as_dict())


def is_chief(strategy: Any) -> bool:
    """Returns whether this process is the one that writes."""
    if not has_workers(strategy):
        return True
    resolver = strategy.cluster_resolver
    chief = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return bool(resolver.task_type == chief and resolver.task_id == 0)


def broadcast_from_chief(strategy: Any, number: int) -> int:
    """Returns the chief's number on every worker."""
    return int(_broadcast(strategy, [number])[0])


def broadcast_name_from_chief(strategy: Any, name: str) -> str:
    """Returns the chief's name on every worker.

    Args:
        strategy: None for one process, whose own name it is.
        name: At most 255 bytes, as a file's name.
    """
    if not has_workers(strategy):
        return name
    content = name.encode()
    numbers = _broadcast(strategy, [*content, *[0] * (_NAME_BYTES - len(content))])
    return bytes(numbers).rstrip(b"\0").decode()


def _broadcast(strategy: Any, numbers: list[int]) -> list[int]:
    import tensorflow as tf

    def of_first() -> Any:
        own = tf.constant(numbers, tf.int64)
        context = tf.distribute.get_replica_context()
        mine = own if replica() == 0 else tf.zeros_like(own)
        return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

    found = tf.function(lambda: strategy.run(of_first), autograph=False)()
    first: list[int] = strategy.experimental_local_results(found)[0].numpy().tolist()
    return first


@contextmanager
def lost_workers_named(strategy: Any) -> Iterator[None]:
    """Turns what TensorFlow raises when a worker is gone into an error that says so.

    Raises:
        WorkerLostError: On the workers that are left, some seconds after one is gone.
    """
    import tensorflow as tf

    if not has_workers(strategy):
        yield
        return
    try:
        yield
    except (
        tf.errors.AbortedError,
        tf.errors.DeadlineExceededError,
        tf.errors.InternalError,
        tf.errors.UnavailableError,
    ) as error:
        reason = str(error).partition("} ")[2].splitlines()
        raise WorkerLostError(
            "All workers must stay up: one is gone or cannot be reached, so training "
            "stops here; start them all again, with `resume` if there are checkpoints. "
            f"TensorFlow says: {reason[0] if reason else error}"
        ) from error


def replica() -> int:
    """Returns the number of this replica, within `strategy.run`."""
    import tensorflow as tf

    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    return int(tf.get_static_value(replica))
