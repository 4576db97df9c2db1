"""The model that a command names, loaded by no more than its runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..formats import Format
    from ..prediction import Predictor


def load_model(path: Path, *, trust: bool = False) -> Predictor:
    """Loads a model, and says which of several files was taken.

    TensorFlow is started, without its notices, where the file needs it.

    Raises:
        InputError: As `prediction.load`.
    """
    from ..prediction.load import load_fastest, model_files

    predictor = load_fastest(path, trust=trust, starting=_start)
    files = model_files(path)
    if len(files) > 1 and predictor.file is not None:
        from .console import print_note

        names = {file: format.name for file, format in files}
        why = "".join(f" Not {reason}" for reason in predictor.not_loaded)
        print_note(
            f"Loaded: {names[predictor.file]}, the fastest that can be, of "
            f"{', '.join(names.values())}.{why}"
        )
    return predictor


def _start(format: Format) -> None:
    if "tensorflow" not in format.without:
        from .console import start_tensorflow

        start_tensorflow()
