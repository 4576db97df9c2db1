"""Where the command line prints: results to standard output, the rest to error."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from .._checks import one_line, printable
from .._kernels import ask_for_onednn


class SafeConsole(Console):
    """A console on which only the program steers the terminal, not what it prints.

    Paths and names from files may hold escape sequences: they are spelled out.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Yields the segments of whatever is printed, with its text made printable."""
        for segment in super().render(renderable, options):
            if segment.control:  # of a progress bar, the program's own
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)


# Paths and class names are never highlighted or read as markup.
out = SafeConsole(highlight=False, markup=False, soft_wrap=True)
err = SafeConsole(stderr=True, highlight=False, markup=False, soft_wrap=True)


def print_error(message: str) -> None:
    """Prints one line about what went wrong."""
    err.print(Text("Error: ", "bold red") + Text(one_line(message)))


def print_note(message: str) -> None:
    """Prints one line of what was decided."""
    err.print(Text("Note: ", "bold") + Text(one_line(message)))


def print_warning(message: str) -> None:
    """Prints one line that no one should miss."""
    err.print(Text("Warning: ", "bold yellow") + Text(one_line(message)))


@contextmanager
def warnings_in_one_line() -> Iterator[None]:
    """Prints Python's warnings as `print_warning` does: they quote names from files."""

    def show(message: Warning | str, *where: object, **more: object) -> None:
        print_warning(str(message).strip())

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def start_tensorflow(*, training: Literal["split", "whole"] | None = None) -> None:
    """Imports TensorFlow and Keras, without the page of notices that they begin with.

    The notices (of oneDNN, of CUDA libraries that a machine without a GPU lacks) come
    from C++ before any setting can stop them; they are shown after all if the start
    fails. Later ones are of no use either: what fails raises an exception, and what
    C++ calls an error beside that (a graph optimization given up) changes no result.
    This process is the command's own, so it may choose the backend.

    Args:
        training: For a command that trains, which asks for oneDNN's kernels: "split"
            where batches are split over the cores, so that each operation is given one
            thread where there is no GPU; "whole" where they are not.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("absl").setLevel(logging.ERROR)
    if training is not None:
        ask_for_onednn()
    with _standard_error_held_back():
        import keras  # noqa: F401
        import tensorflow as tf

        has_gpu = bool(tf.config.list_physical_devices("GPU"))
    if training == "split" and not has_gpu:
        from ..training import configure_cpu

        # Where a program has called `main`, TensorFlow may run already: as it is, then.
        with suppress(RuntimeError):
            configure_cpu()
    tf.get_logger().setLevel(logging.ERROR)


@contextmanager
def _standard_error_held_back() -> Iterator[None]:
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as notices:
        os.dup2(notices.fileno(), 2)
        try:
            yield
        except BaseException:
            notices.seek(0)
            os.write(kept, notices.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
