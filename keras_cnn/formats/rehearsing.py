"""The fresh process in which a file of a format is opened before it is opened here.

python -m keras_cnn.formats.rehearsing FORMAT PATH SECONDS BYTES
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._optional import optional
from ..saving.rehearsal import answer, limited, rehearse

if TYPE_CHECKING:
    from .format import Format


def use_once(format: Format, path: Path) -> Any:
    """Opens a file, and classifies one black image."""
    import numpy as np

    model = format.load(path, trust=True)
    return model.probabilities(np.zeros((1, *model.image_shape), np.float32))


def rehearse_format(format: Format, path: Path) -> None:
    """Raises unless a file of a format opens and classifies within limits.

    Raises:
        InputError: Says what it takes, or what is wrong with it.
    """
    _import_runtime(format)
    command = ["-m", "keras_cnn.formats.rehearsing", format.name, str(path.absolute())]
    rehearse(path, format.content(path), lambda: use_once(format, path), command)


def main(name: str, path: str, seconds: str, memory: str) -> int:
    """Does what the command line says, and returns the status to exit with."""
    from .table import FORMATS

    said = os.dup(1)
    os.dup2(2, 1)  # what a library prints is not the answer
    format = FORMATS[name]
    _import_runtime(format)
    limited(int(seconds), int(memory))
    return answer(lambda: use_once(format, Path(path)), lambda why: os.write(said, why))


def _import_runtime(format: Format) -> None:
    """Imports what runs a format: that takes time and memory, too."""
    for module in format.runtime or ("tensorflow",):
        optional(module, format.extra)


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
