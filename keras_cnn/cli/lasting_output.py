"""Output that outlasts its reader: a pipe that closes, or a terminal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class LastingStream:
    """A stream that is written to nowhere once it cannot be written to any more."""

    def __init__(self, stream: Any) -> None:
        """Takes the stream, such as `sys.stdout`."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes, or does nothing where nobody reads."""
        try:
            return int(self._stream.write(text))
        except OSError:
            self._give_up()
            return len(text)

    def flush(self) -> None:
        """Flushes, or does nothing where nobody reads."""
        try:
            self._stream.flush()
        except OSError:
            self._give_up()

    def __getattr__(self, name: str) -> Any:
        """Is the stream in everything else."""
        return getattr(self._stream, name)

    def _give_up(self) -> None:
        # What is still in its buffer must go somewhere, or Python fails at its end.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextmanager
def lasting_output() -> Iterator[None]:
    """Lets work go on when whoever reads its output leaves, as `| head` does.

    A terminal that is closed sends SIGHUP, which ends a program unless it is ignored.
    """
    before = sys.stdout, sys.stderr
    streams: Any = LastingStream(sys.stdout), LastingStream(sys.stderr)
    sys.stdout, sys.stderr = streams
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    in_main = threading.current_thread() is threading.main_thread()
    former = signal.signal(hangup, signal.SIG_IGN) if hangup and in_main else None
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        if hangup and in_main:
            signal.signal(hangup, former or signal.SIG_DFL)
