"""What a result depends on besides its inputs: versions and the machine."""

import os
import platform
from importlib.metadata import version

from . import __version__
from ._kernels import name_kernels

_PACKAGES = ("keras", "tensorflow", "tensorflow-datasets", "numpy")


def versions() -> dict[str, str]:
    """Returns the versions of the packages that results depend on, and of Python."""
    return {
        "keras_cnn": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def machine() -> dict[str, str | int | None]:
    """Returns the system, the processor's kind, the cores, and TensorFlow's kernels.

    These are "oneDNN" or "Eigen"; None before TensorFlow is imported.
    """
    return {
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "kernels": name_kernels(),
    }
