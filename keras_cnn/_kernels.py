"""Whose kernels TensorFlow computes with on a CPU; importing this imports neither.

TensorFlow has two sets for a CPU: Eigen's and oneDNN's. It takes oneDNN's by itself
only where the processor has AVX-512 VNNI, AVX512-BF16 or AMX. On other x86 processors
they are as right and train 1.3 to 1.5 times as fast, but must be asked for before
TensorFlow is imported.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
_ZENTF = "TF_ENABLE_ZENDNN_OPTS"
_ZENTF_LIBRARY = "libamdcpu_plugin"


def is_x86() -> bool:
    """Returns whether this processor is of the kind that oneDNN was made for."""
    return platform.machine().lower() in ("x86_64", "amd64", "i386", "i686")


def ask_for_onednn() -> bool:
    """Asks for oneDNN's kernels where that may still be; returns whether it was done.

    It is not where TensorFlow is imported already, where the variable
    TF_ENABLE_ONEDNN_OPTS is set, and on other processors than x86.
    """
    if "tensorflow" in sys.modules or ONEDNN in os.environ or not is_x86():
        return False
    os.environ[ONEDNN] = "1"
    return True


def onednn_is_on() -> bool | None:
    """Returns whether TensorFlow computes with oneDNN; None where it can't be told.

    It can't before TensorFlow is imported, which settles the question.
    """
    if "tensorflow" not in sys.modules:
        return None
    try:
        from tensorflow.python.util import _pywrap_util_port
    except ImportError:
        return None
    return bool(_pywrap_util_port.IsMklEnabled())


def name_kernels() -> str | None:
    """Returns "oneDNN" or "Eigen"; None where it can't be told."""
    on = onednn_is_on()
    return None if on is None else "oneDNN" if on else "Eigen"


def zentf_is_on(maps: Path = Path("/proc/self/maps")) -> bool:
    """Returns whether AMD's plugin zentf computes in this process.

    TensorFlow loads it where it is installed; TF_ENABLE_ZENDNN_OPTS=1 turns it on.

    Args:
        maps: The file in which Linux lists the libraries of this process.
    """
    if os.environ.get(_ZENTF, "").lower() not in ("1", "true"):
        return False
    try:
        return _ZENTF_LIBRARY in maps.read_text()
    except OSError:  # not Linux, for which alone the plugin is made
        return False
