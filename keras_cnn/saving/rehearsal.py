"""A file is opened in a process with limits, before it is opened in this one.

What a file's own figures do not bound (loops, sizes that are computed on the way, a
native parser that a damaged file leads astray) then ends that process and not this one.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .._checks import InputError, first_line
from .._files import shown

# A small file may take this long and this much; every 16 MiB of a larger one take a
# second more, and three times its size.
SECONDS = 8
BYTES = 2**29
_SECOND_OF = 2**24
_TIMES = 3
# A thread's stack and what the allocator keeps for it; runtimes start a few a core.
_CORE = 2**25

# Time is the processor's, which a busy machine does not shorten; so many times as long
# by the clock is the end in any case.
_WAIT = 4
_IMPORT = 60

_REFUSED = 3
_TOO_LONG = -1000
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000

# The sums of files that this process has written, or has rehearsed before.
_known: set[str] = set()


def remember(files: Sequence[Path]) -> None:
    """Notes files that this process has made: they are opened without a rehearsal."""
    _known.add(_sum(files))


def rehearse(
    path: Path,
    files: Sequence[Path],
    open_it: Callable[[], Any],
    command: Sequence[str] | None,
) -> None:
    """Raises unless a file can be opened within limits of time and memory.

    Args:
        path: What is opened.
        files: The files that it consists of.
        open_it: Opens it, and uses it once. It is called in a copy of this process,
            where that is safe: on Linux, before a runtime has started its threads.
        command: The arguments of a fresh Python that does the same, where it is not;
            None to do without.

    Raises:
        InputError: As `open_it` does, or that it took too much.
    """
    key = _sum(files)
    if key in _known:
        return
    size = sum(file.stat().st_size for file in files)
    seconds = SECONDS + size // _SECOND_OF
    memory = BYTES + _TIMES * size + _CORE * (os.cpu_count() or 1)
    if _can_fork():
        status, said = _forked(open_it, seconds, memory)
    elif command is not None:
        status, said = _spawned([*command, str(seconds), str(memory)], seconds)
    else:
        return
    if status == 0:
        _known.add(key)
        return
    if status == _REFUSED:
        raise InputError(said)
    reason = said or "it ends the process that opens it"
    if status in _late():
        reason = f"it takes longer than {seconds} seconds"
    elif status == -signal.SIGABRT or "alloc" in said.lower() or "memory" in said:
        reason = f"it takes more than {memory / 2**20:,.0f} MiB of memory"
    elif status < 0:
        reason = (
            f"it ends the process that opens it with {signal.Signals(-status).name}"
        )
    raise InputError(
        "A model file must open, and classify one image, within limits of time and "
        f"memory. Received: {shown(path)!r} ({reason})."
    )


def limited(seconds: int, memory: int) -> None:
    """Limits this process from now on; what the system does not know is left out.

    It is ended after so many seconds, may take so many bytes more than it has, write no
    file, and open no connection to another machine.
    """
    with suppress(AttributeError):  # Windows has no alarm
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_WAIT * seconds)
    with suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(used.ru_utime + used.ru_stime) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, spent + seconds + 5))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        most = _data() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with suppress(AttributeError, OSError, TypeError):
        unshare = ctypes.CDLL(None).unshare
        if unshare(_NEW_NETWORK):
            unshare(_NEW_USER | _NEW_NETWORK)


def _late() -> set[int]:
    """Returns the statuses of a process that took too long."""
    ends = (getattr(signal, name, None) for name in ("SIGALRM", "SIGXCPU"))
    return {_TOO_LONG, *(-end for end in ends if end is not None)}


def answer(open_it: Callable[[], Any], write: Callable[[bytes], Any]) -> int:
    """Opens a file and returns the status to exit with, having written why."""
    try:
        open_it()
    except InputError as error:
        write(str(error).encode("utf-8", "backslashreplace"))
        return _REFUSED
    except BaseException as error:
        write(f"{type(error).__name__}: {first_line(error)}"[:300].encode())
        return 1
    return 0


def _sum(files: Sequence[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            total.update(hashlib.file_digest(opened, "sha256").digest())
    return total.hexdigest()


def _can_fork() -> bool:
    """Whether a copy of this process can go on: no other thread may hold a lock."""
    if not sys.platform.startswith("linux") or threading.active_count() > 1:
        return False
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is None:
        return True
    # There is no public way to ask whether TensorFlow has started.
    return not getattr(context.context(), "_initialized", True)


def _forked(open_it: Callable[[], Any], seconds: int, memory: int) -> tuple[int, str]:
    sys.stdout.flush()
    sys.stderr.flush()
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of threads of native libraries, which wait for work.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(nowhere, number)
            limited(seconds, memory)
            _without_gpu()
            status = answer(open_it, lambda said: os.write(writer, said))
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read(2**16)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, said.decode("utf-8", "replace")


def _spawned(command: Sequence[str], seconds: int) -> tuple[int, str]:
    package = Path(__file__).parents[2]
    search = os.pathsep.join([str(package), *(one for one in sys.path if one)])
    try:
        done = subprocess.run(
            [sys.executable, "-P", *command],
            env=os.environ | {"PYTHONPATH": search, "CUDA_VISIBLE_DEVICES": "-1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_IMPORT + _WAIT * seconds,
        )
    except subprocess.TimeoutExpired:
        return _TOO_LONG, ""
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def _without_gpu() -> None:
    """Keeps TensorFlow from a GPU, which a copy of a process cannot use."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        with suppress(Exception):
            tensorflow.config.set_visible_devices([], "GPU")


def _data() -> int:
    """Returns the bytes of memory that the limit counts."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0
