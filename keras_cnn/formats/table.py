"""The table of formats: what is listed here is exported, compared, loaded, and shown.

A new format is a file beside this one, and its line in the table.
"""

from __future__ import annotations

from .format import Format
from .keras_file import KerasFile
from .litert import LiteRT
from .onnx import Onnx
from .saved_model import SavedModel

FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        SavedModel(),
        LiteRT(),
        Onnx(),
        KerasFile(),
    )
}
