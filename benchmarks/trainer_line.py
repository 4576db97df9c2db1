"""The line between the benchmark and a contender: a process for each, a word a round.

Threads are fixed for a process, so each contender has its own. The parent writes `go`
for a round and reads one line of JSON when it is done; between rounds the contender
sleeps on its standard input, so that the others have the machine to themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_CHILD = Path(__file__).with_name("trainer_child.py")
# A contender that says nothing for so long is ended, and reported as failed.
_PATIENCE = 240
_ERROR_LINES = 12


class Finished(Exception):
    """No more rounds are wanted."""


class Failed(Exception):
    """The contender has crashed; its message is the end of what it wrote."""


class Skipped(Exception):
    """The contender cannot run here; its message says why."""


@dataclass(frozen=True)
class Contender:
    """What one process trains, and how.

    Attributes:
        name: Shown in the table, unique within its group.
        kind: "fit", "trainer", "torch" or "jax".
        model: A name of `trainer_models.MODELS`.
        batch: Samples a step.
        steps: Steps a round.
        rounds: Rounds that are timed; one more comes before them.
        options: What else its kind takes; see `trainer_child`.
    """

    name: str
    kind: str
    model: str = "article"
    batch: int = 32
    steps: int = 150
    rounds: int = 5
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def samples(self) -> int:
        """How many the whole run takes, each of them once."""
        return self.batch * self.steps * (self.rounds + 1)


class Line:
    """A contender's end."""

    def __init__(self) -> None:
        """Keeps standard output for itself: what libraries print goes to stderr."""
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self._start = self._cpu_start = 0.0

    def say(self, **message: Any) -> None:
        """Sends a message."""
        print(json.dumps(message), file=self._out, flush=True)

    def begin(self) -> None:
        """Waits for a round and starts the clock.

        Raises:
            Finished: If no more are wanted.
        """
        if sys.stdin.readline().strip() != "go":
            raise Finished
        self._start = time.perf_counter()
        self._cpu_start = time.process_time()

    def end(self) -> None:
        """Stops the clock and reports the round."""
        seconds = time.perf_counter() - self._start
        cpu_seconds = time.process_time() - self._cpu_start
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if sys.platform == "darwin":
            kilobytes //= 1024  # bytes there
        self.say(
            seconds=seconds,
            cpu_seconds=cpu_seconds,
            peak_memory_mb=round(kilobytes / 1024),
        )


def environment() -> dict[str, str]:
    """Returns what a process here is given: no GPU, and no chatter of TensorFlow's.

    Whether oneDNN is on is for each contender to say, not for who starts the benchmark.
    """
    return {
        **{k: v for k, v in os.environ.items() if k != "TF_ENABLE_ONEDNN_OPTS"},
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def variables(contender: Contender) -> dict[str, str]:
    """Returns what a contender's process is given besides: its kernels and backend."""
    options, found = contender.options, {}
    if "onednn" in options:
        found["TF_ENABLE_ONEDNN_OPTS"] = str(int(options["onednn"]))
    if "backend" in options:
        found["KERAS_BACKEND"] = options["backend"]
    return found


class Process:
    """The benchmark's end: starts a contender and asks it for rounds."""

    def __init__(self, contender: Contender, data: Path, python: str) -> None:
        """Starts the process; `ready` waits until it has compiled and warmed up.

        Args:
            contender: What it is to do.
            data: Folder with the images.
            python: The interpreter that runs it.
        """
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [python, str(_CHILD), json.dumps(asdict(contender)), str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment() | variables(contender),
        )

    def ready(self) -> dict[str, Any]:
        """Waits for the warm-up and returns what the contender says of itself."""
        return self._read()

    def round(self) -> dict[str, Any]:
        """Asks for one round; returns its seconds and the peak memory so far."""
        with contextlib.suppress(BrokenPipeError):  # reading says what it died of
            print("go", file=self._process.stdin, flush=True)
        return self._read()

    def close(self) -> None:
        """Ends the process."""
        try:
            self._process.communicate("stop\n", timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._errors.close()

    def _read(self) -> dict[str, Any]:
        alarm = threading.Timer(_PATIENCE, self._process.kill)
        alarm.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout else ""
        finally:
            alarm.cancel()
        if not line:
            status = self._process.wait()
            raise Failed(f"Ended with status {status}. {self._last_words()}".strip())
        message: dict[str, Any] = json.loads(line)
        if "skipped" in message:
            raise Skipped(message["skipped"])
        return message

    def _last_words(self) -> str:
        self._errors.seek(0)
        text = self._errors.read().decode(errors="replace")
        for path in (_CHILD.parents[1], sys.prefix):  # where it ran is nobody's matter
            text = text.replace(f"{path}{os.sep}", "")
        return "\n".join(text.strip().splitlines()[-_ERROR_LINES:])
